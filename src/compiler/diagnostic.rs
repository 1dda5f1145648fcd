//! What the compiler has to say: a [`Code`] is declared once, a [`Diagnostic`] is one finding, a [`Report`] all of them.

pub mod render;
mod repair;

use std::collections::HashSet;

use super::source::{Sources, Span};

pub use repair::{Edit, Repair};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works as it was meant; a careful reader would still want to know.
    Info,
    /// It works, but hardly as it was meant.
    Warning,
    /// The server would not start, or not do what the file says.
    Error,
}

impl Severity {
    /// As it is printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A kind of finding. Its name is never changed or used again.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// What is wrong, in kebab case.
    pub name: &'static str,
    /// How grave it is, unless the finding says otherwise.
    pub severity: Severity,
    /// What is wrong, as a fact in one line.
    pub summary: &'static str,
    /// A page: what it means, what happens at run time, how to put it right.
    pub explain: &'static str,
    /// The log codes, `AH00526` or `WSGI0151`, under which Apache or mod_wsgi tells of it, at start or in production.
    pub predicts: &'static [&'static str],
    /// A matter of taste: looked for only when asked.
    pub pedantic: bool,
    /// It speaks of one line by itself, whatever stands around it.
    pub of_a_line: bool,
    /// It says that a line is missing, or reached where it should not be: a condition that nobody can decide here may bring it.
    pub of_absence: bool,
}

impl Code {
    const fn new(severity: Severity, name: &'static str, summary: &'static str, explain: &'static str) -> Self {
        Self { name, severity, summary, explain, predicts: &[], pedantic: false, of_a_line: false, of_absence: false }
    }

    /// The server would not start, or not do what the file says.
    pub const fn error(name: &'static str, summary: &'static str, explain: &'static str) -> Self {
        Self::new(Severity::Error, name, summary, explain)
    }

    /// It works, but hardly as it was meant.
    pub const fn warning(name: &'static str, summary: &'static str, explain: &'static str) -> Self {
        Self::new(Severity::Warning, name, summary, explain)
    }

    /// What a careful reader would want to know.
    pub const fn info(name: &'static str, summary: &'static str, explain: &'static str) -> Self {
        Self::new(Severity::Info, name, summary, explain)
    }

    /// Under which log codes Apache or mod_wsgi tells of it.
    #[must_use]
    pub const fn predicts(mut self, log_codes: &'static [&'static str]) -> Self {
        self.predicts = log_codes;
        self
    }

    /// Looked for only when asked.
    #[must_use]
    pub const fn pedantic(mut self) -> Self {
        self.pedantic = true;
        self
    }

    /// It speaks of one line by itself: it is looked for in the lines of conditions that are off too.
    #[must_use]
    pub const fn of_a_line(mut self) -> Self {
        self.of_a_line = true;
        self
    }

    /// It says that a line is missing: it is not said where a condition that nobody can decide here would bring it.
    #[must_use]
    pub const fn of_absence(mut self) -> Self {
        self.of_absence = true;
        self
    }

    /// A finding of this kind. The label says in a few words what stands at its place.
    pub fn at(&'static self, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: self,
            severity: self.severity,
            message: self.summary.to_owned(),
            labels: vec![Label { span, text: label.into() }],
            help: None,
            repair: None,
        }
    }
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Three to six words.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: &'static Code,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The places; the first one is the finding's own.
    pub labels: Vec<Label>,
    /// One thing to type.
    pub help: Option<String>,
    /// The one repair that is certain, where there is one.
    pub repair: Option<Repair>,
}

