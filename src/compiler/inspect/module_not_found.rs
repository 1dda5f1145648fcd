//! `LoadModule` of a file that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;

pub(super) const INSPECTION: Inspection = Inspection { code: &MODULE_NOT_FOUND, run };

static MODULE_NOT_FOUND: Code =
    Code::error("module-not-found", "the file of a module is not there", include_str!("module_not_found.md"));

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    // Our own runtime loads none.
    if deployment.server.judge == Judge::WsgiServe {
        return;
    }
    for module in deployment.modules {
        let Some(path) = deployment.path(&module.file.value) else { continue };
        if deployment.is_missing(&path) {
            let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
            report.push(MODULE_NOT_FOUND.at(module.file.span, "no such file").maybe_help(help));
        }
    }
}
