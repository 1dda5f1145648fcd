//! `python-path` into the `site-packages` of another Python.

use super::deployment::PathEntry;
use super::environment::Version;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_PATH_OF_ANOTHER_VERSION, run };

static PYTHON_PATH_OF_ANOTHER_VERSION: Code = Code::warning(
    "python-path-of-another-version",
    "the `python-path` holds packages for another version of Python",
    include_str!("python_path_of_another_version.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for PathEntry { path, span, runner } in deployment.python_paths() {
        let packages = path.contains("/site-packages") || path.contains("/dist-packages");
        let of_path = path.split('/').find_map(Version::of_name).filter(|_| packages);
        let of_home = || deployment.home_of(runner)?.environment.as_ref().ok()?.version;
        let runs = deployment.built_for.map(|(version, _)| version).or_else(of_home);
        if let (Some(of_path), Some(runs)) = (of_path, runs)
            && of_path != runs
        {
            let found = PYTHON_PATH_OF_ANOTHER_VERSION.at(span, format!("packages for Python {of_path}"));
            report.push(
                found.help(format!("the application runs under Python {runs}: name an environment of that version")),
            );
        }
    }
}
