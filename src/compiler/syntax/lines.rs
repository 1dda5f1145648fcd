//! The grammar at work: logical lines, statements, words, options. The only file that names pest.

use pest::Parser;
use pest::iterators::Pair;
use pest_derive::Parser as DerivedParser;

use super::tree::Directive;
use super::words::{ValueOption, Word, unescape};
use super::{
    BLANK_AFTER_BACKSLASH, BYTE_ORDER_MARK, COMMENT_SWALLOWS_NEXT_LINE, LINE_TOO_LONG, LOOK_ALIKE_CHARACTER, NUL_BYTE,
};
use crate::compiler::diagnostic::{Edit, Report};
use crate::compiler::source::{Mapped, SourceId, Span, Spanned};

#[derive(DerivedParser)]
#[grammar = "../grammar/httpd.pest"]
#[allow(missing_docs)]
struct Grammar;

/// Apache's own limit of a logical line, comments included.
const LONGEST_LINE: usize = 16_777_215;

/// Why `expect` is right wherever the grammar is asked.
const TOTAL: &str = "the grammar matches every text";

/// A line with its continuations joined.
pub(super) struct LogicalLine {
    /// Its text, blanks at both ends taken off.
    pub(super) text: Mapped,
    /// Where its second physical line begins, if it has one.
    second: Option<usize>,
    /// A backslash at its end that blanks follow.
    stray_backslash: Option<Span>,
}

/// What a line is. Comments and empty lines are nothing.
pub(super) enum Statement {
    Directive(Directive),
    /// `<Name arguments>`; whether the `>` is there.
    Opening(Directive),
    /// `</Name>` and what follows; whether the `>` is there.
    Closing {
        name: Spanned<String>,
        closed: bool,
        tail: Mapped,
    },
}

/// Splits a file into its logical lines.
pub(super) fn logical_lines(source: SourceId, text: &str) -> Vec<LogicalLine> {
    let file = Grammar::parse(Rule::file, text).expect(TOTAL).next().expect(TOTAL);
    file.into_inner()
        .filter(|line| line.as_rule() == Rule::logical_line)
        .filter(|line| !line.as_str().trim_ascii().is_empty())
        .map(|line| logical_line(source, line))
        .collect()
}

fn logical_line(source: SourceId, line: Pair<'_, Rule>) -> LogicalLine {
    let mut text = Mapped::default();
    let mut second = None;
    let mut stray_backslash = None;
    for part in line.into_inner() {
        let start = part.as_span().start();
        if !text.text().is_empty() && second.is_none() {
            second = Some(text.text().len());
        }
        let span = Span { source, start: start as u32, end: part.as_span().end() as u32 };
        text.push_verbatim(span, part.as_str());
        let visible = part.as_str().trim_end_matches(is_blank);
        let trailing = visible.len() < part.as_str().trim_end_matches('\r').len();
        stray_backslash = (visible.ends_with('\\') && trailing).then(|| {
            let end = span.start + visible.len() as u32;
            Span { start: end - 1, end, ..span }
        });
    }
    let leading = text.text().len() - text.text().trim_start_matches(is_blank).len();
    let end = text.text().trim_end_matches(is_blank).len().max(leading);
    if leading > 0 || end < text.text().len() {
        text = text.slice(leading..end);
        second = second.map(|at: usize| at.saturating_sub(leading));
    }
    LogicalLine { text, second, stray_backslash }
}

/// Blanks of the C locale: no others separate words.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\x0B' | '\x0C' | '\r' | '\n')
}

/// Whether a line may be read at all.
pub(super) fn is_short_enough(line: &LogicalLine, report: &mut Report) -> bool {
    let short = line.text.text().len() <= LONGEST_LINE;
    if !short {
        report.push(LINE_TOO_LONG.at(line.text.span(0..1), "begins here"));
    }
    short
}

/// Reports what a person cannot see in a line, and what Apache does not say.
pub(super) fn look_for_traps(line: &LogicalLine, report: &mut Report) {
    let text = line.text.text();
    if let Some(at) = text.find('\0') {
        let found = NUL_BYTE.at(line.text.span(at..at + 1), "Apache stops reading the line here");
        report.push(found.help("is this a text file?"));
    }
    if text.starts_with('#') {
        swallowed(line, report);
        return;
    }
    if let Some(span) = line.stray_backslash {
        let edit = Edit::delete_blanks_behind(span, "\\");
        let found = BLANK_AFTER_BACKSLASH.at(span, "a blank follows").help("delete the blanks after the backslash");
        report.push(found.repair("Delete the blanks after the backslash", vec![edit]));
    }
    if !text.is_ascii() {
        look_alikes(&line.text, report);
    }
}

/// A comment goes on after a backslash; it matters where the next line looks like a directive at the same margin.
fn swallowed(line: &LogicalLine, report: &mut Report) {
    let Some(second) = line.second else { return };
    let next = &line.text.text()[second..];
    if next.starts_with(|first: char| first.is_ascii_uppercase() || first == '<') {
        let end = second + next.find(is_blank).unwrap_or(next.len());
        let found = COMMENT_SWALLOWS_NEXT_LINE.at(line.text.span(second..end), "part of the comment above");
        report.push(found.help("take the backslash away, or put `#` before this line too"));
    }
}

/// Outside of quotes such characters are hardly ever meant.
fn look_alikes(text: &Mapped, report: &mut Report) {
    for word in words(text).iter().filter(|word| !word.quoted) {
        look_alikes_in(text, word.range, report);
    }
}

