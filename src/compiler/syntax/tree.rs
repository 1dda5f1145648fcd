//! The tree of a file: directives, and sections with what stands in them. Everything keeps its places.

use std::cell::OnceCell;

use super::sections::move_comment;
use super::words::{Word, words};
use crate::compiler::diagnostic::Repair;
use crate::compiler::source::{Mapped, Span};

/// What a file holds, in its order.
#[derive(Debug, Default)]
pub struct File {
    /// Its directives and sections.
    pub nodes: Vec<Node>,
}

/// One thing in a file.
#[derive(Debug)]
pub enum Node {
    /// A line.
    Directive(Directive),
    /// A section with its lines.
    Section(Section),
}

/// A line: a name and what follows it. Also the opening line of a section, without `<` and `>`.
#[derive(Debug, Clone)]
pub struct Directive {
    /// The name, as written.
    pub name: Word,
    /// What follows the name, untouched.
    arguments: Mapped,
    /// The whole line, continuations joined.
    pub line: Mapped,
    /// The words of the arguments, once somebody asked for them.
    words: OnceCell<Vec<Word>>,
}

/// `<Name …> … </Name>`.
#[derive(Debug)]
pub struct Section {
    /// The opening line.
    pub opening: Directive,
    /// What stands in it.
    pub nodes: Vec<Node>,
    /// Whether its closing tag was found where it belongs.
    pub closed: bool,
}

impl Directive {
    /// A line that was read.
    pub(super) fn new(name: Word, arguments: Mapped, line: Mapped) -> Self {
        Self { name, arguments, line, words: OnceCell::new() }
    }

    /// What follows the name, untouched.
    pub fn arguments(&self) -> &Mapped {
        &self.arguments
    }

    /// Leaves only so many bytes of the arguments.
    pub(super) fn cut(&mut self, end: usize) {
        self.arguments = self.arguments.slice(0..end);
        self.words.take();
    }

    /// Whether the name is this one. Case does not matter, as in httpd.
    pub fn is(&self, name: &str) -> bool {
        self.name.text.eq_ignore_ascii_case(name)
    }

    /// The words after the name.
    pub fn words(&self) -> &[Word] {
        self.words.get_or_init(|| words(&self.arguments))
    }

    /// The repair of a comment that begins at this word: a line of its own, before this one.
    pub(crate) fn move_comment(&self, first: Span) -> Option<Repair> {
        let line = self.line.text();
        let length = self.span().end.checked_sub(first.start)? as usize;
        let comment = line.get(line.len().checked_sub(length)?..)?;
        move_comment(Span { end: self.span().end, ..first }, comment)
    }

    /// Where the whole line stands.
    pub fn span(&self) -> Span {
        self.line.whole()
    }
}
