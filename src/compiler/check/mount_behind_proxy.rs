//! A proxy comes before mounts, wherever it stands.

use super::Check;
use super::effect::MOST_COMPARISONS;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Line, Mount, Server, starts_with_path};

pub(super) const CHECK: Check = Check { code: &MOUNT_BEHIND_PROXY, run };

static MOUNT_BEHIND_PROXY: Code = Code::warning(
    "mount-behind-proxy",
    "a mount is never reached, because a proxy takes its URLs",
    include_str!("mount_behind_proxy.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let lines: Vec<&Line> = host.settings.lines("ProxyPass").collect();
        if lines.len().saturating_mul(host.mounts.len()) > MOST_COMPARISONS {
            continue;
        }
        for mount in &host.mounts {
            if is_exempt(host, mount) {
                continue;
            }
            let first = lines.iter().find(|line| covers(line.word(0), &mount.url_path.value));
            // `!` leaves the path to whoever comes next.
            if let Some(line) = first.filter(|line| line.word(1) != "!" && line.words.len() > 1) {
                let found = MOUNT_BEHIND_PROXY.at(mount.url_path.span, "never reached");
                let found = found.and(line.span, format!("`{}` takes it first", line.word(0)));
                report.push(found.help(format!("add `ProxyPass {} !` before it", mount.url_path.value)));
            }
        }
    }
}

/// Whether something may keep the mount from the proxy, be it for a part of its URLs.
fn is_exempt(host: &Host, mount: &Mount) -> bool {
    let url_path = mount.url_path.value.as_str();
    let settings = &host.settings;
    let below = settings.lines("ProxyPass").any(|line| line.word(1) == "!" && starts_with_path(line.word(0), url_path));
    let by_pattern = settings.lines("ProxyPassMatch").any(|line| line.word(1) == "!");
    let mut by_variable = false;
    let mut by_section = false;
    host.visit(&mut |section, settings| {
        by_variable |= settings.lines.iter().any(|line| line.words.iter().any(|word| word.value.contains("no-proxy")));
        by_variable |= settings.set_env.iter().any(|variable| variable.value.0 == "no-proxy");
        by_section |= section.is_some_and(|section| {
            let speaks = settings.lines("ProxyPass").any(|line| line.word(0) == "!");
            speaks && section.matches(url_path, &mount.script.value) != Some(false)
        });
    });
    below || by_pattern || by_variable || by_section
}

fn covers(path: &str, url_path: &str) -> bool {
    path.starts_with('/') && (starts_with_path(url_path, path) || path == "/")
}
