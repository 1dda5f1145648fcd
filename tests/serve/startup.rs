//! Starts that must fail, and how they say so: which line, and what to do.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;

use nix::unistd::geteuid;

use crate::support::{Site, check, command, note, run, skipped, tests_apache};

const APP: &str = "def application(environ, start_response):\n    start_response('200 OK', [])\n    return []\n";

/// Runs `wsgi-serve` to its end, which must come by itself.
fn fails(site: &Site, flags: &[&str]) -> (i32, String) {
    let conf = site.path("httpd.conf");
    let mut all = vec!["-f", conf.to_str().unwrap()];
    all.extend(flags);
    let output = run(command(&all));
    (output.status.code().expect("no signal"), said(&output) + &site.read("error.log"))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `httpd.conf:LINE` of the first line with a text.
fn place(site: &Site, text: &str) -> String {
    let conf = site.read("httpd.conf");
    let index = conf.lines().position(|line| line.contains(text)).expect("the text is in the configuration");
    format!("httpd.conf:{}", index + 1)
}

#[test]
fn errors_start_no_process() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    site.configure("WSGIScriptAlais / ${DIR}/app.wsgi\nWSGIProcessGroup nowhere\n<Directory ${DIR}>\n");
    let (status, words) = fails(&site, &[]);
    assert_eq!(status, 1, "{words}");
    for text in ["WSGIScriptAlais", "WSGIProcessGroup nowhere", "<Directory ${DIR}>"] {
        assert!(words.contains(&place(&site, text)), "{text}: {words}");
    }
    assert!(words.contains("WSGIScriptAlias"), "the right name: {words}");
    assert!(!site.path("httpd.pid").exists(), "nothing was started");
    let (status, words) = fails(&site, &["-t"]);
    assert_eq!(status, 1, "{words}");
    assert!(words.contains(&place(&site, "WSGIScriptAlais")), "{words}");
    let output = check(&[site.path("httpd.conf").to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(1), "wsgi-check: {}", said(&output));
}

#[test]
fn a_clean_configuration_passes_the_test() {
    let site = Site::with_app(APP);
    site.configure(
        "WSGIDaemonProcess app python-home=${VENV}\n\
         WSGIScriptAlias / ${DIR}/app.wsgi process-group=app application-group=%{GLOBAL}\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    let (status, words) = fails(&site, &["-t"]);
    assert_eq!(status, 0, "{words}");
    assert!(words.contains("Syntax OK"), "{words}");
    if !tests_apache() {
        let output = check(&[site.path("httpd.conf").to_str().unwrap()], &[]);
        assert_eq!((output.status.code(), said(&output).contains("warning")), (Some(0), false), "{}", said(&output));
    }
}

#[test]
fn a_file_that_is_not_there() {
    if tests_apache() {
        return;
    }
    let site = Site::new();
    let (status, words) = fails(&site, &[]);
    assert!(status == 1 || status == 2, "{status}: {words}");
    assert!(words.contains("httpd.conf"), "{words}");
    assert_eq!(check(&[site.path("httpd.conf").to_str().unwrap()], &[]).status.code(), Some(2));
}

#[test]
fn an_unsupported_directive_is_named() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    site.configure("RewriteEngine On\nRewriteRule ^/a$ /b\n");
    for flags in [&[][..], &["-t"]] {
        let (status, words) = fails(&site, flags);
        assert_eq!(status, 1, "{flags:?}: {words}");
        assert!(words.contains("unsupported-directive") && words.contains("RewriteRule"), "{words}");
    }
    let conf = site.path("httpd.conf");
    let plain = check(&[conf.to_str().unwrap()], &[]);
    assert_eq!(plain.status.code(), Some(0), "for Apache it is right: {}", said(&plain));
    let ours = check(&["--for", "wsgi-serve", conf.to_str().unwrap()], &[]);
    assert_eq!(ours.status.code(), Some(1), "{}", said(&ours));
    let server = crate::support::Server::start(&site, &["--ignore-unsupported", "-f", conf.to_str().unwrap()]);
    server.stop();
}

/// What only the machine can say: exit status 2, and the directive's place.
#[test]
fn failures_of_the_machine() {
    if tests_apache() {
        return;
    }
    for (directives, culprit, words, remedy) in [
        ("WSGIDaemonProcess app python-home=${DIR}/none\n", "python-home=", "none", "python3 -m venv"),
        (
            "WSGIDaemonProcess fine python-home=${VENV}\nWSGIDaemonProcess app python-home=${DIR}/none\n",
            "DIR}/none",
            "none",
            "python3 -m venv",
        ),
        ("User no-such-user-here\n", "User no-such", "no-such-user-here", "getent passwd"),
        ("Group no-such-group-here\n", "Group no-such", "no-such-group-here", "getent group"),
        ("WSGIDaemonProcess app user=no-such-user-here\n", "user=no-such", "no-such-user-here", "getent passwd"),
        ("WSGIDaemonProcess app group=no-such-group-here\n", "group=no-such", "no-such-group-here", "getent group"),
        ("WSGIPythonHome ${DIR}/none\n", "WSGIPythonHome", "none", "python3 -m venv"),
        ("ErrorLog ${DIR}/none/error.log\n", "none/error.log", "none/error.log", "create its folder"),
    ] {
        note(directives);
        let site = Site::with_app(APP);
        site.configure(&format!(
            "{directives}WSGIScriptAlias / ${{DIR}}/app.wsgi\n<Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
        ));
        let (status, said) = fails(&site, &[]);
        assert_eq!(status, 2, "{directives}{said}");
        assert!(said.contains(&place(&site, culprit)) && said.contains(words), "{directives}{said}");
        assert!(said.contains(remedy), "what to do: {directives}{said}");
        assert!(!site.path("httpd.pid").exists(), "{directives}");
        assert_eq!(processes_of(&site), Vec::<PathBuf>::new(), "left behind: {directives}{said}");
    }
}

/// The processes that write to a file of the site, as all do that a server starts.
fn processes_of(site: &Site) -> Vec<PathBuf> {
    let all = std::fs::read_dir("/proc").expect("Linux has /proc").flatten().map(|entry| entry.path());
    let output = |process: &PathBuf| std::fs::read_link(process.join("fd/2"));
    all.filter(|process| output(process).is_ok_and(|file| file.starts_with(site.folder()))).collect()
}

#[test]
fn a_port_in_use() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let other = TcpListener::bind(("127.0.0.1", site.port)).expect("a free port");
    site.configure("DocumentRoot ${DIR}\n");
    let (status, words) = fails(&site, &[]);
    assert_eq!(status, 2, "{words}");
    assert!(words.contains(&format!("127.0.0.1:{}", site.port)), "the address: {words}");
    assert!(words.contains(&place(&site, "Listen")), "the line: {words}");
    drop(other);
}

#[test]
fn root_needs_a_user() {
    if tests_apache() {
        return;
    }
    if !geteuid().is_root() {
        skipped("root_needs_a_user: not root");
        return;
    }
    let site = Site::with_app(APP);
    site.configure("DocumentRoot ${DIR}\n");
    let (status, words) = fails(&site, &["--no-allow-root"]);
    assert_eq!(status, 2, "{words}");
    assert!(words.contains("User") && words.contains("--allow-root"), "what to do: {words}");
}
