//! From text to a tree, with a report beside it: `parse` cannot fail. It knows no directive by name.

mod lines;
mod sections;
mod tree;
mod words;

use super::diagnostic::{Code, Report, Severity};
use super::source::{Mapped, SourceId};

pub use tree::{Directive, File, Node, Section};
pub use words::{ValueOption, Word, options, words};

pub(crate) use sections::DEEPEST;

/// Reads a text that is kept as `source`.
pub fn parse(source: SourceId, text: &str, report: &mut Report) -> File {
    let statements = lines::logical_lines(source, text)
        .into_iter()
        .filter_map(|line| {
            if !lines::is_short_enough(&line, report) {
                return None;
            }
            lines::look_for_traps(&line, report);
            lines::statement(line.text)
        })
        .collect();
    sections::pair(statements, report)
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

static UNCLOSED_SECTION: Code = Code {
    name: "unclosed-section",
    severity: Severity::Error,
    summary: "a section is never closed",
    explain: include_str!("syntax/unclosed_section.md"),
};

static UNMATCHED_CLOSING: Code = Code {
    name: "unmatched-closing",
    severity: Severity::Error,
    summary: "a closing tag closes nothing",
    explain: include_str!("syntax/unmatched_closing.md"),
};

static MISMATCHED_CLOSING: Code = Code {
    name: "mismatched-closing",
    severity: Severity::Error,
    summary: "a closing tag does not fit the section that is open",
    explain: include_str!("syntax/mismatched_closing.md"),
};

static MALFORMED_TAG: Code = Code {
    name: "malformed-tag",
    severity: Severity::Error,
    summary: "a section's tag does not end with `>`",
    explain: include_str!("syntax/malformed_tag.md"),
};

static TEXT_AFTER_CLOSING_TAG: Code = Code {
    name: "text-after-closing-tag",
    severity: Severity::Warning,
    summary: "what follows a closing tag is ignored",
    explain: include_str!("syntax/text_after_closing_tag.md"),
};

static TEXT_AFTER_OPENING_TAG: Code = Code {
    name: "text-after-opening-tag",
    severity: Severity::Warning,
    summary: "what follows an opening tag is ignored",
    explain: include_str!("syntax/text_after_opening_tag.md"),
};

pub(crate) static NESTING_TOO_DEEP: Code = Code {
    name: "nesting-too-deep",
    severity: Severity::Error,
    summary: "sections are nested deeper than 64",
    explain: include_str!("syntax/nesting_too_deep.md"),
};

static NUL_BYTE: Code = Code {
    name: "nul-byte",
    severity: Severity::Error,
    summary: "a NUL byte stands in the file",
    explain: include_str!("syntax/nul_byte.md"),
};

static BYTE_ORDER_MARK: Code = Code {
    name: "byte-order-mark",
    severity: Severity::Error,
    summary: "the file begins with a byte-order mark, which Apache takes for part of the first word",
    explain: include_str!("syntax/byte_order_mark.md"),
};

static BLANK_AFTER_BACKSLASH: Code = Code {
    name: "blank-after-backslash",
    severity: Severity::Error,
    summary: "a blank after the backslash keeps the line from going on",
    explain: include_str!("syntax/blank_after_backslash.md"),
};

static COMMENT_SWALLOWS_NEXT_LINE: Code = Code {
    name: "comment-swallows-next-line",
    severity: Severity::Warning,
    summary: "a comment that ends in a backslash takes the next line with it",
    explain: include_str!("syntax/comment_swallows_next_line.md"),
};

static LOOK_ALIKE_CHARACTER: Code = Code {
    name: "look-alike-character",
    severity: Severity::Warning,
    summary: "a character looks like a blank or a quote, and is neither to Apache",
    explain: include_str!("syntax/look_alike_character.md"),
};

static LINE_TOO_LONG: Code = Code {
    name: "line-too-long",
    severity: Severity::Error,
    summary: "a line is longer than 16 MiB",
    explain: include_str!("syntax/line_too_long.md"),
};

static UNCLOSED_QUOTE: Code = Code {
    name: "unclosed-quote",
    severity: Severity::Error,
    summary: "a quote is never closed and takes the rest of the line",
    explain: include_str!("syntax/unclosed_quote.md"),
};
