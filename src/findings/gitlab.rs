//! GitLab's code quality report.

use serde_json::{Value, json};

use super::{Finding, Run};
use crate::compiler::diagnostic::Severity;

/// The array.
pub fn gitlab(run: &Run) -> Value {
    run.findings.iter().map(finding).collect()
}

fn finding(finding: &Finding) -> Value {
    let place = finding.place();
    json!({
        "description": finding.text(),
        "check_name": finding.code.name,
        "fingerprint": finding.fingerprint,
        "severity": match finding.severity {
            Severity::Info => "info",
            Severity::Warning => "minor",
            Severity::Error => "major",
        },
        "location": { "path": place.file, "lines": { "begin": place.line, "end": place.end_line } },
    })
}
