//! Findings for a program: one JSON array, an object for each finding.

use serde_json::{Value, json};

use super::{Diagnostic, Label, Report};
use crate::compiler::source::{Sources, Span};

/// The findings as a JSON array.
pub fn json(report: &Report, sources: &Sources) -> Value {
    report.iter().map(|diagnostic| finding(diagnostic, sources)).collect()
}

fn finding(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "code": diagnostic.code.name,
        "severity": diagnostic.severity.name(),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "labels": diagnostic.labels.iter().map(|label| place(label, sources)).collect::<Vec<_>>(),
    })
}

fn place(label: &Label, sources: &Sources) -> Value {
    let (line, column) = sources.line_column(label.span);
    let after = Span { start: label.span.end, ..label.span };
    let (end_line, end_column) = sources.line_column(after);
    json!({
        "file": sources.get(label.span.source).path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "text": label.text,
    })
}
