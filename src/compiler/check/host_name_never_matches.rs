//! A name is compared with the `Host` field of the request.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &HOST_NAME_NEVER_MATCHES, run };

static HOST_NAME_NEVER_MATCHES: Code = Code::warning(
    "host-name-never-matches",
    "the name of a virtual host is none that a client can ask for",
    include_str!("host_name_never_matches.md"),
);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let names = host.server_name.iter().map(|name| (name.value.name.as_str(), name.span));
        for (name, span) in names.chain(host.server_aliases.iter().map(|alias| (alias.value.as_str(), alias.span))) {
            let (label, help) = if name.contains(',') || name.contains(';') {
                ("the comma belongs to the name", "separate the names by blanks".to_owned())
            } else if name.contains("://") {
                ("an address and no name", format!("write `{}`", host_of(name)))
            } else if name.contains('/') {
                ("the path belongs to the name", format!("write `{}`", host_of(name)))
            } else if name.starts_with('#') {
                ("taken for a name", "a comment needs a line of its own".to_owned())
            } else {
                continue;
            };
            report.push(HOST_NAME_NEVER_MATCHES.at(span, label).help(help));
        }
    }
}

fn host_of(name: &str) -> &str {
    let rest = name.split_once("://").map_or(name, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
