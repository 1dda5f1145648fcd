//! `%{ENV:NAME}` is read by `WSGICallableObject`, and not by the option of a mount.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &CALLABLE_NOT_EXPANDED, run };

static CALLABLE_NOT_EXPANDED: Code = Code::error(
    "callable-not-expanded",
    "the option `callable-object` takes `%{ENV:…}` for the name itself",
    include_str!("callable_not_expanded.md"),
)
.predicts(&["WSGI0089"]);

fn run(server: &Server, report: &mut Report) {
    for callable in server.mounts().filter_map(|mount| mount.callable_object.as_ref()) {
        if callable.value.starts_with("%{") {
            let found = CALLABLE_NOT_EXPANDED.at(callable.span, "looked up as it stands");
            report.push(found.help(format!("write `WSGICallableObject {}` on a line of its own", callable.value)));
        }
    }
}
