//! Logs in a folder that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;

pub(super) const INSPECTION: Inspection = Inspection { code: &LOG_FOLDER_NOT_FOUND, run };

static LOG_FOLDER_NOT_FOUND: Code =
    Code::error("log-folder-not-found", "the folder of a log is not there", include_str!("log_folder_not_found.md"))
        .predicts(&["AH02291", "AH02297"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for (log, folder) in deployment.log_folders() {
        if deployment.is_missing(&folder) {
            let found = LOG_FOLDER_NOT_FOUND.at(log.span, format!("no folder `{folder}`"));
            let found = found.help(format!("`mkdir {folder}`"));
            report.push(match deployment.server.judge {
                Judge::Apache => found,
                Judge::WsgiServe => found.says("the folder of a log is not there, and is not made"),
            });
        }
    }
}
