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
    let list = text(&wsgi_check(&["--list-checks"]).stdout);
    let names: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let codes: Vec<_> = wsgi_httpd::compiler::explain::codes().iter().map(|code| code.name).collect();
    assert_eq!(names, codes);
    let output = wsgi_check(&["--list-checks", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the list is JSON");
    assert_eq!(list.as_array().expect("an array").len(), codes.len());
    assert!(list[0]["summary"].is_string());
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

#[test]
fn one_request_is_explained() {
    let (folder, path) = file(
        "Listen 8080\nServerName a.example\nDocumentRoot /nowhere\nWSGIScriptAlias /app /nowhere/app.wsgi\n\
         <Location /app/closed>\n    Require ip 192.0.2.7\n</Location>\n",
    );
    let path = path.to_string_lossy();
    let said = |arguments: &[&str]| {
        let output = wsgi_check(&[&["explain", "--json"], arguments, &[path.as_ref()]].concat());
        assert_eq!(status(&output), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("the answer is JSON")
    };
    let found = said(&["http://a.example:8080/app/x", "--method", "POST", "--header", "X-A: b"]);
    assert_eq!((&found["request"]["method"], &found["request"]["headers"][0][1]), (&"POST".into(), &"b".into()));
    assert_eq!((&found["outcome"]["status"], &found["outcome"]["place"]["line"]), (&404.into(), &4.into()));
    let denied = said(&["/app/closed"]);
    assert_eq!((&denied["outcome"]["status"], &denied["access"]["place"]["line"]), (&403.into(), &6.into()));
    assert_eq!(said(&["/app/closed", "--from", "192.0.2.7"])["outcome"]["status"], 404);
    assert_eq!(said(&["http://a.example/app"])["outcome"]["by"], "nobody");
    let told = wsgi_check(&["explain", "/app/closed", &path]);
    let line = format!("denied by Require ip 192.0.2.7  [{}:6]", folder.path().join("httpd.conf").display());
    assert!(text(&told.stdout).contains(&line), "{}", text(&told.stdout));
    assert_eq!(status(&wsgi_check(&["explain", "a.example", &path])), Some(2));
    let (_wrong, wrong) = file("Lisetn 80\n");
    assert_eq!(status(&wsgi_check(&["explain", "/", &wrong.to_string_lossy()])), Some(1));
}

#[test]
fn the_fail_level_decides_the_exit_status() {
    let (_folder, path) = file("Listen 80\nKeepAlive On # x\n");
    let path = path.to_string_lossy();
    let (_informed, informed) = file("Listen 80\n# wsgi-check: ignore slash-mismatch\nServerName a\n");
    let informed = informed.to_string_lossy();
    let of = |path: &str, level: &str| status(&wsgi_check(&["--fail-level", level, path]));
    assert_eq!([of(&path, "error"), of(&path, "warning"), of(&path, "info")], [Some(0), Some(1), Some(1)]);
    assert_eq!([of(&informed, "warning"), of(&informed, "info")], [Some(0), Some(1)]);
}

#[test]
fn findings_are_selected_and_ignored_by_name_and_pattern() {
    let (_folder, path) = file("Listen 80\nListen 80\nLisetn 80\nKeepAlive On # x\n");
    let path = path.to_string_lossy();
    let names = |arguments: &[&str]| {
        let output = wsgi_check(&[&["--format", "json", path.as_ref()], arguments].concat());
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the findings are JSON");
        let names =
            found.as_array().expect("an array").iter().map(|one| one["code"].as_str().expect("a name").to_owned());
        (names.collect::<Vec<_>>().join(" "), status(&output))
    };
    assert_eq!(names(&["--select", "ignored-words"]), ("ignored-words".into(), Some(0)));
    assert_eq!(names(&["--select", "*-listen,ignored-words"]), ("duplicate-listen ignored-words".into(), Some(1)));
    assert_eq!(names(&["--ignore", "unknown-*", "--ignore", "duplicate-listen"]), ("ignored-words".into(), Some(0)));
    assert_eq!(names(&["--select", "*", "--ignore", "*-*"]), (String::new(), Some(0)));
    let unknown = wsgi_check(&["--select", "duplicate-listn", &path]);
    assert_eq!(status(&unknown), Some(2));
    assert!(text(&unknown.stderr).contains("Did you mean `duplicate-listen`?"));
    assert_eq!(status(&wsgi_check(&["--ignore", "nothing-*", &path])), Some(2));
}

#[test]
fn a_baseline_hides_what_is_known_and_names_what_is_gone() {
    let (folder, path) = file("Listen 80\nListen 80\nLisetn 80\n");
    let baseline = folder.path().join("baseline.json");
    let (conf, known) = (path.to_string_lossy(), baseline.to_string_lossy());
    assert_eq!(status(&wsgi_check(&["--write-baseline", &known, &conf])), Some(0));
    let hidden = wsgi_check(&["--baseline", &known, &conf]);
    assert_eq!((status(&hidden), text(&hidden.stdout), text(&hidden.stderr)), (Some(0), String::new(), String::new()));
    std::fs::write(&path, "# moved\nListen 80\nLisetn 80\nServerNaem a\n").expect("there is room for a file");
    let new = wsgi_check(&["--format", "concise", "--baseline", &known, &conf]);
    assert_eq!(status(&new), Some(1));
    assert_eq!(text(&new.stdout).lines().count(), 1);
    assert!(text(&new.stdout).contains(":4:1: error[unknown-directive]"));
    assert!(text(&new.stderr).contains("accepts duplicate-listen in "), "{}", text(&new.stderr));
    // What another file has is not gone.
    let (_other, other) = file("Listen 80\n");
    let other = wsgi_check(&["--baseline", &known, &other.to_string_lossy()]);
    assert_eq!(text(&other.stderr), "");
    std::fs::write(&baseline, "{}").expect("there is room for a file");
    assert_eq!(status(&wsgi_check(&["--baseline", &known, &conf])), Some(2));
}

#[test]
fn a_report_goes_to_a_file_or_nowhere_or_is_counted() {
    let (folder, path) = file("Lisetn 80\nLisetn 81\nKeepAlive On # x\n");
    let conf = path.to_string_lossy();
    let to = folder.path().join("report.json");
    let output = wsgi_check(&["--format", "json", "-o", &to.to_string_lossy(), &conf]);
    assert_eq!((status(&output), text(&output.stdout)), (Some(1), String::new()));
    assert!(std::fs::read_to_string(&to).expect("it was written").starts_with('['));
    let quiet = wsgi_check(&["-q", &conf]);
    assert_eq!((status(&quiet), text(&quiet.stdout)), (Some(1), String::new()));
    let counted = text(&wsgi_check(&["--statistics", &conf]).stdout);
    assert_eq!(counted, "2  error    unknown-directive\n1  warning  ignored-words\n");
    assert!(text(&wsgi_check(&["--color", "always", &conf]).stdout).contains('\x1b'));
    let nowhere = folder.path().join("none/report");
    assert_eq!(status(&wsgi_check(&["-o", &nowhere.to_string_lossy(), &conf])), Some(2));
}

/// `wsgi-check` with a text at its standard input.
fn wsgi_check_on(text: &[u8], arguments: &[&str]) -> Output {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsgi-check"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(text).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn standard_input_is_a_file_by_any_name() {
    let output = wsgi_check_on(b"Lisetn 80\n", &["--format", "concise", "-"]);
    assert_eq!(status(&output), Some(1));
    assert!(text(&output.stdout).starts_with("<stdin>:1:1: error[unknown-directive] "));
    let named = wsgi_check_on(b"Lisetn 80\n", &["--format", "concise", "--stdin-filename", "sites/a.conf", "-"]);
    assert!(text(&named.stdout).starts_with("sites/a.conf:1:1: "));
    let fixed = wsgi_check_on(b"\tLisetn 80\r\nServerName a", &["--fix", "-"]);
    assert_eq!(text(&fixed.stdout), "\tListen 80\r\nServerName a");
    assert_eq!(status(&fixed), Some(0));
    // What is right already is printed too: the command may stand in a pipe.
    assert_eq!(text(&wsgi_check_on(b"Listen 80\n", &["--fix", "-"]).stdout), "Listen 80\n");
}

#[test]
fn files_are_put_right_in_place_and_a_diff_touches_nothing() {
    let before = "# \u{e9}\r\nLisetn 80\r\nKeepAlive On # x\r\nInclude more.conf";
    let (folder, path) = file(before);
    let more = folder.path().join("more.conf");
    let link = folder.path().join("link.conf");
    std::fs::write(&more, "ServerNmae a\n").expect("there is room for a file");
    std::os::unix::fs::symlink(&path, &link).expect("a link can be made");
    let root = folder.path().to_string_lossy();
    let (conf, link_name) = (path.to_string_lossy(), link.to_string_lossy());
    let diff = wsgi_check(&["-d", &root, "--diff", &conf]);
    assert_eq!(status(&diff), Some(1));
    let shown = text(&diff.stdout);
    for line in ["-ServerNmae a\n+ServerName a\n", "-Lisetn 80\r\n", "+Listen 80\r\n"] {
        assert!(shown.contains(line), "{shown}");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), before);
    let some = wsgi_check(&["-d", &root, "--diff", "--select", "ignored-words", &conf]);
    assert!(!text(&some.stdout).contains("Listen"));
    let fixed = wsgi_check(&["-d", &root, "--fix", &link_name]);
    assert_eq!((status(&fixed), text(&fixed.stdout)), (Some(0), String::new()));
    assert!(text(&fixed.stderr).contains("put 3 findings right in 2 files"), "{}", text(&fixed.stderr));
    let after = "# \u{e9}\r\nListen 80\r\n# x\r\nKeepAlive On\r\nInclude more.conf";
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), after);
    assert_eq!(std::fs::read_to_string(&more).expect("it is there"), "ServerName a\n");
    assert!(link.is_symlink());
    let again = wsgi_check(&["-d", &root, "--diff", &conf]);
    assert_eq!((status(&again), text(&again.stdout)), (Some(0), String::new()));
}

#[test]
fn a_file_that_is_no_utf_8_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("httpd.conf");
    let before = b"# \xE9\nLisetn 80\n";
    std::fs::write(&path, before).expect("there is room for a file");
    assert_eq!(status(&wsgi_check(&["--fix", &path.to_string_lossy()])), Some(1));
    assert_eq!(std::fs::read(&path).expect("it is there"), before);
}

#[test]
fn a_target_says_which_versions_the_configuration_is_for() {
    let (_folder, path) = file("Listen 80\nMergeSlashes Off\n");
    let path = path.to_string_lossy();
    let of = |target: &str| wsgi_check(&["--format", "concise", "--target", target, &path]);
    let old = of("apache=2.4.38,mod_wsgi=4.9.4");
    assert_eq!(status(&old), Some(1));
    assert!(text(&old.stdout).contains(":2:1: error[needs-newer-version] "));
    assert_eq!(status(&of("apache=2.4.39")), Some(0));
    assert_eq!(status(&of("mod_wsgi=4.9.4")), Some(0));
    assert_eq!(status(&of("nginx=1.0")), Some(2));
}
