//! Sections of `<Location>` are merged in the order of the file, however long their paths are.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Matcher, Section, Server, Settings, starts_with_path};
use crate::compiler::source::{Span, Spanned};
use crate::plan::sections::Match;
use std::collections::HashMap;

pub(super) const CHECK: Check = Check { code: &LOCATION_OVERRIDDEN, run };

static LOCATION_OVERRIDDEN: Code = Code::warning(
    "location-overridden",
    "a `<Location>` is overridden by a later one with a shorter path",
    include_str!("location_overridden.md"),
);

/// What is compared: each is replaced as a whole by a later section.
struct Setting {
    span: fn(&Section) -> Option<Span>,
    same: fn(&Settings, &Settings) -> bool,
}

const SETTINGS: [Setting; 3] = [
    Setting {
        span: |section| section.settings.process_group.as_ref().map(|group| group.span),
        same: |one, other| values(&one.process_group).eq(values(&other.process_group)),
    },
    Setting {
        span: |section| section.settings.application_group.as_ref().map(|group| group.span),
        same: |one, other| values(&one.application_group).eq(values(&other.application_group)),
    },
    Setting {
        span: |section| {
            section.settings.require.first().filter(|_| !section.settings.access_is_more).map(|one| one.span)
        },
        same: |one, other| values(&one.require).eq(values(&other.require)),
    },
];

/// What is set, wherever it stands.
fn values<'a, T: 'a>(set: impl IntoIterator<Item = &'a Spanned<T>>) -> impl Iterator<Item = &'a T> {
    set.into_iter().map(|one| &one.value)
}

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        for setting in &SETTINGS {
            judge(host, setting, report);
        }
    }
}

fn judge(host: &Host, setting: &Setting, report: &mut Report) {
    let mut later: HashMap<&str, (Span, &Settings)> = HashMap::new();
    for section in host.sections.iter().rev() {
        let Matcher::Plain(Match::Location(path)) = &section.matcher else { continue };
        let Some(span) = (setting.span)(section) else { continue };
        let shorter = shorter_paths(path).filter(|shorter| *shorter != path && starts_with_path(path, shorter));
        let overriding = shorter.into_iter().find_map(|shorter| later.get(shorter));
        if let Some((overriding, _)) = overriding.filter(|(_, other)| !(setting.same)(&section.settings, other)) {
            let found = LOCATION_OVERRIDDEN.at(span, "has no effect");
            report.push(found.and(*overriding, "comes later and counts").help("move this section behind the other"));
        }
        later.insert(path, (span, &section.settings));
    }
}

/// The paths that cover this one, with and without the slash at their end.
fn shorter_paths(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').flat_map(|(at, _)| [&path[..at], &path[..=at]])
}
