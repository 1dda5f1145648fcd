//! The outline of a document: virtual hosts, sections, process groups, applications, variables, macros. And what can be folded.

use std::ops::Range;

use gen_lsp_types as lsp;

use super::place;
use super::position::Text;
use crate::compiler::diagnostic::Report;
use crate::compiler::source::Span;
use crate::compiler::syntax::{self, Directive, Node, Section};

/// The outline.
pub(super) fn symbols(text: &Text) -> Vec<lsp::DocumentSymbol> {
    nodes(&tree(text), text)
}

fn tree(text: &Text) -> Vec<Node> {
    syntax::parse(place::source(text), text.whole(), &mut Report::default()).nodes
}

fn nodes(all: &[Node], text: &Text) -> Vec<lsp::DocumentSymbol> {
    let symbol = |node: &Node| match node {
        Node::Directive(written) => directive(written, text),
        Node::Section(written) => section(written, text),
    };
    all.iter().filter_map(symbol).collect()
}

fn directive(written: &Directive, text: &Text) -> Option<lsp::DocumentSymbol> {
    let kind = match written.name.text.to_ascii_lowercase().as_str() {
        "wsgidaemonprocess" => lsp::SymbolKind::Class,
        "wsgiscriptalias" | "wsgiscriptaliasmatch" => lsp::SymbolKind::Interface,
        "define" => lsp::SymbolKind::Constant,
        "include" | "includeoptional" => lsp::SymbolKind::File,
        _ => return None,
    };
    let words = written.words();
    let first = words.first()?;
    let mut detail = written.name.text.to_string();
    if kind == lsp::SymbolKind::Interface {
        detail = words.get(1).map_or(detail, |script| script.text.to_string());
    }
    Some(symbol(&first.text, Some(detail), kind, written.span().into(), first.span, text))
}

fn section(written: &Section, text: &Text) -> Option<lsp::DocumentSymbol> {
    let opening = &written.opening;
    let children = nodes(&written.nodes, text);
    let argument = opening.arguments().text().trim();
    let (name, detail, kind) = if opening.is("VirtualHost") {
        let server_name = first_word(&written.nodes, "ServerName").unwrap_or_else(|| argument.to_owned());
        (server_name, Some(format!("VirtualHost {argument}")), lsp::SymbolKind::Namespace)
    } else if opening.is("Macro") {
        let words = opening.words();
        (words.first()?.text.to_string(), Some("Macro".to_owned()), lsp::SymbolKind::Function)
    } else if opening.name.text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("If")) && children.is_empty() {
        // A condition is worth a line of the outline when something stands in it.
        return None;
    } else {
        (format!("{} {argument}", opening.name.text), None, lsp::SymbolKind::Package)
    };
    let whole = Range { start: opening.span().start as usize, end: end(written, text) };
    let mut symbol = symbol(&name, detail, kind, whole, opening.span(), text);
    symbol.children = Some(children).filter(|children| !children.is_empty());
    Some(symbol)
}

fn first_word(nodes: &[Node], name: &str) -> Option<String> {
    nodes.iter().find_map(|node| match node {
        Node::Directive(directive) if directive.is(name) => Some(directive.words().first()?.text.to_string()),
        _ => None,
    })
}

fn symbol(
    name: &str,
    detail: Option<String>,
    kind: lsp::SymbolKind,
    whole: Range<usize>,
    selection: Span,
    text: &Text,
) -> lsp::DocumentSymbol {
    // The protocol has no symbol without a name.
    let name = if name.trim().is_empty() { "?" } else { name.trim() };
    lsp::DocumentSymbol::new(
        name.to_owned(),
        detail,
        kind,
        None,
        None,
        text.range(whole),
        text.range(selection.into()),
        None,
    )
}

/// The byte after a section: after its closing tag, where there is one.
fn end(section: &Section, text: &Text) -> usize {
    let inner = match section.nodes.last() {
        Some(Node::Directive(last)) => last.span().end as usize,
        Some(Node::Section(last)) => end(last, text),
        None => section.opening.span().end as usize,
    };
    if !section.closed {
        return inner;
    }
    // Between what stands last and the closing tag are only comments and empty lines.
    let lines = text.line_of(inner) + 1..text.line_count();
    let closing = lines.map(|line| text.line(line)).find(|line| text.as_str()[line.clone()].trim().starts_with("</"));
    closing.map_or(inner, |line| line.end)
}

/// What can be folded: sections, comments and lines that go on.
pub(super) fn folds(text: &Text) -> Vec<lsp::FoldingRange> {
    let mut folds = Vec::new();
    sections(&tree(text), text, &mut folds);
    comments(text, &mut folds);
    folds.sort_by_key(|fold| (fold.start_line, fold.end_line));
    folds
}

fn sections(nodes: &[Node], text: &Text, folds: &mut Vec<lsp::FoldingRange>) {
    for node in nodes {
        match node {
            Node::Section(section) => {
                let first = text.line_of(section.opening.span().start as usize);
                // The closing tag stays in sight.
                let last = text.line_of(end(section, text)) - usize::from(section.closed);
                fold(first, last, None, folds);
                sections(&section.nodes, text, folds);
            }
            Node::Directive(directive) => {
                let span = directive.span();
                fold(text.line_of(span.start as usize), text.line_of(span.end as usize), None, folds);
            }
        }
    }
}

fn comments(text: &Text, folds: &mut Vec<lsp::FoldingRange>) {
    let mut first = None;
    for line in 0..=text.line_count() {
        let comment = line < text.line_count() && text.as_str()[text.line(line)].trim_start().starts_with('#');
        match first {
            None if comment => first = Some(line),
            Some(start) if !comment => {
                fold(start, line - 1, Some(lsp::FoldingRangeKind::Comment), folds);
                first = None;
            }
            _ => {}
        }
    }
}

fn fold(first: usize, last: usize, kind: Option<lsp::FoldingRangeKind>, folds: &mut Vec<lsp::FoldingRange>) {
    if last > first {
        let (start_line, end_line) = (first as u32, last as u32);
        folds.push(lsp::FoldingRange { start_line, end_line, kind, ..lsp::FoldingRange::default() });
    }
}
