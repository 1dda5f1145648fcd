//! What was found in a run, as the outside sees it: the findings of all configurations in one list, each with its files, lines
//! and columns, and a fingerprint that stays the same when lines move. One module for each way to hand it on.

pub mod baseline;
pub mod checkstyle;
mod fingerprint;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod selection;
pub mod statistics;
mod xml;

use std::collections::HashSet;

use crate::compiler::Compiled;
use crate::compiler::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::compiler::source::{Sources, Span};
use fingerprint::Fingerprints;

/// What a run found.
#[derive(Debug)]
pub struct Run {
    /// The configurations that were checked.
    pub files: Vec<String>,
    /// Everything that was found, each once.
    pub findings: Vec<Finding>,
    /// A finding as grave as this fails the run.
    pub fail_level: Severity,
}

/// One finding.
#[derive(Debug)]
pub struct Finding {
    /// Its kind.
    pub code: &'static Code,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// One thing to type.
    pub help: Option<String>,
    /// Where; its own place first.
    pub places: Vec<Place>,
    /// The change that puts it right, where one is certain.
    pub change: Option<Change>,
    /// The same for the same mistake in the same file, wherever its line has moved.
    pub fingerprint: String,
    /// Which diagnostic of which configuration.
    origin: (usize, usize),
}

/// A stretch of a file, and what is to be said about it. Lines and columns count from 1, columns in characters; the end is
/// the place after the last character.
#[derive(Debug)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line of its first character.
    pub line: u32,
    /// The column of its first character.
    pub column: u32,
    /// The line of its end.
    pub end_line: u32,
    /// The column of its end.
    pub end_column: u32,
    /// A few words.
    pub text: String,
}

/// A change that puts a finding right.
#[derive(Debug)]
pub struct Change {
    /// What it does.
    pub title: String,
    /// What is replaced, each with what takes its place as its text.
    pub replacements: Vec<Place>,
}

impl Run {
    /// Everything that was found in these configurations. What two of them share is there once.
    pub fn new(all: &[Compiled], files: Vec<String>, fail_level: Severity) -> Self {
        let mut fingerprints = Fingerprints::default();
        let mut seen = HashSet::new();
        let mut findings = Vec::new();
        for (number, compiled) in all.iter().enumerate() {
            let sources = &compiled.sources;
            for (index, diagnostic) in compiled.report.iter().enumerate() {
                let span = diagnostic.span();
                let path = sources.get(span.source).path.clone();
                let label = diagnostic.labels[0].text.clone();
                if seen.insert((path, span.start, span.end, diagnostic.code.name, diagnostic.message.clone(), label)) {
                    let fingerprint = fingerprints.next(diagnostic, sources);
                    findings.push(Finding::new(diagnostic, sources, fingerprint, (number, index)));
                }
            }
        }
        Self { files, findings, fail_level }
    }

    /// Whether anything is as grave as the level at which the run fails.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity >= self.fail_level)
    }

    /// Drops from the reports what is not among the findings any more.
    pub fn narrow(&self, all: &mut [Compiled]) {
        let kept: HashSet<_> = self.findings.iter().map(|finding| finding.origin).collect();
        for (number, compiled) in all.iter_mut().enumerate() {
            let mut index = 0;
            compiled.report.retain(|_| {
                index += 1;
                kept.contains(&(number, index - 1))
            });
        }
    }
}

impl Finding {
    fn new(diagnostic: &Diagnostic, sources: &Sources, fingerprint: String, origin: (usize, usize)) -> Self {
        let place = |label: &Label| Place::new(label.span, &label.text, sources);
        let change = diagnostic.repair.as_ref().map(|repair| Change {
            title: repair.title.clone(),
            replacements: repair.edits.iter().map(|edit| Place::new(edit.span, &edit.text, sources)).collect(),
        });
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            places: diagnostic.labels.iter().map(place).collect(),
            change,
            fingerprint,
            origin,
        }
    }

    /// Its own place.
    pub fn place(&self) -> &Place {
        &self.places[0]
    }

    /// What is wrong, and what stands there.
    pub fn text(&self) -> String {
        format!("{}: {}", self.message, self.place().text)
    }

    /// The text, and below it what to type.
    pub fn text_and_help(&self) -> String {
        self.help.iter().fold(self.text(), |text, help| format!("{text}\n{help}"))
    }
}

impl Place {
    fn new(span: Span, text: &str, sources: &Sources) -> Self {
        let (line, column) = sources.line_column(span);
        let (end_line, end_column) = sources.line_column(Span { start: span.end, ..span });
        let file = sources.get(span.source).path.display().to_string();
        Self { file, line, column, end_line, end_column, text: text.to_owned() }
    }
}
