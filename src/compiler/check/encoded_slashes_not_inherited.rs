//! `AllowEncodedSlashes` of the main server says nothing about virtual hosts.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Line, Server};

pub(super) const CHECK: Check = Check { code: &ENCODED_SLASHES_NOT_INHERITED, run };

static ENCODED_SLASHES_NOT_INHERITED: Code = Code::warning(
    "encoded-slashes-not-inherited",
    "AllowEncodedSlashes stands outside of the virtual hosts, which do not inherit it",
    include_str!("encoded_slashes_not_inherited.md"),
)
.of_absence();

const NAME: &str = "AllowEncodedSlashes";

fn run(server: &Server, report: &mut Report) {
    let said = server.main().settings.line(NAME).filter(|line| !line.word(0).eq_ignore_ascii_case("off"));
    let Some(line) = said.filter(|_| !server.beyond.macros) else { return };
    let lacks = |host: &&Host| host.settings.line(NAME).is_none() && has_applications(server, host);
    if let Some(host) = server.hosts[1..].iter().find(lacks) {
        let found = ENCODED_SLASHES_NOT_INHERITED.at(line.span, "for the main server alone");
        let help = format!("write `{NAME} {}` into each virtual host", line.word(0));
        report.push(found.and(host.span, "answers `%2F` with 404").help(help));
    }
}

/// Whether a host answers for applications, and sends nobody elsewhere.
fn has_applications(server: &Server, host: &Host) -> bool {
    let elsewhere = |line: &Line| line.name.starts_with("Redirect") || line.name == "RewriteRule";
    !host.mounts.is_empty() || server.mounts_of(host).next().is_some() && !host.settings.lines.iter().any(elsewhere)
}
