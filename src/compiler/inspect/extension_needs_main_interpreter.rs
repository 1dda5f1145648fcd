//! Packages that do not support interpreters beside the first one.

use super::deployment::Interpreter;
use super::packages::{FIRST_INTERPRETER_ONLY, installed};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &EXTENSION_NEEDS_MAIN_INTERPRETER, run };

static EXTENSION_NEEDS_MAIN_INTERPRETER: Code = Code::warning(
    "extension-needs-main-interpreter",
    "a package is installed that supports only the first interpreter of a process",
    include_str!("extension_needs_main_interpreter.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    // With a GIL for each interpreter it is not imported at all, which is said elsewhere.
    if deployment.server.per_interpreter_gil.as_ref().is_some_and(|state| state.value) {
        return;
    }
    for application in &deployment.applications {
        let (Some(runner), Interpreter::Sub(named)) = (application.runner, application.interpreter) else { continue };
        let Some(package) = installed(deployment, runner, &FIRST_INTERPRETER_ONLY) else { continue };
        let place = named.map_or(application.mount.script.span, |name| name.span);
        let found = EXTENSION_NEEDS_MAIN_INTERPRETER.at(place, "runs in a further interpreter");
        let found =
            found.says(format!("{package} is installed, which supports only the first interpreter of a process"));
        report.push(found.help("write `application-group=%{GLOBAL}`, with a process group for each application"));
    }
}
