//! The page of an error must not come from what failed.

use super::Check;
use super::taken::Taken;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Server, Settings, starts_with_path};

pub(super) const CHECK: Check = Check { code: &ERROR_PAGE_IN_APPLICATION, run };

static ERROR_PAGE_IN_APPLICATION: Code = Code::warning(
    "error-page-in-application",
    "the page for a failed application is asked from the application",
    include_str!("error_page_in_application.md"),
);

/// What Apache answers when the application fails or its processes cannot be reached.
const OF_FAILURES: [&str; 4] = ["500", "502", "503", "504"];

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let mut pages = 0;
        host.visit(&mut |_, settings| pages += settings.lines("ErrorDocument").count());
        if host.mounts.is_empty() || pages == 0 {
            continue;
        }
        let Some(taken) = Taken::of(server, host, pages) else { continue };
        host.visit(&mut |section, settings| {
            // What a section hands to a proxy has not failed in the application.
            if section.is_none() || settings.line("ProxyPass").is_none() {
                judge(server, host, &taken, settings, report);
            }
        });
    }
}

fn judge(server: &Server, host: &Host, taken: &Taken<'_>, settings: &Settings, report: &mut Report) {
    for line in settings.lines("ErrorDocument").filter(|line| OF_FAILURES.contains(&line.word(0))) {
        let page = line.word(1);
        let aliases = host.aliases.iter().chain(&server.main().aliases);
        let is_file = aliases.into_iter().any(|alias| starts_with_path(page, &alias.url_path.value));
        let mount = host
            .mounts
            .iter()
            .find(|mount| mount.url_path.value == "/" || starts_with_path(page, &mount.url_path.value));
        // A mount of its own, beside the one for all other URLs, is another application.
        let is_other = mount.is_some_and(|mount| {
            mount.url_path.value != "/" && host.mounts.iter().any(|other| other.script.value != mount.script.value)
        });
        if let Some(mount) = mount.filter(|_| page.starts_with('/') && !is_file && !taken.takes(page) && !is_other) {
            let found = ERROR_PAGE_IN_APPLICATION.at(line.words[1].span, "asked from the application");
            let found = found.and(mount.url_path.span, "this mount takes it");
            report.push(found.help(format!("add `Alias {page} /…{page}`, which comes before the mount")));
        }
    }
}
