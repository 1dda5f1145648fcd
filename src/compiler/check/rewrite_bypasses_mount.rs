//! Without `[PT]` a rewritten URL is a file, and no mount is looked at.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Line, Server, starts_with_path};

pub(super) const CHECK: Check = Check { code: &REWRITE_BYPASSES_MOUNT, run };

static REWRITE_BYPASSES_MOUNT: Code = Code::warning(
    "rewrite-bypasses-mount",
    "a rewritten URL does not reach the application: it is taken for a file",
    include_str!("rewrite_bypasses_mount.md"),
);

/// Flags by which the new URL is looked up, sent to the client or to another server, or not looked at.
const FLAGS: [&str; 17] = [
    "PT",
    "passthrough",
    "R",
    "redirect",
    "P",
    "proxy",
    "F",
    "forbidden",
    "G",
    "gone",
    "H",
    "Handler",
    "END",
    "N",
    "next",
    "C",
    "chain",
];

/// Folders at the root of a machine: a path in one of them may well be a file that is meant.
const ROOTS: [&str; 12] = ["srv", "var", "usr", "home", "opt", "etc", "tmp", "mnt", "data", "www", "root", "app"];

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let engine = host.settings.line("RewriteEngine").is_some_and(Line::is_on);
        if engine && !server.beyond.macros {
            rules(server, host, report);
        }
    }
}

fn rules(server: &Server, host: &Host, report: &mut Report) {
    let mut looks_at_files = false;
    for (index, line) in host.settings.lines.iter().enumerate() {
        match line.name {
            "RewriteCond" => looks_at_files |= line.words.iter().any(|word| names_files(&word.value)),
            "RewriteRule" => {
                let later = &host.settings.lines[index + 1..];
                let goes_on = !line.has_flag(&["L", "last"]) && later.iter().any(passes_on);
                if !looks_at_files && is_plain(line) && !goes_on {
                    judge(server, host, line, report);
                }
                looks_at_files = false;
            }
            _ => {}
        }
    }
}

fn names_files(word: &str) -> bool {
    ["FILENAME", "DOCUMENT_ROOT"].iter().any(|name| word.contains(name))
        || matches!(word, "-f" | "-d" | "-s" | "-F" | "-U")
}

fn passes_on(line: &Line) -> bool {
    line.name == "RewriteRule" && line.has_flag(&["PT", "passthrough"])
}

/// Whether the rule makes a path and does nothing else with it.
fn is_plain(line: &Line) -> bool {
    !line.has_flag(&FLAGS)
}

fn judge(server: &Server, host: &Host, line: &Line, report: &mut Report) {
    let target = line.word(1).split('?').next().unwrap_or_default();
    let first = target.trim_start_matches('/').split('/').next().unwrap_or_default();
    let is_url = target.starts_with('/') && first.starts_with(|start: char| start.is_ascii_alphanumeric());
    let is_file = target.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if is_file || !is_url || ROOTS.contains(&first) {
        return;
    }
    let in_root = host.document_root.as_ref().is_some_and(|root| starts_with_path(target, &root.value));
    let mount = server
        .mounts_of(host)
        .find(|mount| mount.url_path.value == "/" || starts_with_path(target, &mount.url_path.value));
    if let Some(mount) = mount.filter(|_| !in_root) {
        let found = REWRITE_BYPASSES_MOUNT.at(line.words[1].span, "taken for a file");
        let found = found.and(mount.url_path.span, "this mount is not looked at");
        let help = match line.word(2) {
            "" => "write `[PT]` at the end of the line".to_owned(),
            flags => format!("write `{},PT]`", flags.trim_end_matches(']')),
        };
        report.push(found.help(help));
    }
}
