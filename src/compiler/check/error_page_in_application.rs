//! The page of an error must not come from what failed.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Server, Settings, starts_with_path};
use crate::decision::pattern::Pattern;

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
        if host.mounts.is_empty() {
            continue;
        }
        host.visit(&mut |section, settings| {
            // What a section hands to a proxy has not failed in the application.
            if section.is_none() || settings.line("ProxyPass").is_none() {
                judge(server, host, settings, report);
            }
        });
    }
}

fn judge(server: &Server, host: &Host, settings: &Settings, report: &mut Report) {
    for line in settings.lines("ErrorDocument").filter(|line| OF_FAILURES.contains(&line.word(0))) {
        let page = line.word(1);
        let aliases = host.aliases.iter().chain(&server.main().aliases);
        let is_file = aliases.into_iter().any(|alias| starts_with_path(page, &alias.url_path.value));
        let taken = [host, server.main()].iter().any(|host| is_taken(page, &host.settings));
        let mount = host
            .mounts
            .iter()
            .find(|mount| mount.url_path.value == "/" || starts_with_path(page, &mount.url_path.value));
        // A mount of its own, beside the one for all other URLs, is another application.
        let is_other = mount.is_some_and(|mount| {
            mount.url_path.value != "/" && host.mounts.iter().any(|other| other.script.value != mount.script.value)
        });
        if let Some(mount) = mount.filter(|_| page.starts_with('/') && !is_file && !taken && !is_other) {
            let found = ERROR_PAGE_IN_APPLICATION.at(line.words[1].span, "asked from the application");
            let found = found.and(mount.url_path.span, "this mount takes it");
            report.push(found.help(format!("add `Alias {page} /…{page}`, which comes before the mount")));
        }
    }
}

/// Whether something that comes before mounts may take a page.
fn is_taken(page: &str, settings: &Settings) -> bool {
    settings.lines.iter().any(|line| match line.name {
        "ProxyPass" => line.word(1) != "!" && (line.word(0) == "/" || starts_with_path(page, line.word(0))),
        "AliasMatch" | "ProxyPassMatch" => true,
        "RewriteRule" => {
            line.word(1) != "-" && Pattern::new(line.word(0)).is_ok_and(|rule| rule.is_match(page.as_bytes()))
        }
        _ => false,
    })
}
