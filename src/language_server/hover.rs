//! What stands at a place, explained from the tables.

use std::ops::Range;

use gen_lsp_types as lsp;

use super::names::{Kind, variables};
use super::workspace::{Spot, Workspace};
use super::{pages, place, tokens};
use crate::compiler::source::{Mapped, Span};
use crate::compiler::syntax;

/// The text about what stands at a place.
pub(super) fn hover(spot: &Spot<'_>, workspace: &Workspace) -> Option<lsp::Hover> {
    let line = place::line(&spot.document.text, spot.offset);
    let (page, span) = comment(&line, spot.offset)
        .or_else(|| variable(&line, spot, workspace))
        .or_else(|| token(&line, spot.offset))
        .or_else(|| name(&line, spot.offset))
        .or_else(|| option(&line, spot.offset))
        .or_else(|| group(spot, workspace))?;
    let contents = lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: page };
    Some(lsp::Hover {
        contents: lsp::Contents::MarkupContent(contents),
        range: Some(spot.document.text.range(span.into())),
    })
}

type Found = (String, Span);

fn touches(span: Span, offset: usize) -> bool {
    (span.start as usize..=span.end as usize).contains(&offset)
}

/// The first of these ranges of a line that the place lies in.
fn touched(line: &Mapped, offset: usize, ranges: impl Iterator<Item = Range<usize>>) -> Option<(Range<usize>, Span)> {
    ranges.map(|range| (range.clone(), line.span(range))).find(|(_, span)| touches(*span, offset))
}

/// The name of a finding in `# wsgi-check: ignore NAME`. About any other comment there is nothing to say.
fn comment(line: &Mapped, offset: usize) -> Option<Found> {
    let text = line.text();
    if !text.trim_start().starts_with('#') {
        return None;
    }
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let starts = text.char_indices().filter(|(at, character)| is_part(*character) && !text[..*at].ends_with(is_part));
    let words = starts.map(|(at, _)| at..at + text[at..].find(|next| !is_part(next)).unwrap_or(text.len() - at));
    let (range, span) = touched(line, offset, words)?;
    Some((pages::finding(&text[range])?, span))
}

/// `${NAME}` with what it is.
fn variable(line: &Mapped, spot: &Spot<'_>, workspace: &Workspace) -> Option<Found> {
    let whole = |range: Range<usize>| range.start - 2..range.end + 1;
    let (range, span) = touched(line, spot.offset, variables(line.text()).map(whole))?;
    let name = &line.text()[range.start + 2..range.end - 1];
    let definitions = spot.project.names().definitions(Kind::Variable);
    let definitions = definitions.filter(|definition| definition.text.eq_ignore_ascii_case(name));
    let defined = definitions.map(|definition| {
        let value = definition.value.as_deref().unwrap_or_default();
        let place = link(definition.span, spot, workspace).map(|link| format!(", {link}"));
        format!("- `{value}`, by `Define`{}", place.unwrap_or_default())
    });
    let environment = spot.project.environment.get(name).map(|value| format!("- `{value}`, from the environment"));
    let mut values: Vec<_> = defined.chain(environment).collect();
    if values.is_empty() {
        values.push("Not defined in what was read: it stays in the text as it is.".to_owned());
    }
    Some((format!("### ${{{name}}}\n\n{}", values.join("\n")), span))
}

/// A link to the line of a span.
fn link(span: Span, spot: &Spot<'_>, workspace: &Workspace) -> Option<String> {
    let place = workspace.location(spot.project, span)?;
    let line = place.range.start.line + 1;
    Some(format!("[line {line}]({}#L{line})", place.uri.0))
}

/// `%{GLOBAL}` and its like, in a directive of mod_wsgi.
fn token(line: &Mapped, offset: usize) -> Option<Found> {
    let text = line.text();
    let ranges = text.match_indices("%{").filter_map(|(at, _)| Some(at..at + text[at..].find('}')? + 1));
    let (range, span) = touched(line, offset, ranges)?;
    let token = tokens::find(&text[range])?;
    let name = text.split_whitespace().next()?.to_ascii_lowercase();
    if !name.starts_with("wsgi") {
        return None;
    }
    let page = format!(
        "### {}\n\n- As a process group: {}\n- As an application group: {}\n",
        token.name, token.process_group, token.application_group
    );
    Some((page, span))
}

/// The name of a directive or of a section, in its opening or its closing tag.
fn name(line: &Mapped, offset: usize) -> Option<Found> {
    let text = line.text();
    let blanks = text.len() - text.trim_start().len();
    let tag = text[blanks..].strip_prefix('<').map(|rest| usize::from(rest.starts_with('/')) + 1);
    let start = blanks + tag.unwrap_or(0);
    let end = text[start..].find(|next: char| next.is_ascii_whitespace() || next == '>' && tag.is_some());
    let end = end.map_or(text.len(), |end| start + end);
    let name = &text[start..end];
    let (_, span) = touched(line, offset, std::iter::once(start..end))?;
    let page = if tag.is_some() { pages::directive(&format!("<{name}")) } else { pages::directive(name) };
    Some((page?, span))
}

/// The name of an option.
fn option(line: &Mapped, offset: usize) -> Option<Found> {
    let words = syntax::words(line);
    let (directive, words) = words.split_first()?;
    let word = words.iter().find(|word| touches(word.span, offset) && !word.quoted)?;
    let (name, _) = word.text.split_once('=')?;
    let (_, span) = touched(line, offset, std::iter::once(word.range.0..word.range.0 + name.len()))?;
    Some((pages::option(&directive.text, name)?, span))
}

/// The name of a process group or of a macro: the line that defines it.
fn group(spot: &Spot<'_>, workspace: &Workspace) -> Option<Found> {
    let names = spot.project.names();
    let name = names.at(spot.sources, spot.offset)?;
    let definition = names.same(name).find(|name| name.definition)?;
    let sources = &spot.project.compiled.sources;
    let text = &sources.get(definition.span.source).text;
    let start = text[..definition.span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let link = link(definition.span, spot, workspace)?;
    Some((format!("```apache\n{}\n```\n\nDefined in {link}", text[start..end].trim()), name.span))
}
