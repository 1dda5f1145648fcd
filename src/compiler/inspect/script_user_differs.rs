//! `script-user`: the owner that a script must have.

use super::deployment::Runner;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;
use crate::compiler::source::Look;

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_USER_DIFFERS, run };

static SCRIPT_USER_DIFFERS: Code = Code::error(
    "script-user-differs",
    "a script does not belong to the user that its process group asks for",
    include_str!("script_user_differs.md"),
)
.predicts(&["WSGI0164"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    if deployment.server.judge == Judge::WsgiServe {
        return;
    }
    for application in &deployment.applications {
        let Some(Runner::Daemon(group)) = application.runner else { continue };
        let Some(wanted) = group.other("script-user") else { continue };
        let (Ok(Some(user)), Look::There(status)) =
            (deployment.machine.user(&wanted.value), deployment.look(application.script_path()))
        else {
            continue;
        };
        if status.uid != user.uid {
            let label = format!("does not belong to `{}`", wanted.value);
            let found = SCRIPT_USER_DIFFERS.at(application.mount.script.span, label).and(wanted.span, "asked for here");
            report.push(found.help(format!("`chown {} {}`", wanted.value, application.script_path())));
        }
    }
}
