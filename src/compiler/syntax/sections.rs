//! Pairs the tags of a file. In Rust and not in the grammar: only so can we say which opening line a tag fails to close, and
//! go on after it.

use super::tree::{Directive, Node, Section};
use super::words::Word;
use super::{
    MALFORMED_TAG, MISMATCHED_CLOSING, NESTING_TOO_DEEP, TEXT_AFTER_CLOSING_TAG, TEXT_AFTER_OPENING_TAG,
    UNCLOSED_SECTION, UNMATCHED_CLOSING,
};
use crate::compiler::diagnostic::{Edit, Repair, Report, Severity, nearest};
use crate::compiler::source::{Mapped, Span};

/// How deep sections may be nested. What is deeper is read as if it stood at this depth.
const DEEPEST: usize = 64;

/// Sections whose closing line must be nothing but the tag, as long as their condition is true.
const CONDITIONALS: [&str; 6] = ["IfModule", "IfDefine", "IfVersion", "IfFile", "IfDirective", "IfSection"];

/// Sections that refuse anything after their opening tag.
const COUNTING_WORDS: [&str; 5] = ["IfVersion", "Else", "RequireAll", "RequireAny", "RequireNone"];

/// What becomes of a section's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// The section is a node and they stand in it.
    Kept,
    /// They stand where the section stood: a condition that holds.
    Gone,
}

/// A section that is open, and what stood before it.
#[derive(Debug)]
struct Open {
    opening: Directive,
    around: Around,
    before: Vec<Node>,
}

/// A tree that grows line by line.
#[derive(Debug, Default)]
pub struct Tree {
    /// The sections that are open, the outermost first.
    open: Vec<Open>,
    nodes: Vec<Node>,
    /// Sections that are open around the file.
    outside: usize,
    /// Sections beyond [`DEEPEST`]: their lines are kept, they themselves are not.
    too_deep: Vec<Word>,
}

impl Tree {
    /// The tree of a file that is included where so many sections are open.
    pub fn inside(outside: usize) -> Self {
        Self { outside, ..Self::default() }
    }

    /// How many sections are open here, through all files.
    pub fn depth(&self) -> usize {
        self.outside + self.open.len()
    }

    /// Adds a line.
    pub fn directive(&mut self, directive: Directive) {
        self.nodes.push(Node::Directive(directive));
    }

    /// Adds what an included file holds.
    pub fn extend(&mut self, nodes: Vec<Node>) {
        self.nodes.extend(nodes);
    }

    /// The nodes at the end of the text. What is open there ends there, and is reported.
    pub fn finish(mut self, report: &mut Report) -> Vec<Node> {
        while let Some(Open { opening, .. }) = self.open.last() {
            let label = "opened here, open at the end of the file";
            let help = format!("add `</{}>`", opening.name.text);
            let edit = Edit::close_section(tag(opening), &opening.name.text, None);
            let found = UNCLOSED_SECTION.at(tag(opening), label).help(help);
            report.push(found.repair(format!("Close `<{}>`", opening.name.text), vec![edit]));
            self.leave(false);
        }
        self.nodes
    }

    /// Opens a section. Its `>` was taken off.
    pub fn open(&mut self, opening: Directive, around: Around, report: &mut Report) {
        if self.depth() < DEEPEST {
            self.open.push(Open { opening, around, before: std::mem::take(&mut self.nodes) });
            return;
        }
        if self.too_deep.is_empty() {
            let mut found = NESTING_TOO_DEEP.at(tag(&opening), "the 65th section inside one another");
            if let Some(outermost) = self.open.first() {
                found = found.and(tag(&outermost.opening), "the outermost begins here");
            }
            report.push(found);
        }
        self.too_deep.push(opening.name);
    }

    /// Closes a section: the innermost of that name.
    pub fn close(&mut self, name: &Word, closed: bool, tail: &Mapped, report: &mut Report) {
        let whole =
            Span { start: name.span.start.saturating_sub(2), end: name.span.end + u32::from(closed), ..name.span };
        if closed {
            look_at_tail(name, tail, report);
        } else {
            let help = format!("write `</{}>`", name.text);
            let mut found = MALFORMED_TAG.at(whole.to(tail.whole()), "`>` must follow the name").help(help);
            if tail.text().trim().is_empty() {
                found = found.respelt(&format!("</{}", name.text), &format!("</{}>", name.text));
            }
            report.push(found);
        }
        if let Some(at) = self.too_deep.iter().rposition(|open| open.text.eq_ignore_ascii_case(&name.text)) {
            self.too_deep.truncate(at);
            return;
        }
        let Some(at) = self.open.iter().rposition(|open| open.opening.is(&name.text)) else {
            self.close_misspelt(name, whole, report);
            return;
        };
        // What was opened inside and not closed ends here, so that the lines after it are read where they belong.
        while self.open.len() > at + 1 {
            let inner = &self.open[self.open.len() - 1].opening;
            let found = UNCLOSED_SECTION.at(tag(inner), "opened here, never closed");
            let found = found.and(whole, format!("`<{}>` ends here", name.text));
            let help = format!("add `</{}>` before `</{}>`", inner.name.text, name.text);
            let edit = Edit::close_section(tag(inner), &inner.name.text, Some(whole));
            report.push(found.help(help).repair(format!("Close `<{}>`", inner.name.text), vec![edit]));
            self.leave(false);
        }
        self.leave(true);
    }

