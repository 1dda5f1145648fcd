//! Apache keeps the `Authorization` field to itself.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &AUTHORIZATION_NOT_PASSED, run };

static AUTHORIZATION_NOT_PASSED: Code = Code::info(
    "authorization-not-passed",
    "the `Authorization` field of requests never reaches the application",
    include_str!("authorization_not_passed.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    let mut passed = server.beyond.macros || !server.lines("AuthType").is_empty();
    server.visit(&mut |_, _, settings| passed |= settings.pass_authorization.is_some());
    passed |= !server.lines("CGIPassAuth").is_empty();
    passed |= server.mounts().any(|mount| mount.pass_authorization.is_some());
    if let Some(mount) = server.mounts().next().filter(|_| !passed) {
        let found = AUTHORIZATION_NOT_PASSED.at(mount.script.span, "sees no tokens or passwords");
        report.push(found.help("add `WSGIPassAuthorization On`"));
    }
}
