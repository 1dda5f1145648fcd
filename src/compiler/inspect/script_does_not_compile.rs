//! Scripts with a mistake in their syntax, for the Python that runs them.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_DOES_NOT_COMPILE, run };

static SCRIPT_DOES_NOT_COMPILE: Code =
    Code::error("script-does-not-compile", "a script does not compile", include_str!("script_does_not_compile.md"))
        .predicts(&["WSGI0105"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let Some(script) = deployment.script(application) else { continue };
        let Some(error) = &script.python.error else { continue };
        let place = deployment.place(application, script, &error.range);
        let found = SCRIPT_DOES_NOT_COMPILE.at(application.mount.script.span, "does not compile");
        report.push(found.and(place, error.reason.trim_end_matches('.')));
    }
}
