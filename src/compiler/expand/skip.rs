//! The lines of a condition that does not hold: only their first words are looked at, to find where it ends.

use super::Expander;
use super::lines::Lines;
use crate::compiler::source::{Mapped, Span};
use crate::compiler::syntax::{Directive, MALFORMED_TAG, MISMATCHED_CLOSING, UNCLOSED_SECTION};

impl Expander<'_> {
    /// Reads over the lines up to the end of a section: its closing tag.
    pub(super) fn skip(&mut self, opening: &Directive, lines: &mut Lines) -> Option<Span> {
        let mut open = vec![opening.name.text.to_string()];
        while let Some(line) = lines.next(self.report) {
            let word = first_word(&line);
            let Some(tag) = word.strip_prefix('<') else { continue };
            let Some(closing) = tag.strip_prefix('/') else {
                open.push(tag.strip_suffix('>').unwrap_or(tag).to_owned());
                continue;
            };
            let span = line.span(0..word.len());
            let Some(name) = closing.strip_suffix('>') else {
                let found = MALFORMED_TAG.at(span, "`>` must follow the name");
                self.report.push(found.and(opening.span(), "in the lines that this leaves out"));
                continue;
            };
            let Some(at) = open.iter().rposition(|open| open.eq_ignore_ascii_case(name)) else {
                let innermost = open.last().map_or(opening.name.text.as_str(), String::as_str);
                let found = MISMATCHED_CLOSING.at(span, format!("does not close `<{innermost}>`"));
                self.report.push(found.and(opening.span(), "in the lines that this leaves out"));
                continue;
            };
            if let Some(inner) = open.get(at + 1) {
                let found = MISMATCHED_CLOSING.at(span, format!("`<{inner}>` is still open"));
                let found = found.and(opening.span(), "in the lines that this leaves out");
                self.report.push(found.help(format!("add `</{inner}>` before `</{name}>`")));
            }
            open.truncate(at);
            if open.is_empty() {
                return Some(span);
            }
        }
        let found = UNCLOSED_SECTION.at(opening.span(), "opened here, open at the end of the file");
        self.report.push(found.help(format!("add `</{}>`", opening.name.text)));
        None
    }
}

/// The first word of a line, as it is written.
pub(super) fn first_word(line: &Mapped) -> &str {
    line.text().split_ascii_whitespace().next().unwrap_or_default()
}
