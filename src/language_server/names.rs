//! The names that a configuration gives and uses: process groups, variables, macros. Read from the text as it stands, also in
//! conditions that are off and in macros that nobody uses.

use std::ops::Range;

use crate::compiler::diagnostic::Report;
use crate::compiler::source::{Mapped, SourceId, Sources, Span};
use crate::compiler::syntax::{self, Directive, Node, Word, options};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `WSGIDaemonProcess`.
    ProcessGroup,
    /// `Define`.
    Variable,
    /// `<Macro>`.
    Macro,
}

/// One place that gives or uses a name.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// The name alone, without quotes.
    pub(super) span: Span,
    /// Whether it is given here; otherwise it is used.
    pub(super) definition: bool,
    /// What a `Define` says.
    pub(super) value: Option<String>,
    /// Whether case matters: to `<IfDefine>` it does, to `${NAME}` it does not.
    exact: bool,
}

/// Every name.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Name>);

impl Names {
    pub(super) fn collect(sources: &Sources, ids: impl Iterator<Item = SourceId>) -> Self {
        let mut names = Self::default();
        for id in ids {
            names.nodes(&syntax::parse(id, &sources.get(id).text, &mut Report::default()).nodes);
        }
        names.0.sort_by_cached_key(|name| sources.reading_order(name.span));
        names
    }

    /// In the order of reading.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Name> {
        self.0.iter()
    }

    /// The name that stands at a byte of one of these sources.
    pub(super) fn at(&self, sources: &[SourceId], offset: usize) -> Option<&Name> {
        let touches = |span: Span| sources.contains(&span.source) && Range::from(span).contains(&offset);
        let ends = |span: Span| sources.contains(&span.source) && span.end as usize == offset;
        self.0.iter().find(|name| touches(name.span)).or_else(|| self.0.iter().find(|name| ends(name.span)))
    }

    /// Every place of the thing that a name stands for.
    pub(super) fn same<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a Name> {
        // Who asks from `${SITE}` also gets the `<IfDefine site>` of a `Define site`.
        let given = self.0.iter().find(|other| other.definition && other.is_same(name)).unwrap_or(name);
        self.0.iter().filter(move |other| other.is_same(given))
    }

    /// Whether anything of this kind is defined.
    pub(super) fn defines(&self, kind: Kind) -> bool {
        self.definitions(kind).next().is_some()
    }

    pub(super) fn definitions(&self, kind: Kind) -> impl Iterator<Item = &Name> {
        self.0.iter().filter(move |name| name.kind == kind && name.definition)
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Directive(directive) => self.directive(directive),
                Node::Section(section) => {
                    self.opening(&section.opening);
                    self.nodes(&section.nodes);
                }
            }
        }
    }

    fn directive(&mut self, directive: &Directive) {
        self.variables(&directive.line);
        let words = directive.words();
        let first = words.first();
        match directive.name.text.to_ascii_lowercase().as_str() {
            "define" => self.define(directive, words),
            "undefine" => self.word(Kind::Variable, first, directive, false),
            "use" | "undefmacro" => self.word(Kind::Macro, first, directive, false),
            "wsgidaemonprocess" => self.word(Kind::ProcessGroup, first, directive, true),
            "wsgiprocessgroup" => self.word(Kind::ProcessGroup, first, directive, false),
            "wsgirestrictprocess" => {
                for word in words {
                    self.word(Kind::ProcessGroup, Some(word), directive, false);
                }
            }
            name if name.starts_with("wsgi") => self.options(directive, words),
            _ => {}
        }
    }

    fn opening(&mut self, opening: &Directive) {
        self.variables(&opening.line);
        let words = opening.words();
        if opening.is("Macro") {
            self.word(Kind::Macro, words.first(), opening, true);
        } else if opening.is("IfDefine")
            && let Some(word) = words.first()
        {
            let negated = usize::from(word.text.starts_with('!'));
            let text = word.text[negated..].to_owned();
            let range = inside(word, opening.arguments().text());
            self.push(Kind::Variable, text, opening.arguments().span(range.start + negated..range.end), false);
            self.last_is_exact();
        }
    }

    /// `process-group=NAME` behind the words of a directive of mod_wsgi.
    fn options(&mut self, directive: &Directive, words: &[Word]) {
        let text = directive.arguments();
        for word in words.iter().filter(|word| word.text.starts_with("process-group=")) {
            let rest = text.slice(word.range.0..text.text().len());
            let (found, _) = options(&rest);
            if let Some(value) = found.first().map(|option| &option.value) {
                let span = rest.span(inside(value, rest.text()));
                self.group(value.text.to_string(), span, false);
            }
        }
    }

    fn define(&mut self, directive: &Directive, words: &[Word]) {
        self.word(Kind::Variable, words.first(), directive, true);
        if let (Some(name), Some(value)) = (self.0.last_mut(), words.get(1)) {
            name.value = Some(value.text.to_string());
        }
    }

    fn word(&mut self, kind: Kind, word: Option<&Word>, directive: &Directive, definition: bool) {
        let Some(word) = word else { return };
        let span = directive.arguments().span(inside(word, directive.arguments().text()));
        match kind {
            Kind::ProcessGroup => self.group(word.text.to_string(), span, definition),
            kind => self.push(kind, word.text.to_string(), span, definition),
        }
    }

    /// A token or a variable is no name.
    fn group(&mut self, text: String, span: Span, definition: bool) {
        if !text.contains(['%', '$']) {
            self.push(Kind::ProcessGroup, text, span, definition);
        }
    }

    /// Every `${NAME}` of a line.
    fn variables(&mut self, line: &Mapped) {
        for range in variables(line.text()) {
            let text = line.text()[range.clone()].to_owned();
            self.push(Kind::Variable, text, line.span(range), false);
        }
    }

    fn push(&mut self, kind: Kind, text: String, span: Span, definition: bool) {
        let exact = kind == Kind::ProcessGroup;
        self.0.push(Name { kind, text, span, definition, value: None, exact });
    }

    fn last_is_exact(&mut self) {
        if let Some(name) = self.0.last_mut() {
            name.exact = true;
        }
    }
}

impl Name {
    fn is_same(&self, other: &Self) -> bool {
        let exact = self.exact || other.exact;
        let same = if exact { self.text == other.text } else { self.text.eq_ignore_ascii_case(&other.text) };
        same && self.kind == other.kind
    }
}

/// Where the names of the variables in a text stand.
pub(super) fn variables(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("${").filter_map(|(at, _)| {
        let start = at + 2;
        let end = start + text[start..].find('}')?;
        let name = &text[start..end];
        (!name.is_empty() && !name.contains([':', '$', '{', ' '])).then_some(start..end)
    })
}

/// A word without its quotes, in the text that it was split from.
pub(super) fn inside(word: &Word, text: &str) -> Range<usize> {
    let (start, end) = word.range;
    if !word.quoted {
        return start..end;
    }
    let closed = usize::from(word.closed && end > start + 1 && text[..end].ends_with(['"', '\'']));
    start + 1..(end - closed).max(start + 1)
}
