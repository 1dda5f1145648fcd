//! What may be typed at a place: directives that are allowed there, options, values, names, files.

mod arguments;
mod paths;

use gen_lsp_types as lsp;
use serde_json::{Value, json};

use super::names::Kind as NameKind;
use super::workspace::{Spot, Workspace};
use super::{pages, place};
use crate::compiler::directive::{self, Context, Known};
use crate::compiler::explain;
use crate::compiler::source::Mapped;

/// What completion knows: the place, and the line up to it.
struct Completion<'a> {
    spot: &'a Spot<'a>,
    workspace: &'a Workspace,
    /// The line up to the place.
    before: Mapped,
    /// The text after the place, in its physical line.
    after: &'a str,
}

/// What may be typed at a place, and whether more letters may bring more.
pub(super) fn complete(spot: &Spot<'_>, typed: Option<&str>, workspace: &Workspace) -> Vec<lsp::CompletionItem> {
    let text = &spot.document.text;
    let before = place::line_until(text, spot.offset, spot.offset);
    let after = &text.as_str()[spot.offset..text.line(text.line_of(spot.offset)).end.max(spot.offset)];
    // A blank at the start of a line indents it.
    if typed == Some(" ") && before.text().trim().is_empty() {
        return Vec::new();
    }
    Completion { spot, workspace, before, after }.items()
}

/// The page of a chosen item.
pub(super) fn resolve(mut item: lsp::CompletionItem) -> lsp::CompletionItem {
    let data = |key: &str| item.data.as_ref()?.get(key)?.as_str();
    let found = match (data("directive"), data("option"), data("finding")) {
        (Some(directive), Some(option), _) => pages::option(directive, option),
        (Some(directive), None, _) => pages::directive(directive),
        (None, _, Some(finding)) => pages::finding(finding),
        (None, _, None) => None,
    };
    item.documentation = found
        .map(|value| lsp::Documentation::MarkupContent(lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }));
    item
}

/// One thing to type.
struct Item {
    label: String,
    kind: lsp::CompletionItemKind,
    detail: String,
    /// What is typed; with `${1}` and `$0` if `snippet`.
    text: String,
    snippet: bool,
    /// Items with a lower rank stand above others.
    rank: u8,
    data: Option<Value>,
}

impl Item {
    fn new(label: impl Into<String>, kind: lsp::CompletionItemKind, detail: impl Into<String>) -> Self {
        let label = label.into();
        Self { text: label.clone(), label, kind, detail: detail.into(), snippet: false, rank: 1, data: None }
    }

    fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }
}

