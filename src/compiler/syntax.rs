//! From text to a tree, with a report beside it: `parse` cannot fail. It knows no directive by name.

mod lines;
mod sections;
mod tree;
mod words;

use super::diagnostic::{Code, Edit, Report};
use super::source::{Mapped, SourceId, Text};

pub use lines::{Lines, Statement};
pub use sections::{Around, Tree, cut_at_bracket};
pub use tree::{Directive, File, Node, Section};
pub use words::{ValueOption, Word, options, words};

pub(crate) use lines::{LONGEST_LINE, may_be_split};

/// Reads a text that is kept as `source`, as it stands: nothing is included, and every condition's lines are there.
pub fn parse(source: SourceId, text: &Text, report: &mut Report) -> File {
    let mut tree = Tree::default();
    let mut lines = Lines::of(source, text);
    while let Some(line) = lines.next(report) {
        match statement(line) {
            Some(Statement::Directive(directive)) => tree.directive(directive),
            Some(Statement::Opening(mut opening)) => {
                cut_at_bracket(&mut opening, report);
                tree.open(opening, Around::Kept, report);
            }
            Some(Statement::Closing { name, closed, tail }) => tree.close(&name, closed, &tail, report),
            None => {}
        }
    }
    File { nodes: tree.finish(report) }
}

/// What a logical line is; `None` for a comment and for nothing.
pub fn statement(line: Mapped) -> Option<Statement> {
    lines::statement(line)
}

/// Reports the words whose quote is never closed.
pub(crate) fn report_unclosed_quotes<'a>(words: impl IntoIterator<Item = &'a Word>, report: &mut Report) {
    for word in words.into_iter().filter(|word| !word.closed) {
        let mut found = UNCLOSED_QUOTE.at(word.span, "the quote opens here").help("close the quote");
        // A blank in it may be where the quote was to end.
        if !word.text.contains([' ', '\t', '\\']) {
            found = found.repair("Close the quote", vec![Edit::close_quote(word.span, word.text.as_str())]);
        }
        report.push(found);
    }
}

/// Every kind of finding of this stage.
pub const CODES: &[&Code] = &[
    &UNCLOSED_SECTION,
    &UNMATCHED_CLOSING,
    &MISMATCHED_CLOSING,
    &MALFORMED_TAG,
    &TEXT_AFTER_CLOSING_TAG,
    &TEXT_AFTER_OPENING_TAG,
    &NESTING_TOO_DEEP,
    &NUL_BYTE,
    &BYTE_ORDER_MARK,
    &BLANK_AFTER_BACKSLASH,
    &COMMENT_SWALLOWS_NEXT_LINE,
    &LOOK_ALIKE_CHARACTER,
    &LINE_TOO_LONG,
    &UNCLOSED_QUOTE,
];

pub(crate) static UNCLOSED_SECTION: Code =
    Code::error("unclosed-section", "a section is never closed", include_str!("syntax/unclosed_section.md"));

static UNMATCHED_CLOSING: Code =
    Code::error("unmatched-closing", "a closing tag closes nothing", include_str!("syntax/unmatched_closing.md"));

pub(crate) static MISMATCHED_CLOSING: Code = Code::error(
    "mismatched-closing",
    "a closing tag does not fit the section that is open",
    include_str!("syntax/mismatched_closing.md"),
);

pub(crate) static MALFORMED_TAG: Code =
    Code::error("malformed-tag", "a section's tag does not end with `>`", include_str!("syntax/malformed_tag.md"))
        .predicts(&["AH00526"]);

pub(crate) static TEXT_AFTER_CLOSING_TAG: Code = Code::warning(
    "text-after-closing-tag",
    "what follows a closing tag is ignored",
    include_str!("syntax/text_after_closing_tag.md"),
);

static TEXT_AFTER_OPENING_TAG: Code = Code::warning(
    "text-after-opening-tag",
    "what follows an opening tag is ignored",
    include_str!("syntax/text_after_opening_tag.md"),
);

static NESTING_TOO_DEEP: Code =
    Code::error("nesting-too-deep", "sections are nested deeper than 64", include_str!("syntax/nesting_too_deep.md"));

static NUL_BYTE: Code = Code::error("nul-byte", "a NUL byte stands in the file", include_str!("syntax/nul_byte.md"));

static BYTE_ORDER_MARK: Code = Code::error(
    "byte-order-mark",
    "the file begins with a byte-order mark, which Apache takes for part of the first word",
    include_str!("syntax/byte_order_mark.md"),
)
.predicts(&["AH00526"]);

static BLANK_AFTER_BACKSLASH: Code = Code::error(
    "blank-after-backslash",
    "a blank after the backslash keeps the line from going on",
    include_str!("syntax/blank_after_backslash.md"),
)
.predicts(&["AH00526"]);

static COMMENT_SWALLOWS_NEXT_LINE: Code = Code::warning(
    "comment-swallows-next-line",
    "a comment that ends in a backslash takes the next line with it",
    include_str!("syntax/comment_swallows_next_line.md"),
);

static LOOK_ALIKE_CHARACTER: Code = Code::warning(
    "look-alike-character",
    "a character looks like a blank or a quote, and is neither to Apache",
    include_str!("syntax/look_alike_character.md"),
);

pub(crate) static LINE_TOO_LONG: Code =
    Code::error("line-too-long", "a line is longer than 16 MiB", include_str!("syntax/line_too_long.md"));

static UNCLOSED_QUOTE: Code = Code::error(
    "unclosed-quote",
    "a quote is never closed and takes the rest of the line",
    include_str!("syntax/unclosed_quote.md"),
)
.of_a_line();
