//! Scripts that anybody may write, and those in a folder that anybody may write.

use super::access::is_world_writable;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::Look;

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_WORLD_WRITABLE, run };

static SCRIPT_WORLD_WRITABLE: Code = Code::warning(
    "script-world-writable",
    "everybody on the machine may change what the site runs",
    include_str!("script_world_writable.md"),
)
.predicts(&["WSGI0168", "WSGI0172"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let folder = application.folder();
        for (path, what) in [(application.script_path().into(), "the script"), (folder, "its folder")] {
            if let Look::There(status) = deployment.machine.look(&path)
                && is_world_writable(status)
            {
                let label = format!("{what} is writable for everybody");
                let found = SCRIPT_WORLD_WRITABLE.at(application.mount.script.span, label);
                report.push(found.help(format!("`chmod o-w {}`", path.display())));
                break;
            }
        }
    }
}
