//! Workflow commands of GitHub Actions: each finding becomes an annotation at its line.

use super::{Finding, Place, Run};
use crate::compiler::diagnostic::Severity;

/// A command for each finding, a line each.
pub fn github(run: &Run) -> String {
    run.findings.iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let kind = match finding.severity {
        Severity::Info => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let Place { file, line, column, end_line, end_column, .. } = finding.place();
    // Columns count only within one line.
    let columns = if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
    let file = property(file);
    let name = finding.code.name;
    let text = data(&finding.text_and_help());
    format!("::{kind} title=wsgi-check {name},file={file},line={line},endLine={end_line}{columns}::{text}\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
