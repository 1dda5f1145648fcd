//! Scripts without a statement.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &EMPTY_SCRIPT, run };

static EMPTY_SCRIPT: Code =
    Code::error("empty-script", "a mounted script is empty", include_str!("empty_script.md")).predicts(&["WSGI0089"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let Some(script) = deployment.script(application) else { continue };
        if script.python.empty && script.python.error.is_none() {
            report.push(EMPTY_SCRIPT.at(application.mount.script.span, "has no statement"));
        }
    }
}
