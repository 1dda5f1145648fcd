//! `<Location>` is merged after `<Directory>`, and its `Require` takes the place of the other.

use super::Check;
use super::access::is_selective;
use super::effect::MOST_COMPARISONS;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Merged, Mount, Server};
use crate::plan::sections::{Match, Require};

pub(super) const CHECK: Check = Check { code: &LOCATION_LIFTS_RESTRICTION, run };

static LOCATION_LIFTS_RESTRICTION: Code = Code::warning(
    "location-lifts-restriction",
    "a `<Location>` grants to all what a `<Directory>` restricts",
    include_str!("location_lifts_restriction.md"),
);

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros || !server.hosts.iter().any(|host| !host.sections.is_empty()) {
        return;
    }
    for host in &server.hosts {
        let mut sections = server.sections_of(host);
        sections.retain(|merged| !merged.section.settings.require.is_empty());
        if sections.len().saturating_mul(host.mounts.len()) > MOST_COMPARISONS {
            continue;
        }
        for mount in &host.mounts {
            judge(&sections, mount, report);
        }
    }
}

fn judge(sections: &[Merged], mount: &Mount, report: &mut Report) {
    let mut restricted = None;
    for merged in sections {
        let settings = &merged.section.settings;
        if settings.access_is_more || merged.matches(&mount.url_path.value, &mount.script.value) != Some(true) {
            continue;
        }
        let require = &settings.require;
        let location = match &merged.section.matcher {
            // Who names the mount itself means the application.
            Matcher::Plain(Match::Location(path)) if path != "/" && *path == mount.url_path.value => return,
            matcher => matches!(matcher, Matcher::Plain(Match::Location(_))),
        };
        if !location {
            restricted = is_selective(require).then(|| &require[0]);
        } else if let (Some(before), [only]) = (restricted, require.as_slice())
            && only.value == Require::AllGranted
        {
            let found = LOCATION_LIFTS_RESTRICTION.at(only.span, "lets everybody in");
            report.push(found.and(before.span, "has no effect any more").help("delete the line"));
            return;
        }
    }
}