fn look_alikes_in(text: &Mapped, (start, end): (usize, usize), report: &mut Report) {
    for (at, character) in text.text()[start..end].char_indices() {
        let blank = matches!(character, '\u{A0}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{3000}' | '\u{2060}');
        let quote = at == 0 && matches!(character, '“' | '”' | '„' | '‟' | '‘' | '’' | '«' | '»');
        let span = text.span(start + at..start + at + character.len_utf8());
        if character == '\u{FEFF}' && span.start == 0 {
            let found = BYTE_ORDER_MARK.at(span, "invisible here");
            let found = found.help("save the file as UTF-8 without a byte-order mark");
            report.push(found.repair("Delete the byte-order mark", vec![Edit::replace(span, "\u{FEFF}", "")]));
        } else if blank || character == '\u{FEFF}' {
            let label = format!("U+{:04X}, not a blank", u32::from(character));
            let mut found = LOOK_ALIKE_CHARACTER.at(span, label).help("type a plain space");
            // One without a width stands where nothing was meant, or a blank.
            if !matches!(character, '\u{200B}' | '\u{2060}' | '\u{FEFF}') {
                let edit = Edit::replace(span, character, " ");
                found = found.repair("Write a plain space", vec![edit]);
            }
            report.push(found);
        } else if quote {
            report.push(LOOK_ALIKE_CHARACTER.at(span, "not a quote to Apache").help("type `\"`"));
        }
    }
}

/// What a line is.
pub(super) fn statement(line: Mapped) -> Option<Statement> {
    // A byte-order mark is reported once and read over.
    let line = match line.text().strip_prefix('\u{FEFF}') {
        Some(rest) if line.span(0..1).start == 0 => line.slice(line.text().len() - rest.len()..line.text().len()),
        _ => line,
    };
    let text = line.text().to_owned();
    let pair = Grammar::parse(Rule::statement, &text).expect(TOTAL).next().expect(TOTAL);
    let kind = pair.into_inner().next().expect(TOTAL);
    let end = range(&kind).end;
    match kind.as_rule() {
        Rule::directive => {
            let mut inner = kind.into_inner();
            let name = word(inner.next().expect(TOTAL), &line);
            let arguments = line.slice(end..text.len());
            Some(Statement::Directive(Directive { name, arguments, line }))
        }
        Rule::opening => {
            let mut inner = kind.into_inner();
            let name = tag_name(&inner.next().expect(TOTAL), &line);
            let arguments = line.slice(end..text.len());
            Some(Statement::Opening(Directive { name, arguments, line }))
        }
        Rule::closing => {
            let mut inner = kind.into_inner();
            let name = tag_name(&inner.next().expect(TOTAL), &line).spanned();
            let closed = text[end..].starts_with('>');
            let tail = line.slice(end + usize::from(closed)..text.len());
            Some(Statement::Closing { name, closed, tail })
        }
        _ => None,
    }
}

fn tag_name(pair: &Pair<'_, Rule>, line: &Mapped) -> Word {
    let range = range(pair);
    let span = line.span(range.clone());
    Word { text: pair.as_str().to_owned(), span, range: (range.start, range.end), quoted: false, closed: true }
}

pub(super) fn words(text: &Mapped) -> Vec<Word> {
    let pair = Grammar::parse(Rule::words, text.text()).expect(TOTAL).next().expect(TOTAL);
    pair.into_inner().filter(|pair| pair.as_rule() == Rule::word).map(|pair| word(pair, text)).collect()
}

pub(super) fn options(text: &Mapped) -> (Vec<ValueOption>, Option<Word>) {
    let pair = Grammar::parse(Rule::options, text.text()).expect(TOTAL).next().expect(TOTAL);
    let end = range(&pair).end;
    let found =
        pair.into_inner().filter(|pair| pair.as_rule() == Rule::option).map(|pair| option(pair, text)).collect();
    let leftover = words(&text.slice(end..text.text().len())).into_iter().next();
    (found, leftover)
}

fn option(pair: Pair<'_, Rule>, text: &Mapped) -> ValueOption {
    let whole = range(&pair);
    let mut inner = pair.into_inner();
    let name = inner.next().expect(TOTAL);
    let name = Spanned::new(name.as_str().to_owned(), text.span(range(&name)));
    let value = inner.next().map(|value| word(value, text)).unwrap_or(Word {
        text: String::new(),
        span: text.span(whole.clone()),
        range: (whole.end, whole.end),
        quoted: false,
        closed: true,
    });
    ValueOption { name, value }
}

fn word(pair: Pair<'_, Rule>, text: &Mapped) -> Word {
    let range = range(&pair);
    let form = pair.into_inner().next().expect(TOTAL);
    let quote = match form.as_rule() {
        Rule::double => Some('"'),
        Rule::single => Some('\''),
        _ => None,
    };
    let (plain, closed) = if quote.is_none() {
        (form.as_str().to_owned(), true)
    } else {
        let mut inner = form.into_inner();
        let plain = inner.next().expect(TOTAL).as_str().to_owned();
        let closed = inner.any(|end| matches!(end.as_rule(), Rule::close_double | Rule::close_single));
        (plain, closed)
    };
    Word {
        text: unescape(&plain, quote),
        span: text.span(range.clone()),
        range: (range.start, range.end),
        quoted: quote.is_some(),
        closed,
    }
}

fn range(pair: &Pair<'_, Rule>) -> std::ops::Range<usize> {
    pair.as_span().start()..pair.as_span().end()
}