    /// A closing tag of no open section: perhaps the innermost one's, misspelt.
    fn close_misspelt(&mut self, name: &Word, whole: Span, report: &mut Report) {
        let innermost = self.open.last().map(|Open { opening, .. }| (opening.name.text.clone(), tag(opening)));
        match innermost {
            Some((open, span)) if nearest(&name.text, [open.as_str()]).is_some() => {
                let found = MISMATCHED_CLOSING.at(whole, format!("does not close `<{open}>`"));
                let found = found.and(span, "opened here").help(format!("write `</{open}>`"));
                report.push(found.respelt(&format!("</{}>", name.text), &format!("</{open}>")));
                self.leave(true);
            }
            Some((open, span)) => {
                let found = UNMATCHED_CLOSING.at(whole, "no such section is open");
                report.push(found.and(span, format!("`<{open}>` is open")));
            }
            None => report.push(UNMATCHED_CLOSING.at(whole, "no section is open")),
        }
    }

    fn leave(&mut self, closed: bool) {
        if let Some(Open { opening, around, before }) = self.open.pop() {
            let nodes = std::mem::replace(&mut self.nodes, before);
            match around {
                Around::Kept => self.nodes.push(Node::Section(Section { opening, nodes, closed })),
                Around::Gone => self.nodes.extend(nodes),
            }
        }
    }
}

/// The repair of a comment behind something else: a line of its own, before that.
pub(crate) fn move_comment(span: Span, text: &str) -> Option<Repair> {
    let edits = vec![Edit::line_before(span, text, text), Edit::delete_with_blanks(span, text)];
    text.starts_with('#').then(|| Repair { title: "Give the comment a line of its own".to_owned(), edits })
}

/// The opening tag up to its name: `<Directory`.
fn tag(opening: &Directive) -> Span {
    let name = opening.name.span;
    Span { start: name.start.saturating_sub(1), ..name }
}

/// Takes the last `>` off an opening line, with what follows it.
pub fn cut_at_bracket(opening: &mut Directive, report: &mut Report) {
    if let Some(end) = opening.arguments().text().rfind('>') {
        look_after_opening(opening, end + 1, report);
        opening.cut(end);
    } else {
        let help = "end the line with `>`";
        let line = opening.line.text();
        let found = MALFORMED_TAG.at(opening.span(), "`>` is missing").help(help);
        report.push(found.respelt(line, &format!("{line}>")));
    }
}

/// What follows the `>` of an opening tag. Most sections read over it.
fn look_after_opening(opening: &Directive, start: usize, report: &mut Report) {
    let text = &opening.arguments().text()[start..];
    if text.trim().is_empty() {
        return;
    }
    let at = start + text.len() - text.trim_start().len();
    let span = opening.arguments().span(at..at + text.trim().len());
    let refused = COUNTING_WORDS.iter().any(|known| opening.is(known));
    let severity = if refused { Severity::Error } else { Severity::Warning };
    let label = if refused { "refused after this tag" } else { "ignored" };
    let found = TEXT_AFTER_OPENING_TAG.at(span, label).help("put it on a line of its own").graded(severity);
    report.push(found.maybe_repair(move_comment(span, text.trim())));
}

/// What follows a closing tag.
fn look_at_tail(name: &Word, tail: &Mapped, report: &mut Report) {
    let text = tail.text().trim();
    if text.is_empty() {
        return;
    }
    let at = tail.text().len() - tail.text().trim_start().len();
    let span = tail.span(at..at + text.len());
    let conditional = CONDITIONALS.iter().any(|known| known.eq_ignore_ascii_case(&name.text));
    let found = if text.starts_with('<') {
        TEXT_AFTER_CLOSING_TAG.at(span, "this tag is lost").graded(Severity::Error)
    } else if conditional {
        let label = "keeps the section from being closed";
        TEXT_AFTER_CLOSING_TAG.at(span, label).graded(Severity::Error)
    } else {
        TEXT_AFTER_CLOSING_TAG.at(span, "ignored")
    };
    report.push(found.help("put it on a line of its own").maybe_repair(move_comment(span, text)));
}
