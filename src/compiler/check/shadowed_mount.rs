//! The first `WSGIScriptAlias` that matches wins, and any `Alias` wins over all of them.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity};
use crate::compiler::model::{Server, starts_with_path};

pub(super) const CHECK: Check = Check { code: &SHADOWED_MOUNT, run };

static SHADOWED_MOUNT: Code = Code {
    name: "shadowed-mount",
    severity: Severity::Error,
    summary: "a mount is never reached, because an earlier line takes its URLs",
    explain: include_str!("shadowed_mount.md"),
};

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        for (index, mount) in host.mounts.iter().enumerate() {
            let path = &mount.url_path.value;
            let earlier = host.mounts[..index].iter().find(|earlier| covers(&earlier.url_path.value, path));
            let alias = host.aliases.iter().find(|alias| covers(&alias.url_path.value, path));
            let Some((first, help)) =
                earlier.map(|earlier| (&earlier.url_path, "move the longer path before the shorter one")).or(alias
                    .map(|alias| (&alias.url_path, "an Alias comes before every WSGIScriptAlias: take another path")))
            else {
                continue;
            };
            let help = if first.value == *path { "take another path for one of the two" } else { help };
            let found = SHADOWED_MOUNT.at(mount.url_path.span, "never reached");
            report.push(found.and(first.span, format!("`{}` takes it first", first.value)).help(help));
        }
    }
}

/// Whether a prefix takes every URL of a longer one.
fn covers(first: &str, later: &str) -> bool {
    starts_with_path(later, first)
}
