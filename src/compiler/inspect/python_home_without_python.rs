//! `python-home` and `WSGIPythonHome` that name a folder of another kind.

use super::environment::NoHome;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_HOME_WITHOUT_PYTHON, run };

static PYTHON_HOME_WITHOUT_PYTHON: Code = Code::error(
    "python-home-without-python",
    "the home of a Python holds no Python",
    include_str!("python_home_without_python.md"),
)
.predicts(&["WSGI0028"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in deployment.homes.iter().filter(|home| home.is(&NoHome::NoPython)) {
        let found = PYTHON_HOME_WITHOUT_PYTHON.at(home.path.span, "no Python in it");
        report.push(
            found.maybe_help(deployment.environment_below(&home.path.value).map(|near| format!("write `{near}`"))),
        );
    }
}
