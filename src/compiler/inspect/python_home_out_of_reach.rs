//! Homes of a Python behind a folder that the account of the process may not enter.

use super::access::{Barrier, Want, barrier};
use super::environment::NoHome;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_HOME_OUT_OF_REACH, run };

static PYTHON_HOME_OUT_OF_REACH: Code = Code::error(
    "python-home-out-of-reach",
    "the process may not enter the home of its Python",
    include_str!("python_home_out_of_reach.md"),
)
.predicts(&["WSGI0102"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in deployment.homes.iter().filter(|home| home.environment.is_ok() || home.is(&NoHome::Hidden)) {
        let account = match home.group {
            Some(group) => deployment.group_account(group),
            None => deployment.server_account(),
        };
        let path = &home.path.value;
        let Some(account) = account else { continue };
        let Some(barrier) = barrier(deployment.machine, &account, Path::new(path), Want::Enter) else { continue };
        let folder = match barrier {
            Barrier::Folder(folder) => folder.display().to_string(),
            Barrier::Itself => path.clone(),
        };
        let found = PYTHON_HOME_OUT_OF_REACH.at(home.path.span, format!("closed to `{}` at `{folder}`", account.name));
        report.push(found.help(format!("let `{}` enter it: `chmod o+x {folder}`", account.name)));
    }
}
