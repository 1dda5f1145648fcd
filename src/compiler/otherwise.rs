//! Looks at the lines of conditions that are off: the configuration is read a second time, as if they were on, and what that
//! finds in single lines of theirs is a warning. Apache does not read them today.

use super::diagnostic::{Diagnostic, Label, Report, Severity};
use super::directive::INVALID_VALUE;
use super::expand::Off;
use super::source::{SourceId, Sources, Span};

/// Adds to the findings of the first reading what the second one has to say about lines that the first one left out.
pub fn add(second: Report, off: &Off, read_again: &Sources, sources: &Sources, report: &mut Report) {
    let place = Place { read_again, sources };
    for found in second {
        if let Some(opening) = off.around(found.span(), read_again)
            && speaks_of_its_line(&found, read_again)
            && !(found.code == &INVALID_VALUE && asks_for_a_name(opening, sources))
            && let Some(found) = place.in_first_reading(found, opening)
        {
            report.push(found);
        }
    }
}

/// Whether a finding holds whatever the rest of the configuration will be once the condition is on.
fn speaks_of_its_line(found: &Diagnostic, sources: &Sources) -> bool {
    // What a variable stands for may be another thing then.
    found.code.of_a_line && found.severity == found.code.severity && !sources.line(found.span()).contains("${")
}

/// A program that writes configurations leaves values out where its switch is off: mod_wsgi-express does.
fn asks_for_a_name(opening: Span, sources: &Sources) -> bool {
    sources.text(opening).get(..9).is_some_and(|tag| tag.eq_ignore_ascii_case("<IfDefine"))
}

struct Place<'a> {
    read_again: &'a Sources,
    sources: &'a Sources,
}

impl Place<'_> {
    fn in_first_reading(&self, mut found: Diagnostic, opening: Span) -> Option<Diagnostic> {
        let source = found.span().source;
        let first = opening.source;
        (self.sources.get(first).text.as_str() == self.read_again.get(source).text.as_str()).then_some(())?;
        let moved = |span: &mut Span| replace(span, source, first);
        found.labels.retain_mut(|label| moved(&mut label.span));
        if let Some(repair) = &mut found.repair
            && !repair.edits.iter_mut().all(|edit| moved(&mut edit.span))
        {
            found.repair = None;
        }
        found.severity = found.severity.min(Severity::Warning);
        found.labels.push(Label { span: opening, text: "off now: Apache does not read its lines".to_owned() });
        Some(found)
    }
}

/// Whether a place stands in this source; then in that one.
fn replace(span: &mut Span, source: SourceId, first: SourceId) -> bool {
    let stands_there = span.source == source;
    span.source = first;
    stands_there
}
