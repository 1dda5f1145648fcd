//! Findings for a person: drawn in full with the lines they speak of, or in one line each. The only file that names miette.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan};

use super::{Diagnostic, Label, Report, Severity};
use crate::compiler::source::{SourceId, Sources};

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

/// Every finding in one line, as compilers print them: `FILE:LINE:COLUMN: SEVERITY: MESSAGE [CODE]`.
pub fn concise(report: &Report, sources: &Sources) -> String {
    let mut text = String::new();
    for diagnostic in report.iter().take(MOST) {
        let Diagnostic { code, severity, message, labels, .. } = diagnostic;
        let (line, column) = sources.line_column(diagnostic.span());
        let path = sources.get(diagnostic.span().source).path.display();
        let label = &labels[0].text;
        writeln!(text, "{path}:{line}:{column}: {}: {message}: {label} [{}]", severity.name(), code.name)
            .expect("writing to a string cannot fail");
    }
    finish(text, report)
}

/// `2 errors, 1 warning`; nothing when there are none.
pub fn count(report: &Report) -> String {
    let mut parts = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        match report.count(severity) {
            0 => {}
            1 => parts.push(format!("1 {}", severity.name())),
            many => parts.push(format!("{many} {}s", severity.name())),
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
    source: NamedSource<Arc<str>>,
    related: Vec<Self>,
}

impl Drawn {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let home = diagnostic.span().source;
        let (here, elsewhere): (Vec<_>, Vec<_>) = diagnostic.labels.iter().partition(|label| label.span.source == home);
        Self {
            code: Some(diagnostic.code.name),
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            labels: here.iter().enumerate().map(|(index, label)| drawn_label(label, index == 0)).collect(),
            help: help(diagnostic, sources),
            source: named_source(home, sources),
            related: elsewhere.into_iter().map(|label| Self::related(diagnostic, label, sources)).collect(),
        }
    }

    fn related(diagnostic: &Diagnostic, label: &Label, sources: &Sources) -> Self {
        Self {
            code: None,
            severity: diagnostic.severity,
            message: label.text.clone(),
            labels: vec![drawn_label(&Label { text: "here".to_owned(), ..label.clone() }, true)],
            help: None,
            source: named_source(label.span.source, sources),
            related: Vec::new(),
        }
    }
}

fn drawn_label(label: &Label, primary: bool) -> LabeledSpan {
    let span = SourceSpan::from((label.span.start as usize, (label.span.end - label.span.start) as usize));
    if primary {
        LabeledSpan::new_primary_with_span(Some(label.text.clone()), span)
    } else {
        LabeledSpan::new_with_span(Some(label.text.clone()), span)
    }
}

fn named_source(id: SourceId, sources: &Sources) -> NamedSource<Arc<str>> {
    let source = sources.get(id);
    NamedSource::new(source.path.display().to_string(), Arc::clone(&source.text))
}

/// The help, and the way to an included file.
fn help(diagnostic: &Diagnostic, sources: &Sources) -> Option<String> {
    let mut lines: Vec<String> = diagnostic.help.iter().cloned().collect();
    let mut source = diagnostic.span().source;
    while let Some(at) = sources.get(source).included_at {
        let (line, _) = sources.line_column(at);
        lines.push(format!("included at {}:{line}", sources.get(at.source).path.display()));
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
            (None, _) => miette::Severity::Advice,
            (_, Severity::Warning) => miette::Severity::Warning,
            (_, Severity::Error) => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|one| one as &dyn miette::Diagnostic)))
    }
}
