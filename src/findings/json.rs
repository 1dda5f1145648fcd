//! Findings for a program: one JSON array, an object for each finding.

use serde_json::{Value, json};

use super::{Change, Finding, Place, Run};

/// The array.
pub fn json(run: &Run) -> Value {
    run.findings.iter().map(finding).collect()
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.name,
        "severity": finding.severity.name(),
        "message": finding.message,
        "help": finding.help,
        "predicts": finding.code.predicts,
        "fingerprint": finding.fingerprint,
        "labels": finding.places.iter().map(place).collect::<Vec<_>>(),
        "repair": finding.change.as_ref().map(change),
    })
}

fn change(change: &Change) -> Value {
    json!({ "title": change.title, "edits": change.replacements.iter().map(place).collect::<Vec<_>>() })
}

fn place(place: &Place) -> Value {
    json!({
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "text": place.text,
    })
}
