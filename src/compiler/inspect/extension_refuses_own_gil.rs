//! `WSGIPerInterpreterGIL` with packages that are not made for it.

use super::deployment::Interpreter;
use super::packages::{FIRST_INTERPRETER_ONLY, ONE_INTERPRETER, installed};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &EXTENSION_REFUSES_OWN_GIL, run };

static EXTENSION_REFUSES_OWN_GIL: Code = Code::warning(
    "extension-refuses-own-gil",
    "a package is installed that cannot be imported where each interpreter has its own GIL",
    include_str!("extension_refuses_own_gil.md"),
)
.predicts(&["WSGI0109"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let Some(own_gil) = deployment.server.per_interpreter_gil.as_ref().filter(|state| state.value) else { return };
    let refusing = [&FIRST_INTERPRETER_ONLY[..], &ONE_INTERPRETER[..]].concat();
    for application in &deployment.applications {
        let (Some(runner), Interpreter::Sub(_)) = (application.runner, application.interpreter) else { continue };
        if let Some(package) = installed(deployment, runner, &refusing) {
            let found = EXTENSION_REFUSES_OWN_GIL.at(own_gil.span, "each interpreter has its own GIL");
            let found = found.and(application.mount.script.span, "runs in a further interpreter");
            let found =
                found.says(format!("{package} is installed, which an interpreter with its own GIL cannot import"));
            report.push(found.help("write `application-group=%{GLOBAL}` for the application that needs it"));
        }
    }
}
