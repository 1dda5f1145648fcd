//! What is installed in an environment, by the names of its folders: nothing is imported.

use std::path::Path;

use super::Deployment;
use super::deployment::Runner;
use super::environment::Environment;

/// Packages that say of themselves that they do not support interpreters beside the first one.
pub(super) const FIRST_INTERPRETER_ONLY: [&str; 5] = ["numpy", "scipy", "torch", "tensorflow", "jax"];

/// Packages made with `PyO3`, whose modules can be imported by one interpreter of a process and no other.
pub(super) const ONE_INTERPRETER: [&str; 13] = [
    "cryptography",
    "pydantic_core",
    "bcrypt",
    "orjson",
    "rpds_py",
    "jiter",
    "tiktoken",
    "tokenizers",
    "polars",
    "nh3",
    "watchfiles",
    "uuid_utils",
    "css_inline",
];

/// The first of these packages that is installed where an application runs.
pub(super) fn installed(
    deployment: &Deployment<'_>,
    runner: Runner<'_>,
    names: &[&'static str],
) -> Option<&'static str> {
    let environment = deployment.home_of(runner)?.environment.as_ref().ok()?;
    let found = distributions(deployment, environment);
    names.iter().find(|name| found.iter().any(|one| one == *name)).copied()
}

/// The names of all distributions, in lower case and with `_`.
fn distributions(deployment: &Deployment<'_>, environment: &Environment) -> Vec<String> {
    let lists = environment.site_packages.iter().map(|folder| deployment.machine.list(folder).unwrap_or_default());
    lists.flatten().filter_map(|name| distribution(&name)).collect()
}

/// `numpy` for `numpy-2.1.0.dist-info`.
fn distribution(name: &str) -> Option<String> {
    let (name, _version) = name.strip_suffix(".dist-info")?.split_once('-')?;
    Some(name.to_ascii_lowercase().replace(['-', '.'], "_"))
}

/// The compiled modules right in `site-packages` and in the folders of its packages: the folder, and their names.
pub(super) fn compiled_modules(deployment: &Deployment<'_>, folder: &Path) -> Vec<(String, Vec<String>)> {
    let names = deployment.machine.list(folder).unwrap_or_default();
    let packages = names.iter().filter(|name| !name.contains('.') && !name.starts_with('_'));
    let mut all: Vec<(String, Vec<String>)> =
        packages.filter_map(|name| Some((name.clone(), deployment.machine.list(&folder.join(name)).ok()?))).collect();
    all.push((String::new(), names));
    for (_, names) in &mut all {
        names.retain(|name| Path::new(name).extension().is_some_and(|ending| ending == "so"));
    }
    all.retain(|(_, names)| !names.is_empty());
    all
}
