//! From text to a tree, with a report beside it: `parse` cannot fail. It knows no directive by name.

mod lines;
mod sections;
mod tree;
mod words;

use super::diagnostic::{Code, Report};
use super::source::{Mapped, SourceId, Text};

pub use tree::{Directive, File, Node, Section};
pub use words::{ValueOption, Word, options, words};

pub(crate) use lines::LONGEST_LINE;
pub(crate) use sections::DEEPEST;

/// Reads a text that is kept as `source`.
pub fn parse(source: SourceId, text: &Text, report: &mut Report) -> File {
    let mut pairing = sections::Pairing::new(report);
    for block in lines::blocks(text) {
        for line in lines::logical_lines(source, &block) {
            if !lines::is_short_enough(&line, pairing.report) {
                continue;
            }
            lines::look_for_traps(&line, pairing.report);
            if let Some(statement) = lines::statement(line.text) {
                pairing.add(statement);
            }
        }
    }
    pairing.finish()
}

/// Reads one line again, after `${NAME}` was replaced in it. A line that now opens or closes a section is `None`.
pub fn directive(line: &Mapped) -> Option<Directive> {
    match lines::statement(line.clone())? {
        lines::Statement::Directive(directive) => Some(directive),
        lines::Statement::Opening(_) | lines::Statement::Closing { .. } => None,
    }
}

/// Reads the opening line of a section again, after `${NAME}` was replaced in it.
pub fn opening(line: &Mapped) -> Option<Directive> {
    match lines::statement(line.clone())? {
        lines::Statement::Opening(mut opening) => {
            let end = opening.arguments.text().rfind('>').unwrap_or(opening.arguments.text().len());
            opening.arguments = opening.arguments.slice(0..end);
            Some(opening)
        }
        lines::Statement::Directive(_) | lines::Statement::Closing { .. } => None,
    }
}

/// Reports the words whose quote is never closed.
pub(crate) fn report_unclosed_quotes(words: &[Word], report: &mut Report) {
    for word in words.iter().filter(|word| !word.closed) {
        report.push(UNCLOSED_QUOTE.at(word.span, "the quote opens here").help("close the quote"));
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

static UNCLOSED_SECTION: Code =
    Code::error("unclosed-section", "a section is never closed", include_str!("syntax/unclosed_section.md"));

static UNMATCHED_CLOSING: Code =
    Code::error("unmatched-closing", "a closing tag closes nothing", include_str!("syntax/unmatched_closing.md"));

static MISMATCHED_CLOSING: Code = Code::error(
    "mismatched-closing",
    "a closing tag does not fit the section that is open",
    include_str!("syntax/mismatched_closing.md"),
);

static MALFORMED_TAG: Code =
    Code::error("malformed-tag", "a section's tag does not end with `>`", include_str!("syntax/malformed_tag.md"));

static TEXT_AFTER_CLOSING_TAG: Code = Code::warning(
    "text-after-closing-tag",
    "what follows a closing tag is ignored",
    include_str!("syntax/text_after_closing_tag.md"),
);

static TEXT_AFTER_OPENING_TAG: Code = Code::warning(
    "text-after-opening-tag",
    "what follows an opening tag is ignored",
    include_str!("syntax/text_after_opening_tag.md"),
);

pub(crate) static NESTING_TOO_DEEP: Code =
    Code::error("nesting-too-deep", "sections are nested deeper than 64", include_str!("syntax/nesting_too_deep.md"));

static NUL_BYTE: Code = Code::error("nul-byte", "a NUL byte stands in the file", include_str!("syntax/nul_byte.md"));

static BYTE_ORDER_MARK: Code = Code::error(
    "byte-order-mark",
    "the file begins with a byte-order mark, which Apache takes for part of the first word",
    include_str!("syntax/byte_order_mark.md"),
);

static BLANK_AFTER_BACKSLASH: Code = Code::error(
    "blank-after-backslash",
    "a blank after the backslash keeps the line from going on",
    include_str!("syntax/blank_after_backslash.md"),
);

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
);
