//! The grammar at work: logical lines, statements, words, options. The only file that names pest.

use std::ops::Range;

use pest::Parser;
use pest::iterators::Pair;
use pest_derive::Parser as DerivedParser;

use super::tree::Directive;
use super::words::{ValueOption, Word, unescape};
use super::{
    BLANK_AFTER_BACKSLASH, BYTE_ORDER_MARK, COMMENT_SWALLOWS_NEXT_LINE, LINE_TOO_LONG, LOOK_ALIKE_CHARACTER, NUL_BYTE,
};
use crate::compiler::diagnostic::{Edit, Report};
use crate::compiler::source::{Mapped, SourceId, Span, Spanned, Text};

#[derive(DerivedParser)]
#[grammar = "../grammar/httpd.pest"]
#[allow(missing_docs)]
struct Grammar;

/// Apache's own limit of a logical line, comments included.
pub(crate) const LONGEST_LINE: usize = 16_777_215;

/// Why `expect` is right wherever the grammar is asked.
const TOTAL: &str = "the grammar matches every text";

/// A line with its continuations joined.
#[derive(Debug, PartialEq)]
struct LogicalLine {
    /// Its text, blanks at both ends taken off.
    text: Mapped,
    /// Where its second physical line begins, if it has one.
    second: Option<usize>,
    /// A backslash at its end that blanks follow.
    stray_backslash: Option<Span>,
}

/// What a line is. Comments and empty lines are nothing.
#[derive(Debug)]
pub enum Statement {
    /// A name and its words.
    Directive(Directive),
    /// `<Name arguments>`, the `>` and what follows it among the arguments.
    Opening(Directive),
    /// `</Name>` and what follows.
    Closing {
        /// The name, as written.
        name: Word,
        /// Whether the `>` is there.
        closed: bool,
        /// What follows the `>`.
        tail: Mapped,
    },
}

/// The logical lines of a text that are neither empty nor comments, one after the other.
pub struct Lines {
    source: SourceId,
    text: Text,
    /// How much of the text was read.
    done: usize,
    /// The text is ASCII without NUL: there is nothing in it that a person cannot see.
    plain: bool,
}

impl Lines {
    /// The lines of a text that is kept as `source`.
    pub fn of(source: SourceId, text: &Text) -> Self {
        let plain = text.is_ascii() && !text.contains('\0');
        Self { source, text: text.clone(), done: 0, plain }
    }

    /// The next line. What a person cannot see in it, and in the comments before it, is reported.
    pub fn next(&mut self, report: &mut Report) -> Option<Mapped> {
        while self.done < self.text.len() {
            let Some(line) = self.logical_line() else { continue };
            if is_short_enough(&line, report) {
                look_for_traps(&line, self.plain, report);
                if !line.text.text().starts_with('#') {
                    return Some(line.text);
                }
            }
        }
        None
    }

    /// Whether this line is the last of the text, and no line end follows it.
    pub fn ends_with(&self, line: &Mapped) -> bool {
        let Span { source, end, .. } = line.whole();
        source == self.source && !self.text.ends_with('\n') && self.text[end as usize..].chars().all(is_blank)
    }

    /// The next logical line; `None` for an empty one, and for a comment of which there is nothing to say.
    fn logical_line(&mut self) -> Option<LogicalLine> {
        let start = self.done;
        let mut end = start + physical_line(&self.text.as_bytes()[start..]);
        let mut line = &self.text[start..end];
        let continued = goes_on(line);
        while goes_on(line) && end < self.text.len() {
            let next = end + 1;
            end = next + physical_line(&self.text.as_bytes()[next..]);
            line = &self.text[next..end];
        }
        self.done = end + 1;
        if continued {
            let text = self.text.slice(start..end);
            let pair = parse(Rule::logical_line, &text);
            return (!text.trim_ascii().is_empty()).then(|| continued_line(self.source, &text, pair));
        }
        let visible = line.trim_end_matches(is_blank);
        let leading = visible.len() - visible.trim_start_matches(is_blank).len();
        let range = start + leading..start + visible.len();
        let silent = self.plain && range.len() <= LONGEST_LINE;
        if range.is_empty() || silent && self.text.as_bytes()[range.start] == b'#' {
            return None;
        }
        let text = |range| Mapped::verbatim(self.source, self.text.slice(range));
        let blanks_follow = visible.len() < line.trim_end_matches('\r').len();
        let stray = blanks_follow && visible.ends_with('\\');
        let stray_backslash = stray.then(|| text(range.end - 1..range.end).whole());
        Some(LogicalLine { text: text(range), second: None, stray_backslash })
    }
}

