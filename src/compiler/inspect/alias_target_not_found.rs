//! `Alias` to a file or folder that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &ALIAS_TARGET_NOT_FOUND, run };

static ALIAS_TARGET_NOT_FOUND: Code = Code::warning(
    "alias-target-not-found",
    "what an alias leads to is not there",
    include_str!("alias_target_not_found.md"),
)
.predicts(&["AH00128"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for alias in deployment.server.hosts.iter().flat_map(|host| &host.aliases) {
        let Some(path) = deployment.path(&alias.target.value) else { continue };
        if !deployment.is_missing(&path) || deployment.is_file_with_slash(&path) {
            continue;
        }
        let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
        report.push(ALIAS_TARGET_NOT_FOUND.at(alias.target.span, "not there").maybe_help(help));
    }
}
