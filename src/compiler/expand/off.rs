//! Conditions that are off: which they are, so that a second reading looks at the lines that the first one leaves out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::compiler::source::{SourceId, Sources, Span};

/// What became of the conditions of one reading, each time one was met.
#[derive(Debug, Default)]
pub struct Decided {
    /// Those that ask for a name that is not defined, or for a file that is not there, and may well be on the next machine.
    open: Vec<Span>,
    on: Vec<Span>,
    /// The opening line, and where the closing one ends.
    off: Vec<(Span, Option<u32>)>,
}

impl Decided {
    pub(super) fn record(&mut self, opening: Span, held: bool) {
        if held {
            self.on.push(opening);
        } else {
            self.off.push((opening, None));
        }
    }

    pub(super) fn leave_open(&mut self, opening: Span) {
        self.open.push(opening);
    }

    /// The lines of a condition were left out up to here.
    pub(super) fn closed(&mut self, opening: Span, closing: Span) {
        if let Some((last, end)) = self.off.last_mut()
            && *last == opening
            && closing.source == opening.source
        {
            *end = Some(closing.end);
        }
    }
}

/// Conditions that nobody can decide here, to be decided the other way in a further reading.
#[derive(Debug, Default)]
pub struct Turned {
    openings: BTreeSet<(PathBuf, u32)>,
}

impl Turned {
    /// Those of a reading. What stands in a macro depends on how it is used, and is not among them.
    pub fn of(decided: &Decided, sources: &Sources) -> Self {
        let openings = decided.open.iter().filter(|opening| !sources.get(opening.source).is_macro);
        Self { openings: openings.map(|opening| place(*opening, sources)).collect() }
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.openings.is_empty()
    }

    /// Whether a condition, met in any reading, is one of them.
    pub fn holds(&self, opening: Span, sources: &Sources) -> bool {
        !self.is_empty() && self.openings.contains(&place(opening, sources))
    }
}

fn place(span: Span, sources: &Sources) -> (PathBuf, u32) {
    (sources.get(span.source).path.clone(), span.start)
}

/// Where the conditions stand that are off whenever they are read. None of them is in another.
#[derive(Debug, Default)]
pub struct Off {
    by_file: BTreeMap<PathBuf, InFile>,
}

#[derive(Debug)]
struct InFile {
    source: SourceId,
    /// By the byte at which the opening line begins.
    openings: BTreeMap<u32, (Span, u32)>,
}

impl Off {
    /// Those of a reading. What stands in a macro depends on how it is used, and is not among them.
    pub fn of(decided: &Decided, sources: &Sources) -> Self {
        let mut off = Self::default();
        let on: BTreeSet<(&Path, u32)> =
            decided.on.iter().map(|opening| (sources.get(opening.source).path.as_path(), opening.start)).collect();
        for (opening, end) in &decided.off {
            let source = sources.get(opening.source);
            let Some(end) = *end else { continue };
            if source.is_macro || on.contains(&(source.path.as_path(), opening.start)) {
                continue;
            }
            let none = || InFile { source: opening.source, openings: BTreeMap::new() };
            let file = off.by_file.entry(source.path.clone()).or_insert_with(none);
            file.openings.entry(opening.start).or_insert((Span { source: file.source, ..*opening }, end));
        }
        off
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.by_file.is_empty()
    }

    /// The opening line around a place of a further reading, as a place of the first one.
    pub fn around(&self, span: Span, sources: &Sources) -> Option<Span> {
        let source = sources.get(span.source);
        if source.is_macro {
            return None;
        }
        let (_, (opening, end)) = self.by_file.get(&source.path)?.openings.range(..=span.start).next_back()?;
        (span.end <= *end).then_some(*opening)
    }
}
