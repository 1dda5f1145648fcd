//! `python-home` and `WSGIPythonHome` that name a file.

use super::environment::NoHome;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_HOME_NOT_A_FOLDER, run };

static PYTHON_HOME_NOT_A_FOLDER: Code = Code::error(
    "python-home-not-a-folder",
    "the home of a Python is a file",
    include_str!("python_home_not_a_folder.md"),
)
.predicts(&["WSGI0101"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in deployment.homes.iter().filter(|home| home.is(&NoHome::NotAFolder)) {
        report.push(PYTHON_HOME_NOT_A_FOLDER.at(home.path.span, "not a folder").help("name the folder above `bin`"));
    }
}
