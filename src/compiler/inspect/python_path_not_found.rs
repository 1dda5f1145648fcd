//! Folders of `python-path` and `WSGIPythonPath` that are not there.

use super::deployment::PathEntry;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_PATH_NOT_FOUND, run };

static PYTHON_PATH_NOT_FOUND: Code = Code::warning(
    "python-path-not-found",
    "a folder of the `python-path` is not there",
    include_str!("python_path_not_found.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for PathEntry { path, span, .. } in deployment.python_paths() {
        if deployment.is_missing(&path) {
            let found = PYTHON_PATH_NOT_FOUND.at(span, format!("no `{path}`"));
            let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
            report.push(found.maybe_help(help));
        }
    }
}