impl Diagnostic {
    /// A further place.
    #[must_use]
    pub fn and(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: label.into() });
        self
    }

    /// What to type.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What to type, if that is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The one repair that is certain.
    #[must_use]
    pub fn repair(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.repair = Some(Repair { title: title.into(), edits });
        self
    }

    /// The one repair that is certain, if there is one.
    #[must_use]
    pub fn maybe_repair(mut self, repair: Option<Repair>) -> Self {
        self.repair = repair.or(self.repair);
        self
    }

    /// The repair of a word at its own place: the one that was meant.
    #[must_use]
    pub fn respelt(self, was: &str, meant: &str) -> Self {
        let edit = Edit::replace(self.span(), was, meant);
        self.repair(format!("Write `{meant}`"), vec![edit])
    }

    /// A message that names what the summary leaves open.
    #[must_use]
    pub fn says(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// As grave as this, whatever the code says.
    #[must_use]
    pub fn graded(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The finding's own place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

/// So many findings are kept. Nobody reads more, and each takes room.
const MOST: usize = 100_000;

/// Every kind of finding that is about the findings.
pub const CODES: &[&Code] = &[&TOO_MANY_FINDINGS];

static TOO_MANY_FINDINGS: Code = Code::error(
    "too-many-findings",
    "there are more than 100,000 findings, and the others are left out",
    include_str!("diagnostic/too_many_findings.md"),
);

/// All findings of a run.
#[derive(Debug, Default)]
pub struct Report {
    found: Vec<Diagnostic>,
    /// So that a stage sees at once whether its input had errors.
    errors: usize,
    /// How often the nearest of many names was looked for.
    suggestions: usize,
}

/// So often a name is looked for that may have been meant, where there are many: a run with more mistakes helps nobody by it.
const MOST_SUGGESTIONS: usize = 2000;

impl Report {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let diagnostic = match self.found.len() {
            MOST => TOO_MANY_FINDINGS.at(diagnostic.span(), "the first that is left out"),
            beyond if beyond > MOST => return,
            _ => diagnostic,
        };
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        self.found.push(diagnostic);
    }

    /// The nearest of many names, as long as a run is not full of suggestions.
    pub(crate) fn nearest<'a>(&mut self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        self.suggestions += 1;
        if self.suggestions > MOST_SUGGESTIONS { None } else { nearest(name, known) }
    }

    /// The findings, in the order of reading once the compiler is done.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// Nothing was found.
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether anything is wrong beyond warnings.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many findings are that grave.
    pub fn count(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors,
            other => self.found.iter().filter(|one| one.severity == other).count(),
        }
    }

    /// Lets each finding be changed.
    pub(crate) fn change(&mut self, change: impl FnMut(&mut Diagnostic)) {
        self.found.iter_mut().for_each(change);
        self.errors = self.count_errors();
    }

    /// Drops the findings of which this is not true.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(keep);
        self.errors = self.count_errors();
    }

    fn count_errors(&self) -> usize {
        self.found.iter().filter(|one| one.severity == Severity::Error).count()
    }

    /// Adds to each finding in a macro the lines that use it.
    pub(crate) fn show_uses(&mut self, sources: &Sources) {
        for one in &mut self.found {
            for at in sources.uses(one.span()) {
                one.labels.push(Label { span: at, text: "the macro is used here".to_owned() });
            }
        }
    }

    /// Brings the findings into the order in which a reader meets them, each mistake once: a file that is included twice
    /// makes no mistake twice.
    pub(crate) fn sort(&mut self, sources: &Sources) {
        self.found.sort_by_cached_key(|one| sources.reading_order(one.span()));
        let mut new = new_ones(&self.found, sources).into_iter();
        self.found.retain(|_| new.next().unwrap_or(true));
        self.errors = self.count_errors();
    }
}

/// The name nearest to a misspelt one, if no other is nearly as near: then it is the one that was meant.
pub(crate) fn only_near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<_> = known.into_iter().collect();
    let allowed = allowed(name);
    let (distance, meant) = within(name, allowed, &known).min_by_key(|(distance, _)| *distance)?;
    let mut near = within(name, distance + 1, &known);
    near.all(|(_, other)| other.eq_ignore_ascii_case(meant)).then_some(meant)
}

/// Of each finding, whether none before it says the same of the same text.
fn new_ones(found: &[Diagnostic], sources: &Sources) -> Vec<bool> {
    let mut seen = HashSet::new();
    let said = found.iter().map(|one| {
        let Span { source, start, end } = one.span();
        (&sources.get(source).path, start, end, one.code.name, &one.message, &one.labels[0].text)
    });
    said.map(|said| seen.insert(said)).collect()
}

/// With so many names to choose from, the nearest is no help, and takes long to find.
const MOST_NAMES: usize = 2000;

impl IntoIterator for Report {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter()
    }
}

/// The name nearest to a misspelt one, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<_> = known.into_iter().take(MOST_NAMES).collect();
    let nearest = within(name, allowed(name), &known).min_by_key(|(distance, _)| *distance);
    nearest.map(|(_, candidate)| candidate)
}

/// How many changes a misspelt name may be away.
fn allowed(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 3)
}

/// The names that are at most so many changes away, and how many.
fn within<'a>(name: &str, most: usize, known: &[&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    let (lower, length) = (name.to_ascii_lowercase(), name.len());
    // One change of a word takes at most one letter from it and gives it one.
    let wanted = letters(name);
    let may_be_near = move |other: &str| (letters(other) ^ wanted).count_ones() as usize <= 2 * most;
    known
        .iter()
        .copied()
        .filter(move |candidate| candidate.len().abs_diff(length) <= most && may_be_near(candidate))
        .map(move |candidate| (strsim::osa_distance(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(move |(distance, _)| *distance <= most)
}

/// Which letters a name has, whatever their case: a bit for each.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |letters, byte| letters | 1 << (byte.to_ascii_lowercase() % 64))
}
