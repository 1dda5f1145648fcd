//! Virtual environments of a Python that was removed or replaced.

use super::environment::NoHome;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_HOME_OF_LOST_PYTHON, run };

static PYTHON_HOME_OF_LOST_PYTHON: Code = Code::error(
    "python-home-of-lost-python",
    "a virtual environment is named whose Python is gone",
    include_str!("python_home_of_lost_python.md"),
)
.predicts(&["WSGI0028"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in &deployment.homes {
        if let Err(NoHome::Gone(folder, python)) = &home.environment {
            let label = format!("made with `{}`", folder.join(python).display());
            let found = PYTHON_HOME_OF_LOST_PYTHON.at(home.path.span, label);
            report.push(found.help("make the environment anew with a Python that is there"));
        }
    }
}
