//! `wsgi-check` as its users start it: exit status, formats, pages.

use std::path::PathBuf;
use std::process::{Command, Output};

fn wsgi_check(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsgi-check"));
    command.args(arguments).env_remove("NO_COLOR").output().expect("the command starts")
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the command speaks UTF-8")
}

/// A file with this text, gone when the folder is dropped.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("httpd.conf");
    std::fs::write(&path, text).expect("there is room for a file");
    (folder, path)
}

#[test]
fn the_exit_status_tells_clean_from_wrong_from_unreadable() {
    let (_clean, clean) = file("Listen 80\n");
    let (_warned, warned) = file("Listen 80\nKeepAlive On # x\n");
    let (_wrong, wrong) = file("Lisetn 80\n");
    let of = |path: &PathBuf| status(&wsgi_check(&[&path.to_string_lossy()]));
    assert_eq!(of(&clean), Some(0));
    assert_eq!(of(&warned), Some(0));
    assert_eq!(of(&wrong), Some(1));
    assert_eq!(of(&PathBuf::from("/nowhere/httpd.conf")), Some(2));
    assert_eq!(of(&PathBuf::from("/")), Some(2));
    assert_eq!(status(&wsgi_check(&["--no-such-flag"])), Some(2));
}

#[test]
fn the_plan_goes_to_standard_output_and_findings_beside_it() {
    let (_folder, path) =
        file("ServerRoot /srv\nListen 80\nKeepAlive On # x\n<IfDefine A>\nServerName a.example\n</IfDefine>\n");
    let output = wsgi_check(&["--emit", "plan", "-DA", "-C", "User web", "-c", "Group web", &path.to_string_lossy()]);
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the plan is JSON");
    assert_eq!(plan["hosts"][0]["server_name"], "a.example");
    assert_eq!(plan["user"]["name"], "web");
    assert_eq!(plan["group"]["name"], "web");
    assert!(text(&output.stderr).contains("ignored-words"));
}

#[test]
fn findings_are_json_in_one_array() {
    let (_one, one) = file("Lisetn 80\n");
    let (_two, two) = file("Listen x\n");
    let output = wsgi_check(&["--format", "json", &one.to_string_lossy(), &two.to_string_lossy()]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the findings are JSON");
    assert_eq!(found[0]["code"], "unknown-directive");
    assert_eq!(found[0]["labels"][0]["line"], 1);
    assert_eq!(found[1]["code"], "invalid-value");
}

#[test]
fn a_pipe_gets_no_colours() {
    let (_folder, path) = file("Lisetn 80\n");
    assert!(!text(&wsgi_check(&[&path.to_string_lossy()]).stdout).contains('\x1b'));
}

#[test]
fn pages() {
    for name in [
        "unknown-process-group",
        "WSGIScriptAlias",
        "wsgidaemonprocess",
        "WSGISocketPrefix",
        "RewriteRule",
        "Directory",
    ] {
        let output = wsgi_check(&["--explain", name]);
        assert_eq!(status(&output), Some(0));
        insta::assert_snapshot!(format!("explain_{name}"), text(&output.stdout));
    }
    let unknown = wsgi_check(&["--explain", "unknown-proces-group"]);
    assert_eq!(status(&unknown), Some(2));
    assert!(text(&unknown.stderr).contains("Did you mean `unknown-process-group`?"));
    insta::assert_snapshot!("list_checks", text(&wsgi_check(&["--list-checks"]).stdout));
}

#[test]
fn a_subcommand_stands_beside_the_plain_form() {
    let (folder, _) = file("");
    let named = folder.path().join("man");
    std::fs::write(&named, "Lisetn 80\n").expect("there is room for a file");
    let man = wsgi_check(&["man"]);
    assert_eq!(status(&man), Some(0));
    assert!(text(&man.stdout).contains(".TH wsgi-check 1"));
    assert_eq!(status(&wsgi_check(&[&named.to_string_lossy()])), Some(1));
    let completions = wsgi_check(&["completions", "bash"]);
    assert!(text(&completions.stdout).contains("complete -F _wsgi__check"));
}
