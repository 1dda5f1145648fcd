//! Looks at the lines of conditions that are off: the configuration is read a second time, as if they were on, and what that
//! finds in single lines of theirs is a warning. Apache does not read them today.

use std::collections::HashSet;

use super::check::UNKNOWN_PROCESS_GROUP;
use super::diagnostic::{Diagnostic, Label, Report, Severity};
use super::directive::INVALID_VALUE;
use super::expand::Off;
use super::model::Server;
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

/// Drops what says that a line is missing, unless it is missing also where the conditions are the other way.
pub fn keep_what_holds_both_ways(other: &Report, read_again: &Sources, sources: &Sources, checked: &mut Report) {
    let place = |found: &Diagnostic, sources: &Sources| {
        (found.code.name, sources.get(found.span().source).path.clone(), found.span().start)
    };
    let holds: HashSet<_> = other.iter().map(|found| place(found, read_again)).collect();
    checked.retain(|found| !found.code.of_absence || holds.contains(&place(found, sources)));
}

/// Of a process group that is unknown, names the line that would define it if its condition were on.
pub fn name_groups(server: &Server, off: &Off, read_again: &Sources, sources: &Sources, report: &mut Report) {
    report.change(|found| {
        let name = sources.text(found.span()).trim_matches('"');
        let Some(group) = server.process_group(name).filter(|_| found.code == &UNKNOWN_PROCESS_GROUP) else { return };
        let mut defined = group.name.span;
        let Some(opening) = off.around(defined, read_again) else { return };
        let source = defined.source;
        if replace(&mut defined, source, opening.source) {
            let defined = Label { span: defined, text: "defined where a condition is off".to_owned() };
            found.labels.push(defined);
            found.labels.push(Label { span: opening, text: "off now".to_owned() });
            found.help = Some("let the group be defined where it is used".to_owned());
            if asks_for_what_may_be(opening, sources) {
                found.severity = Severity::Warning;
            }
        }
    });
}

/// A name may be given to Apache when it starts, and a file may lie where it runs.
fn asks_for_what_may_be(opening: Span, sources: &Sources) -> bool {
    ["<IfDefine", "<IfFile"]
        .iter()
        .any(|tag| sources.text(opening).get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
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