/// How many bytes there are before the end of a line.
fn physical_line(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

/// Whether the next physical line belongs to this one.
fn goes_on(line: &str) -> bool {
    line.strip_suffix('\r').unwrap_or(line).ends_with('\\')
}

/// Joins the physical lines of a logical one.
fn continued_line(source: SourceId, text: &Text, line: Pair<'_, Rule>) -> LogicalLine {
    let mut parts = line.into_inner().map(|part| Mapped::verbatim(source, text.slice(range(&part))));
    let mut line = parts.next().expect(TOTAL);
    let mut second: Option<usize> = None;
    let mut last = 0;
    for part in parts {
        last = line.text().len();
        second = second.or((last > 0).then_some(last));
        line.append(&part);
    }
    let visible = line.text().trim_end_matches(is_blank).len();
    second = second.filter(|at| *at < visible);
    let blanks_follow = visible < line.text().trim_end_matches('\r').len();
    let stray = visible > last && line.text()[..visible].ends_with('\\') && blanks_follow;
    let stray_backslash = stray.then(|| line.span(visible - 1..visible));
    let leading = line.text().len() - line.text().trim_start_matches(is_blank).len();
    let end = visible.max(leading);
    if leading > 0 || end < line.text().len() {
        line = line.slice(leading..end);
        second = second.map(|at| at.saturating_sub(leading));
    }
    LogicalLine { text: line, second, stray_backslash }
}

/// Blanks of the C locale: no others separate words.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\x0B' | '\x0C' | '\r' | '\n')
}

/// More words than a directive ever has: each takes several times the room of its letters.
const MOST_WORDS: usize = 100_000;

/// Whether a line has no more words than can be kept; said if not.
pub(crate) fn may_be_split(line: &Mapped, report: &mut Report) -> bool {
    let text = line.text().as_bytes();
    let begins = |pair: &[u8]| is_blank(char::from(pair[0])) && !is_blank(char::from(pair[1]));
    let few = text.len() < 2 * MOST_WORDS || text.windows(2).filter(|pair| begins(pair)).count() < MOST_WORDS;
    if !few {
        report.push(LINE_TOO_LONG.at(line.span(0..1), "more than 100,000 words").says("a line has too many words"));
    }
    few
}

/// Whether a line may be read at all.
fn is_short_enough(line: &LogicalLine, report: &mut Report) -> bool {
    let short = line.text.text().len() <= LONGEST_LINE;
    if !short {
        report.push(LINE_TOO_LONG.at(line.text.span(0..1), "begins here"));
    }
    short && (line.text.text().starts_with('#') || may_be_split(&line.text, report))
}