impl Completion<'_> {
    fn items(&self) -> Vec<lsp::CompletionItem> {
        let text = self.before.text();
        let start = text.len() - text.trim_start().len();
        let line = &text[start..];
        if line.starts_with('#') {
            return self.findings(line);
        }
        if let Some(at) = open_brace(text, "${") {
            return self.variables(at);
        }
        if let Some(at) = open_brace(text, "%{") {
            return self.tokens(at);
        }
        if line.starts_with("</") {
            return self.edits(start, self.closing());
        }
        if line.contains(|character: char| character.is_ascii_whitespace()) {
            return self.argument();
        }
        if line.starts_with('<') {
            return self.edits(start, self.closing().into_iter().chain(self.directives(true)).collect());
        }
        self.edits(start, self.directives(false).into_iter().chain(self.closing()).collect())
    }

    /// Items that take the place of the line's text from a byte on.
    fn edits(&self, start: usize, items: Vec<Item>) -> Vec<lsp::CompletionItem> {
        let from = self.before.span(start..start).start as usize;
        let range = self.spot.document.text.range(from..self.spot.offset);
        let typed = &self.before.text()[start..];
        items.into_iter().map(|item| edit(item, range, typed)).collect()
    }

    /// Names of findings behind `# wsgi-check: ignore`.
    fn findings(&self, comment: &str) -> Vec<lsp::CompletionItem> {
        if !comment.trim_start_matches('#').trim_start().starts_with("wsgi-check: ignore ") {
            return Vec::new();
        }
        let text = self.before.text();
        let start = text.rfind([' ', ',']).map_or(text.len(), |at| at + 1);
        let item = |code: &crate::compiler::diagnostic::Code| {
            let mut item = Item::new(code.name, lsp::CompletionItemKind::Constant, code.summary);
            item.data = Some(json!({ "finding": code.name }));
            item
        };
        self.edits(start, explain::codes().into_iter().map(item).collect())
    }

    fn variables(&self, start: usize) -> Vec<lsp::CompletionItem> {
        let close = if self.after.starts_with('}') { "" } else { "}" };
        let item = |name: &str, detail: &str, rank| {
            let label = format!("${{{name}}}");
            let text = format!("${{{name}{close}");
            Item::new(label, lsp::CompletionItemKind::Variable, detail).text(text).rank(rank)
        };
        let defined = self.spot.project.names().definitions(NameKind::Variable);
        let defined = defined.map(|name| item(&name.text, name.value.as_deref().unwrap_or_default(), 0));
        let environment = self.spot.project.environment.iter().map(|(name, value)| item(name, value, 1));
        self.edits(start, unique(defined.chain(environment)))
    }

    fn tokens(&self, start: usize) -> Vec<lsp::CompletionItem> {
        let name = self.before.text().trim_start();
        if !name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("wsgi")) {
            return Vec::new();
        }
        self.edits(start, arguments::tokens(self.after.starts_with('}')))
    }

    /// The closing tag of the innermost section.
    fn closing(&self) -> Vec<Item> {
        let open = place::sections(&self.spot.document.text, self.spot.offset);
        let Some(innermost) = open.last() else { return Vec::new() };
        let name = &innermost.name.text;
        let end = if self.after.starts_with('>') { "" } else { ">" };
        let item = Item::new(format!("</{name}>"), lsp::CompletionItemKind::Keyword, "closes the section");
        vec![item.text(format!("</{name}{end}")).rank(0)]
    }

    /// The directives that may stand here; only sections, once `<` is typed.
    fn directives(&self, sections: bool) -> Vec<Item> {
        let open = place::sections(&self.spot.document.text, self.spot.offset);
        let htaccess = self.spot.document.path.file_name().is_some_and(|name| name == ".htaccess");
        let (context, kind) = place::context(&open, htaccess);
        // The lines of a macro may be used anywhere.
        let anywhere = open.iter().any(|section| section.is("Macro"));
        let names = directive::names(true).chain(directive::names(false).filter(|_| !sections));
        let known = unique_names(names).into_iter().filter_map(directive::find_known);
        known.filter(|known| anywhere || may_stand(known, context, kind)).map(|known| self.directive(known)).collect()
    }

    fn directive(&self, known: &'static Known) -> Item {
        let spec = match directive::find(known.name) {
            Some(directive::Entry::Acts(spec)) => Some(spec),
            _ => None,
        };
        let detail = spec.map_or_else(|| known.module.trim_end_matches(".c"), |spec| spec.summary);
        let mut item = Item::new(known.name, lsp::CompletionItemKind::Function, detail);
        item.data = Some(json!({ "directive": known.name }));
        item.rank = if known.module == "mod_wsgi.c" { 0 } else { 1 + u8::from(spec.is_none()) };
        match known.name.strip_prefix('<') {
            None => item.text = format!("{} ", known.name),
            Some(_) if self.after.trim_start().starts_with('>') => item.kind = lsp::CompletionItemKind::Module,
            Some(name) => {
                item.kind = lsp::CompletionItemKind::Module;
                item.label = format!("<{name}>");
                item.snippet = self.workspace.client.snippets;
                item.text =
                    if item.snippet { format!("<{name} ${{1}}>\n\t$0\n</{name}>") } else { format!("<{name} ") };
            }
        }
        item
    }
}

fn may_stand(known: &Known, context: Context, kind: &str) -> bool {
    let takes_kind = known.directory_kinds.is_empty() || known.directory_kinds.contains(&kind);
    known.contexts.is_empty() || known.contexts.contains(&context) && (context != Context::Directory || takes_kind)
}

/// Where a `${` or `%{` begins that is not closed before the end of the text.
fn open_brace(text: &str, opening: &str) -> Option<usize> {
    let at = text.rfind(opening)?;
    let inner = &text[at + opening.len()..];
    (!inner.contains(['}', ' ', '\t', '"'])).then_some(at)
}

fn edit(item: Item, range: lsp::Range, typed: &str) -> lsp::CompletionItem {
    // Clients compare what was typed with this text: who typed no `<` shall find the section too.
    let filter =
        if typed.starts_with('<') { item.label.clone() } else { item.label.trim_start_matches('<').to_owned() };
    lsp::CompletionItem {
        sort_text: Some(format!("{}{}", item.rank, item.label)),
        filter_text: (filter != item.label).then_some(filter),
        label: item.label,
        kind: Some(item.kind),
        detail: Some(item.detail).filter(|detail| !detail.is_empty()),
        insert_text_format: item.snippet.then_some(lsp::InsertTextFormat::Snippet),
        text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(lsp::TextEdit { range, new_text: item.text })),
        data: item.data,
        ..lsp::CompletionItem::default()
    }
}

/// Each label once.
fn unique(items: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let mut seen = std::collections::HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.label.clone())).collect()
}

fn unique_names(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = std::collections::HashSet::new();
    names.filter(|name| seen.insert(name.to_ascii_lowercase())).collect()
}
