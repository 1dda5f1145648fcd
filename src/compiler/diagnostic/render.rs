//! Findings for a person: drawn in full with the lines they speak of, or in one line each. The only file that names miette.

use std::fmt::{self, Write as _};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceSpan, SpanContents,
};

use super::{Diagnostic, Label, Report, Severity};
use crate::compiler::source::{Sources, Span, Text};

/// So many are drawn; the rest is counted.
const MOST: usize = 100;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether the reader's terminal shows colours.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// No colours, 120 columns: for files and tests.
    pub const PLAIN: Self = Self { colour: false, width: 120 };
}

/// Every finding with the lines that it speaks of, then how many there are.
pub fn full(report: &Report, sources: &Sources, style: Style) -> String {
    let theme = if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let drawer = GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false);
    let mut text = String::new();
    for diagnostic in report.iter().take(MOST) {
        drawer.render_report(&mut text, &Drawn::new(diagnostic, sources)).expect("writing to a string cannot fail");
        text.push('\n');
    }
    finish(text, report)
}

/// Every finding in one line, as compilers print them: `FILE:LINE:COLUMN: SEVERITY[NAME] MESSAGE`.
pub fn concise(report: &Report, sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in report.iter() {
        let Diagnostic { code, severity, message, labels, .. } = diagnostic;
        let (line, column) = sources.line_column(diagnostic.span());
        let path = sources.get(diagnostic.span().source).path.display();
        let label = &labels[0].text;
        writeln!(text, "{path}:{line}:{column}: {}[{}] {message}: {label}", severity.name(), code.name)
            .expect("writing to a string cannot fail");
    }
    text
}

/// `2 errors, 1 warning`; nothing when there are none.
pub fn count(report: &Report) -> String {
    let mut parts = Vec::new();
    for (severity, many) in [(Severity::Error, "errors"), (Severity::Warning, "warnings"), (Severity::Info, "remarks")]
    {
        match report.count(severity) {
            0 => {}
            1 => parts.push(format!("1 {}", many.trim_end_matches('s'))),
            count => parts.push(format!("{count} {many}")),
        }
    }
    parts.join(", ")
}

fn finish(mut text: String, report: &Report) -> String {
    let left_out = report.iter().count().saturating_sub(MOST);
    if left_out > 0 {
        writeln!(text, "… and {left_out} more, not shown").expect("writing to a string cannot fail");
    }
    if !report.is_clean() {
        text.push_str(&count(report));
        text.push('\n');
    }
    text
}

/// A finding as miette wants it: the labels of one file, those of other files as related reports.
struct Drawn {
    code: Option<&'static str>,
    severity: Severity,
    message: String,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
    /// `None` where the lines are too long to be drawn.
    source: Option<Excerpt>,
    related: Vec<Self>,
}

/// Lines that are longer than this are not drawn.
const LONGEST_LINE: usize = 2000;

impl Drawn {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let home = diagnostic.span().source;
        let (here, elsewhere): (Vec<_>, Vec<_>) = diagnostic.labels.iter().partition(|label| label.span.source == home);
        let excerpt = Excerpt::of(&here, sources);
        let mut help = help(diagnostic, sources);
        if excerpt.is_none() {
            let (line, column) = sources.line_column(diagnostic.span());
            let place =
                format!("at {}:{line}:{column}: {}", sources.get(home).path.display(), diagnostic.labels[0].text);
            help = Some(help.into_iter().fold(place, |place, help| format!("{place}\n{help}")));
        }
        Self {
            code: Some(diagnostic.code.name),
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            labels: labels(&here, excerpt.as_ref()),
            help,
            source: excerpt,
            related: elsewhere.into_iter().map(|label| Self::related(diagnostic, label, sources)).collect(),
        }
    }

    fn related(diagnostic: &Diagnostic, label: &Label, sources: &Sources) -> Self {
        let here = Label { text: "here".to_owned(), ..label.clone() };
        let excerpt = Excerpt::of(&[&here], sources);
        Self {
            code: None,
            severity: diagnostic.severity,
            message: label.text.clone(),
            labels: labels(&[&here], excerpt.as_ref()),
            help: None,
            source: excerpt,
            related: Vec::new(),
        }
    }
}

fn labels(labels: &[&Label], excerpt: Option<&Excerpt>) -> Vec<LabeledSpan> {
    let Some(excerpt) = excerpt else { return Vec::new() };
    let drawn = |(index, label): (usize, &&Label)| {
        let start = label.span.start as usize - excerpt.start;
        let span = SourceSpan::from((start, (label.span.end - label.span.start) as usize));
        match index {
            // The first label gives the place in the header, wherever it stands in the file.
            0 => LabeledSpan::new_primary_with_span(Some(label.text.clone()), span),
            _ => LabeledSpan::new_with_span(Some(label.text.clone()), span),
        }
    };
    labels.iter().enumerate().map(drawn).collect()
}

/// The lines of a file that are drawn. miette looks for lines from the start of what it is given, so it is given no more.
struct Excerpt {
    name: String,
    text: Text,
    /// Where the excerpt begins in the text, and at which line, from 0.
    start: usize,
    end: usize,
    line: usize,
}

impl Excerpt {
    fn of(labels: &[&Label], sources: &Sources) -> Option<Self> {
        let first = labels.iter().min_by_key(|label| label.span.start)?.span;
        let end = labels.iter().map(|label| label.span.end).max()? as usize;
        let source = sources.get(first.source);
        let text = &source.text;
        // One line more on either side, as miette draws them.
        let start = line_start(text, line_start(text, first.start as usize).saturating_sub(1));
        let end = line_end(text, (line_end(text, end) + 1).min(text.len()));
        let start_span = Span { start: start as u32, end: start as u32, ..first };
        let short = text[start..end].split('\n').all(|line| line.len() <= LONGEST_LINE);
        short.then(|| Self {
            name: source.path.display().to_string(),
            text: text.clone(),
            start,
            end,
            line: sources.line_column(start_span).0 as usize - 1,
        })
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| at + newline)
}

impl miette::SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let lines = self.text[self.start..self.end].read_span(span, before, after)?;
        let named = MietteSpanContents::new_named(
            self.name.clone(),
            lines.data(),
            *lines.span(),
            lines.line() + self.line,
            lines.column(),
            lines.line_count(),
        );
        Ok(Box::new(named))
    }
}

/// The help, and the way to an included file.
fn help(diagnostic: &Diagnostic, sources: &Sources) -> Option<String> {
    let mut lines: Vec<String> = diagnostic.help.iter().cloned().collect();
    let mut source = diagnostic.span().source;
    while let Some(at) = sources.get(source).included_at {
        // The use of a macro is a label of its own.
        if !sources.get(source).is_macro {
            let (line, _) = sources.line_column(at);
            lines.push(format!("included at {}:{line}", sources.get(at.source).path.display()));
        }
        source = at.source;
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn {}

impl miette::Diagnostic for Drawn {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match (self.code, self.severity) {
            (None, _) | (_, Severity::Info) => miette::Severity::Advice,
            (_, Severity::Warning) => miette::Severity::Warning,
            (_, Severity::Error) => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.labels.iter().cloned();
        self.source.as_ref().map(|_| Box::new(labels) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|one| one as &dyn miette::Diagnostic)))
    }
}
