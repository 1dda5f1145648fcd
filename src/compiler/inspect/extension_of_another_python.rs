//! Compiled modules whose names carry another version than that of their environment.

use super::environment::Version;
use super::packages::compiled_modules;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::collections::BTreeMap;

pub(super) const INSPECTION: Inspection = Inspection { code: &EXTENSION_OF_ANOTHER_PYTHON, run };

static EXTENSION_OF_ANOTHER_PYTHON: Code = Code::warning(
    "extension-of-another-python",
    "an environment holds compiled modules for another Python",
    include_str!("extension_of_another_python.md"),
)
.predicts(&["WSGI0109"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in &deployment.homes {
        let Ok(environment) = &home.environment else { continue };
        let Some(version) = environment.version else { continue };
        let own = format!("python{version}");
        let folders =
            environment.site_packages.iter().filter(|folder| folder.components().any(|part| part.as_os_str() == &*own));
        let mut modules = folders.flat_map(|folder| compiled_modules(deployment, folder));
        let first = modules.find_map(|(package, names)| {
            let (name, other) = misfit(&names, version)?;
            Some((if package.is_empty() { name.to_owned() } else { format!("{package}/{name}") }, other))
        });
        if let Some((name, other)) = first {
            let found = EXTENSION_OF_ANOTHER_PYTHON.at(home.path.span, format!("one of Python {version}"));
            let found =
                found.says(format!("`{name}` is made for Python {other} and lies in an environment of {version}"));
            report.push(found.help("make the environment anew, and install the packages again"));
        }
    }
}

/// A module of which there is none for this version, and the version that it is for.
fn misfit(names: &[String], version: Version) -> Option<(&str, Version)> {
    let mut modules: BTreeMap<&str, Vec<(&str, Option<Version>)>> = BTreeMap::new();
    for name in names {
        let stem = name.split('.').next().unwrap_or_default();
        let made_for = name.split_once(".cpython-").and_then(|(_, tag)| Version::of_tag(tag));
        modules.entry(stem).or_default().push((name, made_for));
    }
    modules.into_values().find_map(|files| {
        // Without a version it fits every Python.
        let fits = files.iter().any(|(_, made_for)| made_for.is_none_or(|made_for| made_for == version));
        files.first().filter(|_| !fits).and_then(|(name, made_for)| Some((*name, (*made_for)?)))
    })
}
