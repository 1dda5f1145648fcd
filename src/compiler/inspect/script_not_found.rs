//! Mounted scripts that are not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::Look;

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_NOT_FOUND, run };

static SCRIPT_NOT_FOUND: Code =
    Code::error("script-not-found", "a mounted script is not there", include_str!("script_not_found.md"))
        .predicts(&["WSGI0135"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in &deployment.applications {
        let path = application.script_path();
        if deployment.look(path) != Look::Missing {
            continue;
        }
        let label = if path.ends_with('/') { "no such folder" } else { "no such file" };
        let help = deployment.nearest_entry(path).map(|near| format!("there is `{near}`"));
        report.push(SCRIPT_NOT_FOUND.at(application.mount.script.span, label).maybe_help(help));
    }
}
