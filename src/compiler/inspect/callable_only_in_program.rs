//! Applications below `if __name__ == "__main__"`.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &CALLABLE_ONLY_IN_PROGRAM, run };

static CALLABLE_ONLY_IN_PROGRAM: Code = Code::error(
    "callable-only-in-program",
    "the application is made only where the script is run as a program",
    include_str!("callable_only_in_program.md"),
)
.predicts(&["WSGI0089"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in &deployment.applications {
        let (Some(name), Some(script)) = (application.callable, deployment.script(application)) else { continue };
        let python = &script.python;
        if python.open || python.error.is_some() || python.bound.contains(name) {
            continue;
        }
        if let Some((_, range)) = python.only_as_program.iter().find(|(bound, _)| bound == name) {
            let place = deployment.place(application, script, range);
            let label = format!("has no `{name}` when it is loaded");
            let found = CALLABLE_ONLY_IN_PROGRAM.at(application.mount.script.span, label);
            report.push(found.and(place, "only when run as a program").help("move the line out of the `if`"));
        }
    }
}
