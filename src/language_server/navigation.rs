//! From a name to where it is given and used: definition, references, highlights, rename.

use std::collections::HashMap;

use gen_lsp_types as lsp;

use super::edits;
use super::names::{Kind, Name};
use super::place;
use super::workspace::{Spot, Workspace};
use crate::compiler::source::{FileKind, Files, Span};
use crate::compiler::syntax;

/// Where what stands at a place is given: a group, a variable, a macro, or the files that an `Include` brings.
pub(super) fn definition(spot: &Spot<'_>, workspace: &Workspace) -> Vec<lsp::Location> {
    match name(spot) {
        Some(name) => {
            let definitions = spot.project.names().same(name).filter(|name| name.definition);
            locations(definitions.map(|name| name.span), spot, workspace)
        }
        None => files(spot, workspace),
    }
}

/// Every place of the name.
pub(super) fn references(spot: &Spot<'_>, workspace: &Workspace, with_definitions: bool) -> Vec<lsp::Location> {
    let Some(name) = name(spot) else { return Vec::new() };
    let places = spot.project.names().same(name).filter(|name| with_definitions || !name.definition);
    locations(places.map(|name| name.span), spot, workspace)
}

/// Every place of the name in the document.
pub(super) fn highlights(spot: &Spot<'_>) -> Vec<lsp::DocumentHighlight> {
    let Some(name) = name(spot) else { return Vec::new() };
    let here = spot.project.names().same(name).filter(|name| spot.sources.first() == Some(&name.span.source));
    let highlight = |name: &Name| {
        let kind = if name.definition { lsp::DocumentHighlightKind::Write } else { lsp::DocumentHighlightKind::Read };
        lsp::DocumentHighlight { range: spot.document.text.range(name.span.into()), kind: Some(kind) }
    };
    here.map(highlight).collect()
}

/// The name that a rename would change; `None` where nothing can be renamed.
pub(super) fn renamed(spot: &Spot<'_>) -> Option<lsp::PrepareRenamePlaceholder> {
    let name = name(spot)?;
    // What nobody here defines may have places that we do not see.
    spot.project.names().same(name).find(|name| name.definition)?;
    let range = spot.document.text.range(name.span.into());
    Some(lsp::PrepareRenamePlaceholder { range, placeholder: name.text.clone() })
}

/// Gives a name another name, everywhere.
///
/// # Errors
/// With why it cannot be called that.
pub(super) fn rename(spot: &Spot<'_>, workspace: &Workspace, new: &str) -> Result<lsp::WorkspaceEdit, &'static str> {
    let name = name(spot).filter(|_| renamed(spot).is_some()).ok_or("no name that is defined here stands there")?;
    let forbidden: &[char] = match name.kind {
        Kind::ProcessGroup => &['%', '$', '"', '\'', '=', '\\'],
        Kind::Variable => &['$', '{', '}', ':', '"', '\'', '!', '>', '\\'],
        Kind::Macro => &['"', '\'', '<', '>', '\\'],
    };
    if new.is_empty() || new.contains(forbidden) || new.contains(char::is_whitespace) {
        return Err("the new name is empty or holds a character that it may not hold");
    }
    let names = spot.project.names();
    let taken = names.iter().any(|other| other.kind == name.kind && other.text == new);
    if taken && new != name.text {
        return Err("something else has this name");
    }
    let mut changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> = HashMap::new();
    for place in locations(names.same(name).map(|name| name.span), spot, workspace) {
        changes.entry(place.uri).or_default().push(lsp::TextEdit { range: place.range, new_text: new.to_owned() });
    }
    Ok(edits::workspace_edit(changes, workspace))
}

fn name<'a>(spot: &Spot<'a>) -> Option<&'a Name> {
    spot.project.names().at(spot.sources, spot.offset)
}

/// Each place once, also in a file that is included twice.
fn locations(spans: impl Iterator<Item = Span>, spot: &Spot<'_>, workspace: &Workspace) -> Vec<lsp::Location> {
    let mut found = Vec::new();
    for place in spans.filter_map(|span| workspace.location(spot.project, span)) {
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

/// The files that the word at a place names: what an `Include` brought, or any file by its absolute path.
fn files(spot: &Spot<'_>, workspace: &Workspace) -> Vec<lsp::Location> {
    let touches = |span: Span| (span.start as usize..=span.end as usize).contains(&spot.offset);
    let line = place::line(&spot.document.text, spot.offset);
    let words = syntax::words(&line);
    let brought =
        spot.project.compiled.sources.ids().filter(|(_, source)| {
            source.included_at.is_some_and(|at| spot.sources.contains(&at.source) && touches(at))
        });
    // A `Use` brings lines too, but its words name no file.
    let brought = brought.filter(|_| words.first().is_some_and(|name| !name.text.eq_ignore_ascii_case("Use")));
    let found = locations(brought.map(|(source, _)| Span { source, start: 0, end: 0 }), spot, workspace);
    if !found.is_empty() {
        return found;
    }
    let Some(word) = words.iter().find(|word| touches(word.span)) else { return Vec::new() };
    let text = word.text.trim_end_matches('>');
    let path = std::path::Path::new(text.rsplit_once('=').map_or(text, |(_, value)| value));
    if !path.is_absolute() || workspace.documents.kind(path) != Some(FileKind::File) {
        return Vec::new();
    }
    let file = workspace.documents.identity(path);
    vec![lsp::Location { uri: workspace.uri(&file), range: lsp::Range::default() }]
}
