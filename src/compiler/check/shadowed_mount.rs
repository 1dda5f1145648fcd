//! The first `WSGIScriptAlias` that matches wins, and any `Alias` wins over all of them.

use super::Check;
use super::prefixes::Prefixes;
use crate::compiler::diagnostic::{Code, Diagnostic, Report};
use crate::compiler::model::Server;
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &SHADOWED_MOUNT, run };

static SHADOWED_MOUNT: Code = Code::warning(
    "shadowed-mount",
    "a mount is never reached, because an earlier line takes its URLs",
    include_str!("shadowed_mount.md"),
);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let mut earlier = Prefixes::default();
        let mut aliases = Prefixes::default();
        host.aliases.iter().for_each(|alias| aliases.add(&alias.url_path));
        for mount in &host.mounts {
            let path = &mount.url_path;
            if let Some(first) = earlier.taking(&path.value) {
                let same = "take another path for one of the two";
                let help = if first.value == path.value { same } else { "move the longer path before the shorter one" };
                report.push(never_reached(path, first).help(help));
            } else if let Some(first) = aliases.taking(&path.value) {
                let help = "an Alias comes before every WSGIScriptAlias: take another path";
                report.push(never_reached(path, first).help(help));
            }
            earlier.add(path);
        }
    }
}

fn never_reached(path: &Spanned<String>, first: &Spanned<String>) -> Diagnostic {
    let found = SHADOWED_MOUNT.at(path.span, "never reached");
    found.and(first.span, format!("`{}` takes it first", first.value))
}
