//! Redirections come before mounts, wherever they stand.

use super::Check;
use super::effect::MOST_COMPARISONS;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server, starts_with_path};

pub(super) const CHECK: Check = Check { code: &MOUNT_BEHIND_REDIRECT, run };

static MOUNT_BEHIND_REDIRECT: Code = Code::warning(
    "mount-behind-redirect",
    "a mount is never reached, because a redirection takes its URLs",
    include_str!("mount_behind_redirect.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let lines = host.settings.lines.iter().filter(|line| DIRECTIVES.contains(&line.name));
        let taking: Vec<(&Line, &str)> = lines.filter_map(|line| Some((line, path(line)?))).collect();
        if taking.len().saturating_mul(host.mounts.len()) > MOST_COMPARISONS {
            continue;
        }
        for mount in &host.mounts {
            let first = taking.iter().find(|(_, path)| covers(path, &mount.url_path.value));
            if let Some((line, path)) = first {
                let found = MOUNT_BEHIND_REDIRECT.at(mount.url_path.span, "never reached");
                let found = found.and(line.span, format!("`{path}` takes it first"));
                report.push(found.help("write the redirection in a virtual host of its own"));
            }
        }
    }
}

const DIRECTIVES: [&str; 3] = ["Redirect", "RedirectPermanent", "RedirectTemp"];

/// The path of a redirection: the first word that begins with a slash, unless an address follows none.
fn path(line: &Line) -> Option<&str> {
    line.words.iter().take(2).map(|word| word.value.as_str()).find(|word| word.starts_with('/'))
}

fn covers(path: &str, url_path: &str) -> bool {
    starts_with_path(url_path, path) || path == "/"
}
