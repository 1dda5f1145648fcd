//! Scripts that the account of their process may not read.

use super::access::{Barrier, Want, barrier};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_NOT_READABLE, run };

static SCRIPT_NOT_READABLE: Code = Code::error(
    "script-not-readable",
    "the process of the application may not read its script",
    include_str!("script_not_readable.md"),
)
.predicts(&["WSGI0105"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let Some(account) = &application.account else { continue };
        let path = application.script_path();
        if barrier(deployment.machine, account, Path::new(path), Want::Read) == Some(Barrier::Itself) {
            let label = format!("not readable for `{}`", account.name);
            let found = SCRIPT_NOT_READABLE.at(application.mount.script.span, label);
            report.push(
                found.help(format!("give it the right to read: `chgrp {} {path}; chmod g+r {path}`", account.name)),
            );
        }
    }
}
