//! Pairs the tags of a file. In Rust and not in the grammar: only so can we say which opening line a tag fails to close, and
//! go on after it.

use super::lines::Statement;
use super::tree::{Directive, File, Node, Section};
use super::words::Word;
use super::{
    MALFORMED_TAG, MISMATCHED_CLOSING, NESTING_TOO_DEEP, TEXT_AFTER_CLOSING_TAG, TEXT_AFTER_OPENING_TAG,
    UNCLOSED_SECTION, UNMATCHED_CLOSING,
};
use crate::compiler::diagnostic::{Edit, Repair, Report, Severity, nearest};
use crate::compiler::source::{Mapped, Span};

/// How deep sections may be nested. What is deeper is read as if it stood at this depth.
pub(crate) const DEEPEST: usize = 64;

/// Sections whose closing line must be nothing but the tag, as long as their condition is true.
const CONDITIONALS: [&str; 6] = ["IfModule", "IfDefine", "IfVersion", "IfFile", "IfDirective", "IfSection"];

/// Sections that refuse anything after their opening tag.
const COUNTING_WORDS: [&str; 5] = ["IfVersion", "Else", "RequireAll", "RequireAny", "RequireNone"];

/// Makes a tree of statements: the sections that are open, the outermost first, each with what stood before it.
pub(super) struct Pairing<'a> {
    open: Vec<(Directive, Vec<Node>)>,
    nodes: Vec<Node>,
    /// Sections beyond [`DEEPEST`]: their lines are kept, they themselves are not.
    too_deep: Vec<Word>,
    pub(super) report: &'a mut Report,
}

impl<'a> Pairing<'a> {
    /// Before the first line of a file.
    pub(super) fn new(report: &'a mut Report) -> Self {
        Self { open: Vec::new(), nodes: Vec::new(), too_deep: Vec::new(), report }
    }

    /// The next line.
    pub(super) fn add(&mut self, statement: Statement) {
        match statement {
            Statement::Directive(directive) => self.nodes.push(Node::Directive(directive)),
            Statement::Opening(opening) => self.open(opening),
            Statement::Closing { name, closed, tail } => self.close(&name, closed, &tail),
        }
    }

    /// After the last line.
    pub(super) fn finish(mut self) -> File {
        while let Some((opening, _)) = self.open.last() {
            let label = "opened here, open at the end of the file";
            let help = format!("add `</{}>`", opening.name.text);
            let edit = Edit::close_section(tag(opening), &opening.name.text, None);
            let found = UNCLOSED_SECTION.at(tag(opening), label).help(help);
            self.report.push(found.repair(format!("Close `<{}>`", opening.name.text), vec![edit]));
            self.leave(false);
        }
        File { nodes: self.nodes }
    }

    fn open(&mut self, mut opening: Directive) {
        if let Some(end) = opening.arguments.text().rfind('>') {
            self.look_after_opening(&opening, end + 1);
            opening.arguments = opening.arguments.slice(0..end);
        } else {
            let help = "end the line with `>`";
            let line = opening.line.text();
            let found = MALFORMED_TAG.at(opening.span(), "`>` is missing").help(help);
            self.report.push(found.respelt(line, &format!("{line}>")));
        }
        if self.open.len() < DEEPEST {
            self.open.push((opening, std::mem::take(&mut self.nodes)));
            return;
        }
        if self.too_deep.is_empty() {
            let (outermost, _) = &self.open[0];
            let found = NESTING_TOO_DEEP.at(tag(&opening), "the 65th section inside one another");
            self.report.push(found.and(tag(outermost), "the outermost begins here"));
        }
        self.too_deep.push(opening.name);
    }

    /// What follows the `>` of an opening tag. Most sections read over it.
    fn look_after_opening(&mut self, opening: &Directive, start: usize) {
        let text = &opening.arguments.text()[start..];
        if text.trim().is_empty() {
            return;
        }
        let at = start + text.len() - text.trim_start().len();
        let span = opening.arguments.span(at..at + text.trim().len());
        let refused = COUNTING_WORDS.iter().any(|known| opening.is(known));
        let severity = if refused { Severity::Error } else { Severity::Warning };
        let label = if refused { "refused after this tag" } else { "ignored" };
        let found = TEXT_AFTER_OPENING_TAG.at(span, label).help("put it on a line of its own").graded(severity);
        self.report.push(found.maybe_repair(move_comment(span, text.trim())));
    }

    fn close(&mut self, name: &Word, closed: bool, tail: &Mapped) {
        let whole =
            Span { start: name.span.start.saturating_sub(2), end: name.span.end + u32::from(closed), ..name.span };
        if closed {
            self.look_at_tail(name, tail);
        } else {
            let help = format!("write `</{}>`", name.text);
            let mut found = MALFORMED_TAG.at(whole.to(tail.whole()), "`>` must follow the name").help(help);
            if tail.text().trim().is_empty() {
                found = found.respelt(&format!("</{}", name.text), &format!("</{}>", name.text));
            }
            self.report.push(found);
        }
        if let Some(at) = self.too_deep.iter().rposition(|open| open.text.eq_ignore_ascii_case(&name.text)) {
            self.too_deep.truncate(at);
            return;
        }
        let Some(at) = self.open.iter().rposition(|(opening, _)| opening.is(&name.text)) else {
            self.close_misspelt(name, whole);
            return;
        };
        // What was opened inside and not closed ends here, so that the lines after it are read where they belong.
        while self.open.len() > at + 1 {
            let (inner, _) = &self.open[self.open.len() - 1];
            let found = UNCLOSED_SECTION.at(tag(inner), "opened here, never closed");
            let found = found.and(whole, format!("`<{}>` ends here", name.text));
            let help = format!("add `</{}>` before `</{}>`", inner.name.text, name.text);
            let edit = Edit::close_section(tag(inner), &inner.name.text, Some(whole));
            self.report.push(found.help(help).repair(format!("Close `<{}>`", inner.name.text), vec![edit]));
            self.leave(false);
        }
        self.leave(true);
    }

    /// A closing tag of no open section: perhaps the innermost one's, misspelt.
    fn close_misspelt(&mut self, name: &Word, whole: Span) {
        let innermost = self.open.last().map(|(opening, _)| (opening.name.text.clone(), tag(opening)));
        match innermost {
            Some((open, span)) if nearest(&name.text, [open.as_str()]).is_some() => {
                let found = MISMATCHED_CLOSING.at(whole, format!("does not close `<{open}>`"));
                let found = found.and(span, "opened here").help(format!("write `</{open}>`"));
                self.report.push(found.respelt(&format!("</{}>", name.text), &format!("</{open}>")));
                self.leave(true);
            }
            Some((open, span)) => {
                let found = UNMATCHED_CLOSING.at(whole, "no such section is open");
                self.report.push(found.and(span, format!("`<{open}>` is open")));
            }
            None => self.report.push(UNMATCHED_CLOSING.at(whole, "no section is open")),
        }
    }

    fn look_at_tail(&mut self, name: &Word, tail: &Mapped) {
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
        let moved = move_comment(span, text);
        self.report.push(found.help("put it on a line of its own").maybe_repair(moved));
    }

    fn leave(&mut self, closed: bool) {
        if let Some((opening, before)) = self.open.pop() {
            let nodes = std::mem::replace(&mut self.nodes, before);
            self.nodes.push(Node::Section(Section { opening, nodes, closed }));
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
