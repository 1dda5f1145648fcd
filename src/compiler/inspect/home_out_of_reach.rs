//! `home` that the account of the group may not enter.

use super::access::{Want, barrier};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &HOME_OUT_OF_REACH, run };

static HOME_OUT_OF_REACH: Code = Code::error(
    "home-out-of-reach",
    "a process group may not enter its working directory",
    include_str!("home_out_of_reach.md"),
)
.predicts(&["WSGI0009"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for group in &deployment.server.process_groups {
        let (Some(home), Some(account)) = (&group.home, deployment.group_account(group)) else { continue };
        if barrier(deployment.machine, &account, Path::new(&home.value), Want::Enter).is_some() {
            let found = HOME_OUT_OF_REACH.at(home.span, format!("closed to `{}`", account.name));
            report.push(found.help(format!("let `{}` enter it and the folders above it", account.name)));
        }
    }
}
