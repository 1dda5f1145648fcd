//! Our findings as the protocol's diagnostics.

use std::collections::BTreeMap;

use gen_lsp_types as lsp;

use super::project::Project;
use super::workspace::Workspace;
use crate::compiler::diagnostic::{Diagnostic, Severity};

/// Findings whose place does nothing: editors grey it out.
const UNNECESSARY: [&str; 9] = [
    "application-group-has-no-effect",
    "ignored-words",
    "no-effect-here",
    "process-group-has-no-effect",
    "shadowed-alias",
    "shadowed-mount",
    "text-after-closing-tag",
    "text-after-opening-tag",
    "unused-process-group",
];
/// Findings whose place is of the past: editors strike it through.
const DEPRECATED: [&str; 1] = ["removed-directive"];

/// Everything that was found, by file. Open documents without a finding are there, with none.
pub(super) fn all(workspace: &Workspace) -> BTreeMap<String, Vec<lsp::Diagnostic>> {
    let mut by_file: BTreeMap<String, Vec<lsp::Diagnostic>> =
        workspace.documents.iter().map(|document| (document.uri.clone(), Vec::new())).collect();
    for project in workspace.projects() {
        for found in project.findings() {
            let Some(place) = workspace.location(project, found.span()) else { continue };
            let diagnostics = by_file.entry(place.uri.0).or_default();
            let diagnostic = diagnostic(found, project, workspace);
            // A file that two configurations share is wrong once.
            diagnostics.extend(diagnostic.filter(|new| !diagnostics.contains(new)));
        }
    }
    by_file
}

/// One finding; `None` when it stands on the command line.
pub(super) fn diagnostic(found: &Diagnostic, project: &Project, workspace: &Workspace) -> Option<lsp::Diagnostic> {
    let related = found.labels[1..].iter().filter_map(|label| {
        let location = workspace.location(project, label.span)?;
        Some(lsp::DiagnosticRelatedInformation { location, message: label.text.clone() })
    });
    let related: Vec<_> = related.collect();
    let related = (workspace.client.related_information && !related.is_empty()).then_some(related);
    let pages = workspace.settings.pages.as_ref();
    let page = pages.map(|pages| lsp::CodeDescription { href: lsp::Uri(format!("{pages}/{}.md", found.code.name)) });
    Some(lsp::Diagnostic {
        range: project.range(found.span())?,
        severity: Some(severity(found.severity)),
        code: Some(lsp::Code::String(found.code.name.to_owned())),
        code_description: page,
        source: Some("wsgi-check".to_owned()),
        message: lsp::Message::String(message(found)),
        tags: tag(found.code.name).map(|tag| vec![tag]),
        related_information: related,
        data: None,
    })
}

fn severity(severity: Severity) -> lsp::DiagnosticSeverity {
    match severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
        Severity::Info => lsp::DiagnosticSeverity::Information,
    }
}

/// What is wrong, what stands there, and what to type.
fn message(found: &Diagnostic) -> String {
    let mut text = format!("{}: {}", found.message, found.labels[0].text);
    if let Some(help) = &found.help {
        text.extend(["\nhelp: ", help]);
    }
    text
}

fn tag(name: &str) -> Option<lsp::DiagnosticTag> {
    match () {
        () if UNNECESSARY.contains(&name) => Some(lsp::DiagnosticTag::Unnecessary),
        () if DEPRECATED.contains(&name) => Some(lsp::DiagnosticTag::Deprecated),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_findings_with_tags_exist() {
        let codes = crate::compiler::explain::codes();
        for name in UNNECESSARY.iter().chain(&DEPRECATED) {
            assert!(codes.iter().any(|code| code.name == *name), "there is no finding named {name}");
        }
    }
}
