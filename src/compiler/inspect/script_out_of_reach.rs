//! Scripts behind a folder that Apache or the application may not enter.

use super::access::{Barrier, Want, barrier};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_OUT_OF_REACH, run };

static SCRIPT_OUT_OF_REACH: Code = Code::error(
    "script-out-of-reach",
    "a folder above a script is closed to a process that needs the script",
    include_str!("script_out_of_reach.md"),
)
.predicts(&["AH00035", "WSGI0105"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let server = deployment.server_account();
    for application in deployment.scripts() {
        let path = Path::new(application.script_path());
        for account in server.iter().chain(&application.account) {
            if let Some(Barrier::Folder(folder)) = barrier(deployment.machine, account, path, Want::Read) {
                let folder = folder.display();
                let label = format!("closed to `{}` at `{folder}`", account.name);
                let found = SCRIPT_OUT_OF_REACH.at(application.mount.script.span, label);
                report.push(found.help(format!("let `{}` enter it: `chmod o+x {folder}`", account.name)));
                break;
            }
        }
    }
}
