//! The pages that are made from the tables, and the files that other programs read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use wsgi_httpd::compiler::explain;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { files(&path, found) } else { found.extend([path]) }
    }
}

#[test]
fn the_reference_is_as_the_tables_say() {
    let folder = root().join("docs/reference");
    let pages: BTreeMap<PathBuf, String> =
        explain::reference().into_iter().map(|(name, text)| (folder.join(name), text)).collect();
    let mut found = BTreeSet::new();
    files(&folder, &mut found);
    let stale: Vec<_> = pages
        .iter()
        .filter(|(path, text)| std::fs::read_to_string(path).ok().as_ref() != Some(text))
        .map(|(path, _)| path)
        .chain(found.iter().filter(|path| !pages.contains_key(*path)))
        .collect();
    assert!(stale.is_empty(), "run `cargo run --bin wsgi-check reference docs/reference`: {stale:?}");
}

#[test]
fn there_is_a_page_for_all_49_directives_of_mod_wsgi() {
    let pages = explain::reference();
    assert_eq!(pages.iter().filter(|(name, _)| name.starts_with("directives/")).count(), 49);
    assert_eq!(pages.iter().filter(|(name, _)| name.starts_with("checks/")).count(), explain::codes().len());
}

/// The manifest of hooks and the workflow, by the programs that read them.
#[test]
#[allow(clippy::print_stdout)]
fn hooks_and_workflow_are_well_formed() {
    let prepared = Command::new(root().join("examples/prepare.sh")).arg("tests").output().expect("sh is there");
    if prepared.status.code() == Some(3) {
        println!("skipped: {}", String::from_utf8_lossy(&prepared.stdout));
        return;
    }
    let programs = root().join("target/venvs/tests/bin");
    let runs = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(programs.join(program));
        let output = command.current_dir(root()).args(arguments).output().expect("it was installed");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
    };
    runs("pre-commit", &["validate-manifest", ".pre-commit-hooks.yaml"]);
    runs("check-jsonschema", &["--builtin-schema", "vendor.github-workflows", "docs/github-workflow.yml"]);
}
