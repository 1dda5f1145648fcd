//! Settings in sections that match no mounted script.

use crate::compiler::model::{Mount, Section, Server, Settings, merge_order};
use crate::compiler::source::Span;

/// Nobody writes so many sections and mounts by hand. Beyond it the time would grow with the square of the file.
pub(super) const MOST_COMPARISONS: usize = 1_000_000;

/// Every setting of a kind that stands in a section which certainly matches no script, with the section and a script.
pub(super) fn without_effect(
    server: &Server,
    setting: impl Fn(&Settings) -> Option<Span>,
) -> Vec<(Span, &Section, &Mount)> {
    let mut found = Vec::new();
    if server.beyond.macros || server.beyond.other_scripts || server.beyond.failed.contains("WSGIScriptAlias") {
        return found;
    }
    for (index, host) in server.hosts.iter().enumerate() {
        // What the main server says holds in every host.
        let mounts: Vec<&Mount> = if index == 0 { server.mounts().collect() } else { server.mounts_of(host).collect() };
        let Some(mount) = mounts.first().copied() else { continue };
        let sections = merge_order(&[], &host.sections);
        if sections.len() * mounts.len() > MOST_COMPARISONS {
            continue;
        }
        for merged in sections {
            let matches = |mount: &&Mount| merged.matches(&mount.url_path.value, &mount.script.value) != Some(false);
            if let Some(span) = setting(&merged.section.settings)
                && !mounts.iter().any(matches)
            {
                found.push((span, merged.section, mount));
            }
        }
    }
    found
}
