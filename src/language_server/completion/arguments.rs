//! What may follow a directive's name.

use gen_lsp_types as lsp;
use serde_json::json;

use super::{Completion, Item, unique};
use crate::compiler::directive::{self, Arg, Entry, Kind, Spec, Times};
use crate::compiler::syntax::{self, Word};
use crate::language_server::names::{Kind as NameKind, inside};
use crate::language_server::{pages, tokens};

/// Directives that take a file, and that the table does not know more about.
const TAKE_FILES: [&str; 8] = [
    "include",
    "includeoptional",
    "<directory",
    "<iffile",
    "wsgihandlerscript",
    "wsgiimportscript",
    "wsgiaccessscript",
    "wsgiauthuserscript",
];

/// The word that is being typed.
struct Typed<'a> {
    /// The directive's name in lower case, `<name` for a section.
    directive: String,
    /// How many words of the directive stand before it.
    index: usize,
    /// The words before it.
    earlier: &'a [Word],
    /// The byte of the line at which it begins, without a quote.
    start: usize,
    /// What there is of it.
    text: String,
}

/// The tokens of mod_wsgi; without their brace, if that is there already.
pub(super) fn tokens(closed: bool) -> Vec<Item> {
    let item = |token: &tokens::Token| {
        let text = if closed { token.name.trim_end_matches('}') } else { token.name };
        Item::new(token.name, lsp::CompletionItemKind::Constant, token.application_group).text(text).rank(2)
    };
    tokens::TOKENS.iter().map(item).collect()
}

impl Completion<'_> {
    /// What may stand in the place of the word that is being typed.
    pub(super) fn argument(&self) -> Vec<lsp::CompletionItem> {
        let words = syntax::words(&self.before);
        let text = self.before.text();
        let unfinished = |word: &&Word| word.range.1 == text.len() && !(word.quoted && word.closed);
        let last = words.last().filter(unfinished);
        let earlier = &words[..words.len() - usize::from(last.is_some())];
        let Some((name, earlier)) = earlier.split_first() else { return Vec::new() };
        let range = last.map_or(text.len()..text.len(), |word| inside(word, text));
        let typed = Typed {
            directive: name.text.to_ascii_lowercase(),
            index: earlier.len(),
            earlier,
            start: range.start,
            text: text[range].to_owned(),
        };
        self.word(&typed)
    }

    fn word(&self, typed: &Typed<'_>) -> Vec<lsp::CompletionItem> {
        match typed.directive.as_str() {
            "wsgiprocessgroup" | "wsgirestrictprocess" => return self.edits(typed.start, self.groups()),
            "wsgiapplicationgroup" => return self.edits(typed.start, tokens(self.after.starts_with('}'))),
            "use" | "undefmacro" if typed.index == 0 => return self.edits(typed.start, self.names(NameKind::Macro)),
            "undefine" => return self.edits(typed.start, self.names(NameKind::Variable)),
            "<ifdefine" => {
                let start = typed.start + usize::from(typed.text.starts_with('!'));
                return self.edits(start, self.names(NameKind::Variable));
            }
            "<ifmodule" => {
                let start = typed.start + usize::from(typed.text.starts_with('!'));
                return self.edits(start, modules());
            }
            name if TAKE_FILES.contains(&name) => return self.paths(typed.start, &typed.text),
            _ => {}
        }
        match directive::find(&typed.directive) {
            Some(Entry::Acts(spec)) => self.argument_of(spec, typed),
            Some(Entry::Known(known)) if known.args.flag && typed.index == 0 => self.values(Kind::Flag, typed.start),
            Some(Entry::Known(known)) if known.module == "mod_wsgi.c" => self.option_value(&[], typed),
            _ => Vec::new(),
        }
    }

    fn argument_of(&self, spec: &Spec, typed: &Typed<'_>) -> Vec<lsp::CompletionItem> {
        let repeated = spec.args.last().filter(|arg| matches!(arg.times, Times::Many | Times::Any));
        match spec.args.get(typed.index).or(repeated) {
            Some(arg) => self.of_kind(arg.kind, typed.start, &typed.text),
            None if typed.text.contains('=') => self.option_value(spec.options, typed),
            None => self.options(spec, typed),
        }
    }

    /// The options that were not given yet.
    fn options(&self, spec: &Spec, typed: &Typed<'_>) -> Vec<lsp::CompletionItem> {
        let given = |arg: &&Arg| !typed.earlier.iter().any(|word| word.text.split('=').next() == Some(arg.name));
        let item = |arg: &Arg| {
            let mut item = Item::new(arg.name, lsp::CompletionItemKind::Property, pages::value(arg));
            item.data = Some(json!({ "directive": spec.name, "option": arg.name }));
            item.text(format!("{}=", arg.name))
        };
        self.edits(typed.start, spec.options.iter().filter(given).map(item).collect())
    }

    /// The value of an option whose name is typed.
    fn option_value(&self, options: &[Arg], typed: &Typed<'_>) -> Vec<lsp::CompletionItem> {
        let Some((name, value)) = typed.text.split_once('=') else { return Vec::new() };
        let value_text = value.trim_start_matches(['"', '\'']);
        let start = typed.start + typed.text.len() - value_text.len();
        match name {
            "process-group" => self.edits(start, self.groups()),
            "application-group" => self.edits(start, tokens(self.after.starts_with('}'))),
            name => {
                let option = options.iter().find(|option| option.name == name);
                option.map_or_else(Vec::new, |option| self.of_kind(option.kind, start, value_text))
            }
        }
    }

    fn of_kind(&self, kind: Kind, start: usize, text: &str) -> Vec<lsp::CompletionItem> {
        match kind {
            Kind::Path | Kind::AbsolutePath => self.paths(start, text),
            kind => self.values(kind, start),
        }
    }

    fn values(&self, kind: Kind, start: usize) -> Vec<lsp::CompletionItem> {
        let item = |value| Item::new(value, lsp::CompletionItemKind::Value, "");
        self.edits(start, kind.choices().into_iter().map(item).collect())
    }

    /// Process groups, and the tokens that may stand for one.
    fn groups(&self) -> Vec<Item> {
        let mut items = self.names(NameKind::ProcessGroup);
        items.extend(tokens(self.after.starts_with('}')));
        items
    }

    fn names(&self, kind: NameKind) -> Vec<Item> {
        let detail = match kind {
            NameKind::ProcessGroup => "process group",
            NameKind::Variable => "variable",
            NameKind::Macro => "macro",
        };
        let names = self.spot.project.names().definitions(kind);
        unique(names.map(|name| Item::new(&name.text, lsp::CompletionItemKind::Reference, detail).rank(0)))
    }
}

/// The modules that come with Apache, by the names of their source files.
fn modules() -> Vec<Item> {
    let names = directive::names(false).chain(directive::names(true)).filter_map(directive::find_known);
    let files = names.flat_map(|known| known.module.split(','));
    unique(files.map(|file| Item::new(file, lsp::CompletionItemKind::Module, "")))
}
