//! mod_wsgi is linked to one Python, and every environment must be one of that version.

use super::environment::Version;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;
use crate::compiler::source::Span;

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_VERSIONS_DIFFER, run };

static PYTHON_VERSIONS_DIFFER: Code = Code::error(
    "python-versions-differ",
    "a Python is named that mod_wsgi was not built for",
    include_str!("python_versions_differ.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    // Our own runtime starts the Python of each home.
    if deployment.server.judge == Judge::WsgiServe {
        return;
    }
    let homes =
        deployment.homes.iter().filter_map(|home| Some((home.path.span, home.environment.as_ref().ok()?.version?)));
    let homes: Vec<(Span, Version)> = homes.collect();
    let (expected, place, label) = match (deployment.built_for, homes.first()) {
        (Some((version, module)), _) => (version, module.file.span, format!("built for Python {version}")),
        (None, Some((span, version))) => (*version, *span, format!("one of Python {version}")),
        (None, None) => return,
    };
    for (span, version) in homes.iter().filter(|(_, version)| *version != expected) {
        let found = PYTHON_VERSIONS_DIFFER.at(*span, format!("one of Python {version}")).and(place, &label);
        report.push(match deployment.built_for {
            Some(_) => found.help(format!("make the environment with Python {expected}")),
            None => found.says("two Pythons are named, and one Apache has only one"),
        });
    }
}
