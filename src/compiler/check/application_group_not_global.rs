//! Extension modules in C often work in the main interpreter only.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &APPLICATION_GROUP_NOT_GLOBAL, run };

static APPLICATION_GROUP_NOT_GLOBAL: Code = Code::info(
    "application-group-not-global",
    "an application runs in a sub-interpreter, which some extension modules do not bear",
    include_str!("application_group_not_global.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    let mut chosen = false;
    server.visit(&mut |_, _, settings| chosen |= settings.application_group.is_some());
    if chosen || server.beyond.macros {
        return;
    }
    for mount in server.mounts().filter(|mount| mount.application_group.is_none()) {
        let found = APPLICATION_GROUP_NOT_GLOBAL.at(mount.script.span, "runs in a sub-interpreter");
        report.push(found.help("add `application-group=%{GLOBAL}`"));
    }
}
