//! Repairs: the change to the text that puts one finding right. A finding offers one only where a single one is certain, and it
//! is kept only where the place is literal text of one file: not what a variable, a macro or a continued line made of it.

use std::collections::HashMap;
use std::ops::Range;

use super::Report;
use crate::compiler::source::{Conditions, SourceId, Sources, Span, logical_lines};

/// A change to the text that puts one finding right and leaves every other byte as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// What it does, as an editor offers it.
    pub title: String,
    /// The changes; they do not overlap.
    pub edits: Vec<Edit>,
}

/// A text in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is inserted.
    pub span: Span,
    /// By what.
    pub text: String,
    /// What must stand there, where that is known.
    was: Option<String>,
    reach: Reach,
}

/// How an edit comes from its span to what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    /// The span, or what stands in its quotes.
    Exact,
    /// The whole line that it stands in.
    Line,
    /// A new line before that one.
    LineBefore,
    /// The blanks before the span too.
    WithBlanksBefore,
    /// The blanks behind the span, up to the end of the line.
    BlanksBehind,
    /// The quote that opens at the span is closed at its end.
    Quote,
    /// A new line that closes the section which the span opens, before a closing tag or at the end of the file.
    Closing(Option<Span>),
    /// It was worked out.
    Settled,
}

impl Edit {
    fn new(span: Span, was: Option<String>, text: impl Into<String>, reach: Reach) -> Self {
        Self { span, text: text.into(), was, reach }
    }

    /// Replaces a text, in its quotes if it has some.
    pub fn replace(span: Span, was: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(span, Some(was.into()), text, Reach::Exact)
    }

    /// Deletes the line that a span stands in, unless the line may not count.
    pub fn delete_line(span: Span) -> Self {
        Self::new(span, None, "", Reach::Line)
    }

    /// Replaces the line that a span stands in, but not the blanks before it.
    pub fn replace_line(span: Span, text: impl Into<String>) -> Self {
        Self::new(span, None, text, Reach::Line)
    }

    /// Inserts a line before the one that a text stands in, as far from the margin.
    pub fn line_before(span: Span, was: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(span, Some(was.into()), text, Reach::LineBefore)
    }

    /// Deletes a text with the blanks before it.
    pub fn delete_with_blanks(span: Span, was: impl Into<String>) -> Self {
        Self::new(span, Some(was.into()), "", Reach::WithBlanksBefore)
    }

    /// Deletes the blanks behind a text, up to the end of the line.
    pub fn delete_blanks_behind(span: Span, was: impl Into<String>) -> Self {
        Self::new(span, Some(was.into()), "", Reach::BlanksBehind)
    }

    /// Closes the quote that a word opens.
    pub fn close_quote(word: Span, text: impl Into<String>) -> Self {
        Self::new(word, Some(text.into()), "", Reach::Quote)
    }

    /// Closes a section before a closing tag, or at the end of the file, if every line up to there stands further from the
    /// margin than its opening tag.
    pub fn close_section(opening: Span, name: &str, before: Option<Span>) -> Self {
        Self::new(opening, None, format!("</{name}>"), Reach::Closing(before))
    }

    /// Works out what exactly is replaced by what; `None` where the place is not literal text.
    fn settled(self, outlines: &mut Outlines<'_>) -> Option<Self> {
        let sources = outlines.sources;
        let found = sources.text(self.span);
        let Self { span, text, was, reach } = self;
        let is = |wanted: &str| was.as_ref().is_none_or(|was| was == wanted);
        let within = |start: usize, end: usize| Span { start: start as u32, end: end as u32, ..span };
        let (span, text) = match reach {
            Reach::Exact | Reach::Settled if is(found) => (span, text),
            Reach::Exact => {
                let inner = found.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])?;
                is(inner).then(|| (within(span.start as usize + 1, span.end as usize - 1), text))?
            }
            Reach::Line => {
                let line = outlines.line(span)?;
                let range =
                    if text.is_empty() { line.start..line.next } else { line.start + line.indent.len()..line.end };
                (within(range.start, range.end), text)
            }
            Reach::LineBefore if is(found) => {
                let line = outlines.line(span)?;
                (within(line.start, line.start), format!("{}{text}{}", line.indent, line.ending))
            }
            Reach::WithBlanksBefore if is(found) => {
                let before = sources.get(span.source).text.get(..span.start as usize)?;
                (within(before.trim_end_matches([' ', '\t']).len(), span.end as usize), text)
            }
            Reach::BlanksBehind if is(found) => {
                let line = sources.get(span.source).text.get(span.end as usize..)?.lines().next()?;
                line.trim().is_empty().then(|| (within(span.end as usize, span.end as usize + line.len()), text))?
            }
            Reach::Quote => {
                let quote = found.chars().next().filter(|first| matches!(first, '"' | '\''))?;
                is(&found[1..]).then(|| (within(span.end as usize, span.end as usize), quote.to_string()))?
            }
            Reach::Closing(before) => closing(span, before, &text, outlines)?,
            _ => return None,
        };
        Some(Self { span, was: Some(sources.text(span).to_owned()), text, reach: Reach::Settled })
    }
}

