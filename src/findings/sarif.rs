//! SARIF 2.1.0, which code hosts and editors read: a rule for each kind of finding with its page, a result for each finding.

use serde_json::{Value, json};

use super::{Change, Finding, Place, Run};
use crate::compiler::diagnostic::{Code, Severity};
use crate::compiler::explain;

/// The document.
pub fn sarif(run: &Run) -> Value {
    let mut codes: Vec<&Code> = run.findings.iter().map(|finding| finding.code).collect();
    codes.sort_by_key(|code| code.name);
    codes.dedup_by_key(|code| code.name);
    let index = |code: &Code| codes.iter().position(|rule| rule.name == code.name);
    let results: Vec<_> = run.findings.iter().map(|finding| result(finding, index(finding.code))).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wsgi-check",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.name,
        "shortDescription": { "text": code.summary },
        "fullDescription": { "text": format!("{}.", code.summary) },
        "help": { "text": explain::code_page(code), "markdown": explain::code_markdown(code) },
        "defaultConfiguration": { "level": level(code.severity) },
        "properties": { "tags": code.predicts },
    })
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let mut result = json!({
        "ruleId": finding.code.name,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": finding.text_and_help() },
        "locations": [location(finding.place())],
        // The first is ours; the second is the one that GitHub goes by.
        "partialFingerprints": {
            "wsgiCheck/v1": finding.fingerprint,
            "primaryLocationLineHash": format!("{}:1", finding.fingerprint),
        },
    });
    if let [_, others @ ..] = finding.places.as_slice()
        && !others.is_empty()
    {
        result["relatedLocations"] = others.iter().enumerate().map(|(at, place)| related(at, place)).collect();
    }
    if let Some(change) = &finding.change {
        result["fixes"] = json!([fix(change)]);
    }
    result
}

fn location(place: &Place) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&place.file) }, "region": region(place) } })
}

fn related(at: usize, place: &Place) -> Value {
    let mut location = location(place);
    location["id"] = json!(at + 1);
    location["message"] = json!({ "text": place.text });
    location
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

fn fix(change: &Change) -> Value {
    let mut files: Vec<&str> = change.replacements.iter().map(|place| place.file.as_str()).collect();
    files.dedup();
    let changes = files.into_iter().map(|file| {
        let replacements = change
            .replacements
            .iter()
            .filter(|place| place.file == file)
            .map(|place| json!({ "deletedRegion": region(place), "insertedContent": { "text": place.text } }));
        json!({ "artifactLocation": { "uri": uri(file) }, "replacements": replacements.collect::<Vec<_>>() })
    });
    json!({ "description": { "text": change.title }, "artifactChanges": changes.collect::<Vec<_>>() })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a URI, relative where the path is.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let escaped: String = path
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    if path.starts_with('/') { format!("file://{escaped}") } else { escaped }
}
