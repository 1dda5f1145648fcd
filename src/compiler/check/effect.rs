//! Settings in sections that match no mounted script.

use crate::compiler::model::{Mount, Section, Server, Settings};
use crate::compiler::source::Span;

/// Every setting of a kind that stands in a section which certainly matches no script, with the section and a script.
pub(super) fn without_effect<'a>(
    server: &'a Server,
    setting: impl Fn(&Settings) -> Option<Span>,
) -> Vec<(Span, &'a Section, &'a Mount)> {
    let mut found = Vec::new();
    if server.beyond.macros || server.beyond.other_scripts || server.beyond.failed.contains("WSGIScriptAlias") {
        return found;
    }
    for (index, host) in server.hosts.iter().enumerate() {
        // What the main server says holds in every host.
        let mounts: Vec<&Mount> = if index == 0 { server.mounts().collect() } else { server.mounts_of(host).collect() };
        let Some(mount) = mounts.first().copied() else { continue };
        for merged in crate::compiler::model::merge_order(&[], &host.sections) {
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
