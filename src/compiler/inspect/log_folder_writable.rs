//! Logs in a folder that anybody may write.

use super::access::is_world_writable;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::Look;

pub(super) const INSPECTION: Inspection = Inspection { code: &LOG_FOLDER_WRITABLE, run };

static LOG_FOLDER_WRITABLE: Code = Code::warning(
    "log-folder-writable",
    "everybody on the machine may replace the logs that root writes",
    include_str!("log_folder_writable.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for (log, folder) in deployment.log_folders() {
        if let Look::There(status) = deployment.look(&folder)
            && is_world_writable(status)
        {
            let found = LOG_FOLDER_WRITABLE.at(log.span, format!("`{folder}` is writable for everybody"));
            report.push(found.help(format!("`chmod o-w {folder}`")));
        }
    }
}
