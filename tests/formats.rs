//! The forms of a report, each held against its schema over everything that the cases make us say.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `wsgi-check`, started in a folder.
fn wsgi_check(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsgi-check"));
    command.current_dir(folder).args(arguments).output().expect("the command starts")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the command speaks UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// Every configuration of the cases, as seen from the root.
fn cases() -> Vec<String> {
    let mut found = Vec::new();
    for stage in std::fs::read_dir(root().join("tests/cases")).expect("there are cases") {
        let stage = stage.expect("it can be read").path();
        for case in std::fs::read_dir(stage).expect("a stage is a folder") {
            let path = case.expect("it can be read").path();
            let path = path.strip_prefix(root()).expect("it lies below the root");
            found.push(path.to_str().expect("cases have plain names").to_owned());
        }
    }
    found.sort();
    assert!(found.len() > 100);
    found
}

/// What is said of all cases in one run.
fn report(format: &str) -> Output {
    let mut arguments = vec!["--pedantic", "--format", format];
    let cases = cases();
    arguments.extend(cases.iter().map(String::as_str));
    wsgi_check(root(), &arguments)
}

/// The Python with the validators, made by `examples/prepare.sh`; `None`, with a message, where it cannot be had.
#[allow(clippy::print_stdout)]
fn validators() -> Option<PathBuf> {
    let output = Command::new(root().join("examples/prepare.sh")).arg("tests").output().expect("sh is there");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(3) {
        println!("skipped: {said}");
        return None;
    }
    assert!(output.status.success(), "examples/prepare.sh tests: {said}");
    Some(root().join("target/venvs/tests/bin"))
}

/// Asserts that a document fits a schema of `tests/schemas`, and that a document which is wrong does not.
fn assert_fits(schema: &str, document: &str, wrong: &str) {
    let Some(validators) = validators() else { return };
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let validate = |name: &str, document: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, document).expect("there is room for a file");
        let schemas = root().join("tests/schemas");
        let mut command = Command::new(validators.join("python"));
        command.arg(schemas.join("validate.py")).arg(schemas.join(schema)).arg(path);
        command.output().expect("the virtual environment has a Python")
    };
    let output = validate("good", document);
    assert!(output.status.success(), "{schema}: {}{}", text(&output), String::from_utf8_lossy(&output.stderr));
    assert_eq!(validate("wrong", wrong).status.code(), Some(1), "{schema} takes anything");
}

#[test]
fn sarif_fits_its_schema() {
    let output = report("sarif");
    assert_fits("sarif-2.1.0.json", &text(&output), r#"{"version": "2.1.0"}"#);
    let document = json(&output);
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("there are rules");
    let results = run["results"].as_array().expect("there are results");
    assert!(results.len() > 300);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("it is small")];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().is_some_and(|page| page.len() > 100));
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(uri.as_str().is_some_and(|uri| uri.starts_with("tests/cases/")), "{uri}");
    }
    assert!(results.iter().any(|result| result["relatedLocations"].is_array()));
}

#[test]
fn gitlab_fits_its_schema() {
    let output = report("gitlab");
    assert_fits("gitlab.json", &text(&output), r#"[{"description": "x"}]"#);
    let document = json(&output);
    let findings = document.as_array().expect("an array");
    let mut fingerprints: Vec<_> = findings.iter().map(|finding| finding["fingerprint"].to_string()).collect();
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), findings.len());
}

#[test]
fn junit_fits_its_schema() {
    assert_fits("junit.xsd", &text(&report("junit")), "<testsuites><testsuite/></testsuites>");
}

#[test]
fn checkstyle_fits_its_schema() {
    assert_fits("checkstyle.xsd", &text(&report("checkstyle")), "<checkstyle/>");
}

/// GitHub's manual, "Workflow commands": a line each, `%`, line ends, and in properties `:` and `,`, escaped.
#[test]
fn github_escapes_what_it_must() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    std::fs::write(folder.path().join("a,b:c%.conf"), "Lisetn 80\nWSGIProcessGroup %{GLOBL}\n").expect("room");
    let output = text(&wsgi_check(folder.path(), &["--format", "github", "a,b:c%.conf"]));
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(
        lines[0],
        "::error title=wsgi-check unknown-directive,file=a%2Cb%3Ac%25.conf,line=1,endLine=1,col=1,endColumn=7::\
         a directive is used that neither Apache nor mod_wsgi has: no such directive%0Adid you mean `Listen`?"
    );
    assert!(lines[1].contains("did you mean `%25{GLOBAL}`?"));
    let commands = text(&report("github"));
    let concise = text(&report("concise"));
    assert_eq!(commands.lines().count(), concise.lines().count());
    assert!(
        commands.lines().all(|line| ["::error ", "::warning ", "::notice "].iter().any(|one| line.starts_with(one)))
    );
}

#[test]
fn concise_is_a_line_for_each_finding() {
    let form =
        regex::Regex::new(r"^tests/cases/[^:]+:\d+:\d+: (error|warning|info)\[[a-z0-9-]+\] .").expect("a pattern");
    let output = text(&report("concise"));
    assert!(output.lines().count() > 300);
    for line in output.lines() {
        assert!(form.is_match(line), "{line}");
    }
}

/// The fingerprints of a text, sorted.
fn fingerprints(folder: &Path, text: &str) -> Vec<String> {
    std::fs::write(folder.join("httpd.conf"), text).expect("there is room for a file");
    let found = json(&wsgi_check(folder, &["--format", "json", "httpd.conf"]));
    let mut all: Vec<_> =
        found.as_array().expect("an array").iter().map(|one| one["fingerprint"].to_string()).collect();
    all.sort();
    all
}

#[test]
fn fingerprints_survive_moved_lines_and_tell_findings_apart() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let before = fingerprints(folder.path(), "Lisetn 80\nLisetn 80\nKeepAlive On # x\n");
    let moved = "# new\n\nServerName a\n  Lisetn  80\nKeepAlive On # x\n\tLisetn 80\n";
    assert_eq!(before, fingerprints(folder.path(), moved));
    assert_eq!(before.len(), 3);
    assert!(before.windows(2).all(|pair| pair[0] != pair[1]));
    let other = fingerprints(folder.path(), "Lisetn 81\nKeepAlive Off # x\n");
    assert!(other.iter().all(|one| !before.contains(one)));
    // The main file has no `Listen`: that stands at its first line, whichever that is.
    let missing = fingerprints(folder.path(), "ServerRoot /srv\nLoadModule wsgi_module mod_wsgi.so\n");
    assert!(!missing.is_empty());
    assert_eq!(missing, fingerprints(folder.path(), "# new\nServerRoot /srv\nLoadModule wsgi_module mod_wsgi.so\n"));
}

#[test]
fn what_two_files_include_is_said_once() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (name, text) in
        [("a.conf", "Include shared.conf\n"), ("b.conf", "Include shared.conf\n"), ("shared.conf", "Lisetn 80\n")]
    {
        std::fs::write(folder.path().join(name), text).expect("there is room for a file");
    }
    let root = folder.path().to_str().expect("a plain name");
    let output = text(&wsgi_check(folder.path(), &["-d", root, "--format", "concise", "a.conf", "b.conf"]));
    assert_eq!(output.lines().count(), 1);
    assert!(output.starts_with("shared.conf:1:1: error[unknown-directive] "), "{output}");
}