/// Where a closing tag is certain to belong, by the margin.
fn closing(opening: Span, before: Option<Span>, tag: &str, outlines: &mut Outlines<'_>) -> Option<(Span, String)> {
    let opened = outlines.line(opening)?;
    let text = &outlines.sources.get(opening.source).text;
    let at = match before {
        Some(tag) if tag.source == opening.source => outlines.line(tag)?.start,
        Some(_) => return None,
        None => text.len(),
    };
    let between = text.get(opened.next..at)?;
    let inside = |line: &str| line.trim().is_empty() || line.len() - line.trim_start().len() > opened.indent.len();
    if !between.lines().all(inside) {
        return None;
    }
    let fresh = if text[..at].ends_with('\n') { "" } else { opened.ending };
    let span = Span { start: at as u32, end: at as u32, ..opening };
    Some((span, format!("{fresh}{}{tag}{}", opened.indent, opened.ending)))
}

/// The lines of the files that repairs are about, each file looked through once.
struct Outlines<'a> {
    sources: &'a Sources,
    known: HashMap<SourceId, Outline>,
}

/// The lines of one file.
struct Outline {
    /// Each with whether it stands in a condition or a macro.
    lines: Vec<(Range<usize>, bool)>,
    /// How lines end here.
    ending: &'static str,
}

/// A line of a file that is no part of a longer one, and that counts in every run.
struct Line<'a> {
    start: usize,
    indent: &'a str,
    /// Without its ending.
    end: usize,
    /// Where the next line begins.
    next: usize,
    /// How lines end here.
    ending: &'static str,
}

impl<'a> Outlines<'a> {
    fn line(&mut self, span: Span) -> Option<Line<'a>> {
        let text: &'a str = &self.sources.get(span.source).text;
        let outline = self.known.entry(span.source).or_insert_with(|| Outline::new(text));
        let at = outline.lines.partition_point(|(line, _)| line.end <= span.start as usize);
        let (range, conditional) = outline.lines.get(at)?;
        let plain = text[range.clone()].trim_end_matches(['\r', '\n']);
        if *conditional || plain.contains('\n') || span.end as usize > range.start + plain.len() {
            return None;
        }
        let indent = &plain[..plain.len() - plain.trim_start().len()];
        let end = range.start + plain.len();
        Some(Line { start: range.start, indent, end, next: range.end, ending: outline.ending })
    }
}

impl Outline {
    fn new(text: &str) -> Self {
        let mut conditions = Conditions::default();
        let line = |range: Range<usize>| {
            let conditional = conditions.any();
            conditions.pass(&text[range.clone()]);
            (range, conditional)
        };
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { lines: logical_lines(text).map(line).collect(), ending }
    }
}

impl Report {
    /// Works out every repair, and drops those that are not certain. A tag is certain only where there is such a section.
    pub(crate) fn settle_repairs(&mut self, sources: &Sources, is_known: impl Fn(&str) -> bool) {
        let mut outlines = Outlines { sources, known: HashMap::new() };
        let is_sound = |edit: &Edit| {
            let tag = edit.text.trim().strip_prefix("</").and_then(|tag| tag.strip_suffix('>'));
            tag.is_none_or(|name| is_known(&format!("<{name}")))
        };
        for one in &mut self.found {
            let settled = one.repair.take().and_then(|repair| repair.settled(&mut outlines));
            one.repair = settled.filter(|repair| repair.edits.iter().all(is_sound));
        }
    }
}

impl Repair {
    fn settled(self, outlines: &mut Outlines<'_>) -> Option<Self> {
        let mut edits = Vec::new();
        for edit in self.edits {
            edits.push(edit.settled(outlines)?);
        }
        edits.sort_by_key(|edit| (edit.span.source, edit.span.start));
        let apart = edits
            .windows(2)
            .all(|pair| pair[0].span.source != pair[1].span.source || pair[0].span.end <= pair[1].span.start);
        (apart && !edits.is_empty()).then_some(Self { title: self.title, edits })
    }
}