/// Reports what a person cannot see in a line, and what Apache does not say.
fn look_for_traps(line: &LogicalLine, plain: bool, report: &mut Report) {
    let text = line.text.text();
    if !plain && let Some(at) = text.find('\0') {
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
    if !plain && !text.is_ascii() {
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
    if let Some((name, end)) = plain_name(line.text()) {
        let (name, arguments) = (word_at(name, &line), line.slice(end..line.text().len()));
        return Some(Statement::Directive(Directive::new(name, arguments, line)));
    }
    let text = line.text();
    let kind = parse(Rule::statement, text);
    let Range { end, .. } = range(&kind);
    match kind.as_rule() {
        Rule::directive => {
            let name = word(kind.into_inner().next().expect(TOTAL), &line);
            let arguments = line.slice(end..text.len());
            Some(Statement::Directive(Directive::new(name, arguments, line)))
        }
        Rule::opening => {
            let name = word_at(range(&kind.into_inner().next().expect(TOTAL)), &line);
            let arguments = line.slice(end..text.len());
            Some(Statement::Opening(Directive::new(name, arguments, line)))
        }
        Rule::closing => {
            let name = word_at(range(&kind.into_inner().next().expect(TOTAL)), &line);
            let closed = text[end..].starts_with('>');
            let tail = line.slice(end + usize::from(closed)..text.len());
            Some(Statement::Closing { name, closed, tail })
        }
        _ => None,
    }
}

pub(super) fn words(text: &Mapped) -> Vec<Word> {
    plain_words(text).unwrap_or_else(|| words_of_grammar(text))
}

fn words_of_grammar(text: &Mapped) -> Vec<Word> {
    parse(Rule::words, text.text()).into_inner().map(|pair| word(pair, text)).collect()
}

pub(super) fn options(text: &Mapped) -> (Vec<ValueOption>, Option<Word>) {
    let pair = parse(Rule::options, text.text());
    let Range { end, .. } = range(&pair);
    let found = pair.into_inner().map(|pair| option(pair, text)).collect();
    let leftover = words(&text.slice(end..text.text().len())).into_iter().next();
    (found, leftover)
}

fn option(pair: Pair<'_, Rule>, text: &Mapped) -> ValueOption {
    let whole = range(&pair);
    let mut inner = pair.into_inner();
    let name = inner.next().expect(TOTAL);
    let name = Spanned::new(name.as_str().to_owned(), text.span(range(&name)));
    let value = inner.next().map(|value| word(value, text)).unwrap_or(Word {
        text: Text::default(),
        span: text.span(whole.clone()),
        range: (whole.end, whole.end),
        quoted: false,
        closed: true,
    });
    ValueOption { name, value }
}

fn word(pair: Pair<'_, Rule>, text: &Mapped) -> Word {
    let whole = word_at(range(&pair), text);
    let quote = match pair.as_rule() {
        Rule::double => '"',
        Rule::single => '\'',
        _ => return Word { text: unescape(whole.text, None), ..whole },
    };
    let mut inner = pair.into_inner();
    let quoted = text.text_of(range(&inner.next().expect(TOTAL)));
    let closed = inner.next().is_some();
    Word { text: unescape(quoted, Some(quote)), quoted: true, closed, ..whole }
}

/// A word that is taken as it stands.
fn word_at(range: Range<usize>, text: &Mapped) -> Word {
    Word {
        text: text.text_of(range.clone()),
        span: text.span(range.clone()),
        range: (range.start, range.end),
        quoted: false,
        closed: true,
    }
}

// Nearly every line begins with a name and holds no backslash. The grammar would say what is said here, and take longer.

/// The name at the start of a directive, and where its arguments begin. `None` when only the grammar can tell.
fn plain_name(text: &str) -> Option<(Range<usize>, usize)> {
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let end = blank_from(text, 0);
    (!text[..end].contains('\\')).then_some((0..end, visible_from(text, end)))
}

/// Where the first blank from here on stands. Blanks are bytes of their own in UTF-8.
fn blank_from(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().position(|byte| is_blank(char::from(*byte))).map_or(text.len(), |length| at + length)
}

/// Where the first character from here on stands that is no blank.
fn visible_from(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().position(|byte| !is_blank(char::from(*byte))).map_or(text.len(), |length| at + length)
}

/// The words of a text without backslashes.
fn plain_words(text: &Mapped) -> Option<Vec<Word>> {
    let whole = text.text();
    if whole.contains('\\') {
        return None;
    }
    let mut words = Vec::new();
    let mut at = visible_from(whole, 0);
    while let Some(first) = whole.as_bytes().get(at) {
        let end = if matches!(first, b'"' | b'\'') {
            let closing = whole[at + 1..].find(char::from(*first)).map(|length| at + 1 + length);
            let inside = text.text_of(at + 1..closing.unwrap_or(whole.len()));
            let end = closing.map_or(whole.len(), |closing| closing + 1);
            words.push(Word { text: inside, quoted: true, closed: closing.is_some(), ..word_at(at..end, text) });
            end
        } else {
            let end = blank_from(whole, at);
            words.push(word_at(at..end, text));
            end
        };
        at = visible_from(whole, end);
    }
    Some(words)
}

/// What the grammar makes of a text.
fn parse(rule: Rule, text: &str) -> Pair<'_, Rule> {
    Grammar::parse(rule, text).expect(TOTAL).next().expect(TOTAL)
}

fn range(pair: &Pair<'_, Rule>) -> Range<usize> {
    pair.as_span().start()..pair.as_span().end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compiler::source::Sources;

    proptest! {
        #[test]
        fn plain_lines_are_read_as_the_grammar_reads_them(text in "[A-Za-z<#]?[a-z \t\r\n\u{B}\"'\\\\é=]{0,12}") {
            let source = Sources::default().add(std::path::Path::new("a"), Text::default(), None);
            let line = Mapped::verbatim(source, text.as_str().into());
            if let Some(words) = plain_words(&line) {
                prop_assert_eq!(words, words_of_grammar(&line));
            }
            if let Some((name, end)) = plain_name(&text) {
                let directive = parse(Rule::statement, &text);
                prop_assert_eq!(directive.as_rule(), Rule::directive);
                prop_assert_eq!(range(&directive).end, end);
                prop_assert_eq!(word(directive.into_inner().next().expect(TOTAL), &line), word_at(name, &line));
            }
        }

        #[test]
        fn a_text_is_cut_into_lines_as_the_grammar_cuts_it(text in "[ab# \t\r\n\u{B}\\\\é]{0,20}") {
            let source = Sources::default().add(std::path::Path::new("a"), Text::default(), None);
            let whole = Text::from(text.as_str());
            let of_grammar = parse(Rule::file, &text).into_inner().map(|line| continued_line(source, &whole, line));
            let of_grammar: Vec<_> = of_grammar.filter(|line| !line.text.text().is_empty()).collect();
            let mut lines = Lines { plain: false, ..Lines::of(source, &whole) };
            let mut found = Vec::new();
            while lines.done < text.len() {
                found.extend(lines.logical_line().filter(|line| !line.text.text().is_empty()));
            }
            prop_assert_eq!(found, of_grammar);
        }
    }
}
