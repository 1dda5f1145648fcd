//! Access log and error log, line by line.

use regex::Regex;

use crate::support::{Mode, Request, Site, wait_until};

const APP: &str = r#"
import sys
def application(environ, start_response):
    if environ["PATH_INFO"] == "/talk":
        environ["wsgi.errors"].write("to wsgi.errors\n")
        print("to sys.stderr", file=sys.stderr)
        print("to sys.stdout")
    body = b"12345"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [body]
"#;

#[test]
fn access_logs() {
    const LOGS: &str = r#"
LogFormat "%h %l %u %t \"%r\" %>s %b" common
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined
CustomLog ${DIR}/common.log common
CustomLog ${DIR}/combined.log combined
CustomLog ${DIR}/own.log "%m %U %q %s %B %H %{X-Way}i %{Content-Type}o %{local}p %D %v"
"#;
    const COMMON: &str =
        r#"127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /a\?b=1 HTTP/1\.1" 200 5"#;
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, LOGS);
        let request = Request::get("/a?b=1").header("User-Agent", "test \"quoted\"").header("X-Way", "here");
        let request = request.header("Host", &format!("localhost:{}", site.port));
        assert_eq!(server.send(&request).status, 200);
        assert_eq!(server.send(&Request::new("HEAD", "/")).status, 200);
        wait_until("two lines in each", || {
            ["common.log", "combined.log", "own.log"].iter().all(|log| site.read(log).lines().count() == 2)
        });
        let first = |log: &str| site.read(log).lines().next().unwrap_or_default().to_owned();
        for (log, pattern) in [
            ("common.log", format!("^{COMMON}$")),
            ("combined.log", format!(r#"^{COMMON} "-" "test \\"quoted\\""$"#)),
            ("own.log", format!(r"^GET /a \?b=1 200 5 HTTP/1\.1 here text/plain {} \d+ localhost$", site.port)),
        ] {
            let line = first(log);
            assert!(Regex::new(&pattern).unwrap().is_match(&line), "{log}: {line}\nis not {pattern}");
        }
        assert!(site.read("common.log").lines().nth(1).is_some_and(|line| line.ends_with("\"HEAD / HTTP/1.1\" 200 -")));
        server.stop();
    }
}

#[test]
fn a_host_has_logs_of_its_own() {
    let site = Site::with_app(APP);
    let server = site.start(
        "WSGIDaemonProcess app python-home=${VENV}\nWSGIProcessGroup app\nWSGIScriptAlias / ${DIR}/app.wsgi\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\nCustomLog ${DIR}/main.log %U\n\
         <VirtualHost *:${PORT}>\n    ServerName one.test\n    CustomLog ${DIR}/one.log %U\n</VirtualHost>\n\
         <VirtualHost *:${PORT}>\n    ServerName two.test\n</VirtualHost>\n",
    );
    server.send(&Request::get("/for-one").header("Host", "one.test"));
    server.send(&Request::get("/for-two").header("Host", "two.test"));
    wait_until("both lines", || site.read("one.log") == "/for-one\n" && site.read("main.log") == "/for-two\n");
    server.stop();
}

/// What an application says goes to the error log, each line with time, level and process.
#[test]
fn what_applications_say() {
    let line = |text: &str| {
        let time = r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.\d{6} \d{4}\]";
        Regex::new(&format!(r"(?m)^{time} \[wsgi:error\] \[pid \d+(:tid \d+)?\] .*{text}$")).unwrap()
    };
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "");
        assert_eq!(server.get("/talk").status, 200);
        for text in ["to wsgi.errors", "to sys.stderr", "to sys.stdout"] {
            server.logged(text);
            let log = server.error_log();
            assert!(line(text).is_match(&log), "{text}, {mode:?}: no such line in\n{log}");
        }
        server.stop();
    }
}

#[test]
fn bytes_in_a_request_cannot_forge_a_line() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "CustomLog ${DIR}/access.log \"%r %{X-A}i %U\"\n");
    server.send(&Request::get("/%0aforged").header("X-A", "tab\there \u{e4}"));
    wait_until("the line", || site.read("access.log").ends_with('\n'));
    let log = site.read("access.log");
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("GET /%0aforged HTTP/1.1") && log.contains(r"tab\there \xc3\xa4 /\nforged"), "{log}");
    server.stop();
}
