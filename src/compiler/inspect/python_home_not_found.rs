//! `python-home` and `WSGIPythonHome` that are not there.

use super::environment::NoHome;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_HOME_NOT_FOUND, run };

static PYTHON_HOME_NOT_FOUND: Code =
    Code::error("python-home-not-found", "the home of a Python is not there", include_str!("python_home_not_found.md"))
        .predicts(&["WSGI0100"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in deployment.homes.iter().filter(|home| home.is(&NoHome::Missing)) {
        let found = PYTHON_HOME_NOT_FOUND.at(home.path.span, "no such folder");
        let help = deployment.nearest_entry(&home.path.value).map(|near| format!("there is `{near}`"));
        report.push(found.maybe_help(help));
    }
}
