//! `DocumentRoot` that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::Severity;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;

pub(super) const INSPECTION: Inspection = Inspection { code: &DOCUMENT_ROOT_NOT_FOUND, run };

static DOCUMENT_ROOT_NOT_FOUND: Code = Code::warning(
    "document-root-not-found",
    "the DocumentRoot is not there",
    include_str!("document_root_not_found.md"),
)
.predicts(&["AH00112", "AH00526"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for (index, host) in deployment.server.hosts.iter().enumerate() {
        let Some(root) = &host.document_root else { continue };
        let Some(path) = deployment.path(&root.value).filter(|path| deployment.is_missing(path)) else { continue };
        let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
        let found = DOCUMENT_ROOT_NOT_FOUND.at(root.span, "no such folder").maybe_help(help);
        let refused = index == 0 && deployment.server.judge == Judge::Apache;
        report.push(if refused { found.graded(Severity::Error) } else { found });
    }
}
