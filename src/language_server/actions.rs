//! Code actions: the repair of a finding, all repairs of a file at once, and a comment that silences a finding.

use std::collections::HashMap;

use gen_lsp_types as lsp;

use super::workspace::{Spot, Workspace};
use super::{diagnostics, edits, place};
use crate::compiler::diagnostic::Diagnostic;

/// What may be done about the findings in a range of a document.
pub(super) fn actions(
    spot: &Spot<'_>,
    end: usize,
    only: Option<&[lsp::CodeActionKind]>,
    workspace: &Workspace,
) -> Vec<lsp::CodeAction> {
    let wanted = |kind: &str| only.is_none_or(|only| only.iter().any(|wanted| covers(&wanted.to_string(), kind)));
    let mut actions = Vec::new();
    if wanted("quickfix") {
        let touched = here(spot).filter(|found| {
            let span = found.span();
            span.start as usize <= end && spot.offset <= span.end as usize
        });
        let touched: Vec<_> = touched.collect();
        actions.extend(touched.iter().filter_map(|found| repair(found, spot, workspace)));
        actions.extend(touched.iter().map(|found| ignore(found, spot, workspace)));
    }
    // Offered on its own it would only repeat the repairs above.
    if only.is_some() && wanted("source.fixAll") {
        actions.extend(repair_all(spot, workspace));
    }
    actions
}

/// `source` asks for `source.fixAll` too.
fn covers(wanted: &str, kind: &str) -> bool {
    wanted.is_empty() || kind == wanted || kind.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// The findings of the document.
fn here<'a>(spot: &Spot<'a>) -> impl Iterator<Item = &'a Diagnostic> {
    let sources = spot.sources;
    spot.project.findings().filter(move |found| sources.contains(&found.span().source))
}

fn repair(found: &Diagnostic, spot: &Spot<'_>, workspace: &Workspace) -> Option<lsp::CodeAction> {
    let repair = found.repair.as_ref()?;
    let changes = edits::of_repair(&repair.edits, spot.project, workspace)?;
    Some(lsp::CodeAction {
        title: repair.title.clone(),
        is_preferred: Some(true),
        ..quick_fix(found, changes, spot, workspace)
    })
}

/// `# wsgi-check: ignore NAME` before the line, indented as it is.
fn ignore(found: &Diagnostic, spot: &Spot<'_>, workspace: &Workspace) -> lsp::CodeAction {
    let text = &spot.document.text;
    let line = text.line(text.line_of(place::line_start(text, found.span().start as usize)));
    let written = &text.as_str()[line.clone()];
    let indent = &written[..written.len() - written.trim_start_matches([' ', '\t']).len()];
    let comment = format!("{indent}# wsgi-check: ignore {}{}", found.code.name, text.line_end());
    let edit = lsp::TextEdit { range: text.range(line.start..line.start), new_text: comment };
    let changes = HashMap::from([(lsp::Uri(spot.document.uri.clone()), vec![edit])]);
    lsp::CodeAction { title: format!("Ignore {} here", found.code.name), ..quick_fix(found, changes, spot, workspace) }
}

fn quick_fix(
    found: &Diagnostic,
    changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>>,
    spot: &Spot<'_>,
    workspace: &Workspace,
) -> lsp::CodeAction {
    lsp::CodeAction {
        kind: Some(lsp::CodeActionKind::QuickFix),
        diagnostics: diagnostics::diagnostic(found, spot.project, workspace).map(|one| vec![one]),
        edit: Some(edits::workspace_edit(changes, workspace)),
        ..lsp::CodeAction::default()
    }
}

/// Every repair of the document. Of two that touch the same text the first one is made.
fn repair_all(spot: &Spot<'_>, workspace: &Workspace) -> Option<lsp::CodeAction> {
    let mut chosen: Vec<&crate::compiler::diagnostic::Edit> = Vec::new();
    for repair in here(spot).filter_map(|found| found.repair.as_ref()) {
        let free = repair.edits.iter().all(|edit| {
            chosen.iter().all(|other| {
                other.span.source != edit.span.source
                    || other.span.end < edit.span.start
                    || edit.span.end < other.span.start
            })
        });
        if free {
            chosen.extend(&repair.edits);
        }
    }
    let changes = edits::of_repair(chosen.iter().copied(), spot.project, workspace)?;
    (!changes.is_empty()).then(|| lsp::CodeAction {
        title: "Repair all that has one certain repair".to_owned(),
        kind: Some(lsp::CodeActionKind::SourceFixAll),
        edit: Some(edits::workspace_edit(changes, workspace)),
        ..lsp::CodeAction::default()
    })
}
