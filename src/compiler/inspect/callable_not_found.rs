//! Scripts that bind no object of the name that mod_wsgi calls.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::nearest;
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &CALLABLE_NOT_FOUND, run };

static CALLABLE_NOT_FOUND: Code = Code::error(
    "callable-not-found",
    "a script has no object of the name that is called",
    include_str!("callable_not_found.md"),
)
.predicts(&["WSGI0089"]);

/// What applications are called where they are not called `application`.
const USUAL: [&str; 4] = ["app", "wsgi", "wsgi_app", "handler"];

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in &deployment.applications {
        let (Some(name), Some(script)) = (application.callable, deployment.script(application)) else { continue };
        let python = &script.python;
        let dynamic = python.open || name.contains('%') || name.contains('.');
        let by_program = python.only_as_program.iter().any(|(bound, _)| bound == name);
        if dynamic || by_program || python.empty || python.error.is_some() || python.bound.contains(name) {
            continue;
        }
        let found = CALLABLE_NOT_FOUND.at(application.mount.script.span, format!("has no `{name}`"));
        let usual = USUAL.into_iter().find(|usual| python.bound.contains(*usual));
        let near = usual.or_else(|| nearest(name, python.bound.iter().map(String::as_str)));
        report.push(found.maybe_help(near.map(|near| format!("name the one that is there: `callable-object={near}`"))));
    }
}
