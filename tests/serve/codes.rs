//! The codes of the error log: where mod_wsgi would log the same situation, its code stands in our line, as people look for it.

use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Mode, Request, Server, Site, check, command, run, tests_apache};

const APP: &str = r#"
import os, sys, time
HERE = os.path.dirname(__file__)

class Closing(list):
    def close(self):
        raise KeyError("closing")

class Looking(list):
    @property
    def close(self):
        raise KeyError("looking")

def late():
    yield b"x"
    raise ValueError("late")

def endless():
    yield str(os.getpid()).encode()
    time.sleep(60)

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raises":
        raise ValueError("bad")
    if path == "/exits":
        sys.exit(3)
    if path == "/waits":
        environ["wsgi.errors"].write("it waits\n")
        while not os.path.exists(os.path.join(HERE, "go")):
            time.sleep(0.01)
    if path == "/dies":
        os._exit(3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return {"/closes": Closing([b"x"]), "/looks": Looking([b"x"]), "/late": late(), "/endless": endless()}.get(path, [b"x"])
"#;

const ALLOWED: &str = "<Directory ${DIR}>\n    Require all granted\n</Directory>\n";

/// A line with this code, which `wsgi-check --explain` knows, comes with this request.
#[track_caller]
fn gives(server: &Server, site: &Site, request: &Request, code: &str) {
    let before = server.error_log().matches(code).count();
    server.send(request);
    crate::support::wait_until(&format!("{code} in the error log"), || {
        site.read("error.log").matches(&format!("{code}: ")).count() > before
    });
    assert!(check(&["--explain", code], &[]).status.success(), "{code} is explained");
}

#[test]
fn of_scripts() {
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        for (name, code) in [
            ("syntax", "def (:\n"),
            ("fails", "1/0\n"),
            ("leaves", "import sys\nsys.exit(2)\n"),
            ("nothing", "x = 1\n"),
        ] {
            site.file(&format!("scripts/{name}.wsgi"), code);
        }
        let server = site.serve(
            mode,
            "WSGIScriptAlias /scripts ${DIR}/scripts\n<Directory ${DIR}/scripts>\nRequire all granted\n</Directory>\n",
        );
        for (target, code) in [
            ("/raises", "WSGI0174"),
            ("/exits", "WSGI0175"),
            ("/closes", "WSGI0174"),
            ("/looks", "WSGI0194"),
            ("/late", "WSGI0174"),
            ("/scripts/syntax.wsgi", "WSGI0105"),
            ("/scripts/fails.wsgi", "WSGI0109"),
            ("/scripts/leaves.wsgi", "WSGI0107"),
            ("/scripts/nothing.wsgi", "WSGI0089"),
            ("/scripts/missing.wsgi", "WSGI0135"),
        ] {
            gives(&server, &site, &Request::get(target), code);
        }
        gives(&server, &site, &Request::post_chunked("/", &[b"abc"]), "WSGI0139");
        server.stop();
    }
}

#[test]
fn of_daemon_processes() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let options = "threads=1 python-home=${VENV} shutdown-timeout=1";
    let server = site.start(&format!(
        "WSGIDaemonProcess app {options}\nWSGIDaemonProcess slow {options} socket-timeout=1\n\
         WSGIDaemonProcess queue {options} queue-timeout=1\nWSGIDaemonProcess full {options} listen-backlog=1\n\
         WSGIScriptAlias /slow ${{DIR}}/app.wsgi process-group=slow application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /queue ${{DIR}}/app.wsgi process-group=queue application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /nowhere ${{DIR}}/app.wsgi process-group=%{{ENV:nowhere}} application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n{ALLOWED}"
    ));
    gives(&server, &site, &Request::get("/dies"), "WSGI0146");
    gives(&server, &site, &Request::get("/nowhere"), "WSGI0151");
    gives(&server, &site, &Request::get("/slow/waits"), "WSGI0145");
    let mut busy = server.connect();
    busy.write(&Request::get("/queue/waits").bytes());
    crate::support::wait_until("both wait", || server.error_log().matches("it waits").count() == 2);
    gives(&server, &site, &Request::get("/queue"), "WSGI0084");
    let mut cut = server.connect();
    cut.write(&Request::get("/endless").bytes());
    assert_eq!(cut.head().status, 200);
    let pid = String::from_utf8(cut.chunk().expect("a process id")).unwrap();
    kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).expect("the process is there");
    assert_eq!(cut.chunk(), None, "the answer looks cut");
    server.logged("WSGI0119: process group app ended before the answer of ");
    server.logged("AH00052: process group app: process ");
    site.file("go", "");
    server.stop();
}

fn asks(user: &str) -> Request {
    Request::get("/").header("Authorization", &format!("Basic {}", STANDARD.encode(format!("{user}:x"))))
}

#[test]
fn of_access() {
    const SCRIPT: &str = r#"
def check_password(environ, user, password):
    return {"empty": "", "number": 1}.get(user, True)

def groups_for_user(environ, user):
    return {"none": [], "other": ["other"], "item": [3], "number": 3}[user]

def allow_access(environ, host):
    return {"": True, "no": False, "number": 3}[environ["QUERY_STRING"]]
"#;
    let site = Site::with_app(APP);
    site.file("auth.py", SCRIPT);
    site.file("nothing.py", "");
    let basic = "AuthType Basic\nAuthName test\nAuthBasicProvider wsgi\n";
    let location = |path: &str, lines: &str| format!("<Location {path}>\n{basic}{lines}</Location>\n");
    let server = site.serve(
        Mode::Embedded,
        &(location("/", "WSGIAuthUserScript ${DIR}/auth.py\nWSGIAuthGroupScript ${DIR}/auth.py\nWSGIAccessScript ${DIR}/auth.py\nRequire wsgi-group staff\n")
            + &location("/nobody", "WSGIAuthUserScript ${DIR}/nothing.py\n")
            + &location("/nogroups", "WSGIAuthGroupScript ${DIR}/nothing.py\n")
            + &location("/noaccess", "WSGIAccessScript ${DIR}/nothing.py\n")),
    );
    let path = |path: &str| Request::get(path).header("Authorization", &format!("Basic {}", STANDARD.encode("none:x")));
    for (request, code) in [
        (path("/nobody"), "WSGI0043"),
        (asks("item"), "WSGI0050"),
        (asks("number-of-groups"), "WSGI0174"),
        (path("/nogroups"), "WSGI0052"),
        (path("/?number"), "WSGI0055"),
        (path("/noaccess"), "WSGI0056"),
        (path("/?no"), "WSGI0057"),
        (asks("none"), "WSGI0059"),
        (asks("other"), "WSGI0060"),
        (asks("empty"), "WSGI0176"),
        (asks("number"), "WSGI0177"),
    ] {
        gives(&server, &site, &request, code);
    }
    server.stop();
}

/// What is wrong at the start, and goes on all the same.
#[test]
fn of_what_is_loaded_first() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    site.file("syntax.py", "def (:\n");
    site.file("fails.py", "1/0\n");
    site.file("leaves.py", "import sys\nsys.exit(2)\n");
    let load =
        |name: &str| format!("WSGIImportScript ${{DIR}}/{name}.py process-group=app application-group=%{{GLOBAL}}\n");
    let server = site.start(&format!(
        "WSGIDaemonProcess app python-home=${{VENV}} locale=xx_YY.UTF-8\n{}{}{}\
         WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n{ALLOWED}",
        load("syntax"),
        load("fails"),
        load("leaves")
    ));
    for (code, what) in [
        ("WSGI0079", "locale 'xx_YY.UTF-8' of process group 'app' is not installed"),
        ("WSGI0106", "WSGI script '"),
        ("WSGI0110", "WSGI script '"),
        ("WSGI0108", "WSGI script '"),
    ] {
        server.logged(&format!("{code}: {what}"));
        assert!(check(&["--explain", code], &[]).status.success(), "{code} is explained");
    }
    // In the order of the file.
    let log = server.error_log();
    let places: Vec<_> = ["WSGI0106", "WSGI0110", "WSGI0108"].iter().map(|code| log.find(code)).collect();
    assert!(places.is_sorted(), "{places:?}");
    server.stop();
}

/// What the server cannot start with.
#[test]
fn of_starts() {
    if tests_apache() {
        return;
    }
    for (directives, code) in [
        ("WSGIDaemonProcess app python-home=${DIR}/none\n", "WSGI0028"),
        ("WSGIPythonHome ${DIR}/none\n", "WSGI0001"),
        ("WSGIDaemonProcess app python-home=${VENV} home=${DIR}/none\n", "WSGI0009"),
    ] {
        let site = Site::with_app(APP);
        let group = if directives.contains("Daemon") { "process-group=app " } else { "" };
        let conf = site.configure(&format!(
            "{directives}WSGIScriptAlias / ${{DIR}}/app.wsgi {group}application-group=%{{GLOBAL}}\n{ALLOWED}"
        ));
        let Output { status, stdout, stderr } = run(command(&["-f", conf.to_str().unwrap()]));
        let words = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        assert!(!status.success(), "{words}");
        assert!(words.contains(&format!("{code}: ")), "{code}: {words}");
        assert!(check(&["--explain", code], &[]).status.success(), "{code} is explained");
    }
}

/// What a script writes during a request says which script that was.
#[test]
fn lines_of_scripts() {
    const TALKS: &str = r#"
import logging, sys, threading
def application(environ, start_response):
    import mod_wsgi
    print("to stderr", file=sys.stderr)
    print("to stdout")
    environ["wsgi.errors"].write("to errors\n")
    mod_wsgi.LogHandler().emit(logging.makeLogRecord({"levelno": 30, "msg": "a warning\nof two lines"}))
    thread = threading.Thread(target=print, args=["of a thread"])
    thread.start()
    thread.join()
    environ["wsgi.errors"].write("x" * 9000 + "\n")
    sys.stderr.write("one line ")
    sys.stdout.write("of two streams")
    start_response("200 OK", [])
    return []
"#;
    for mode in Mode::BOTH {
        let site = Site::with_app(TALKS);
        let server = site.serve(mode, "");
        assert_eq!(server.get("/").status, 200);
        let script = site.path("app.wsgi");
        for (level, text) in [
            ("error", "to stderr"),
            ("error", "to stdout"),
            ("error", "to errors"),
            ("warn", "a warning"),
            ("warn", "of two lines"),
            ("error", "one line of two streams"),
        ] {
            server.logged(text);
            let log = server.error_log();
            let line = log.lines().find(|line| line.ends_with(text)).expect("just seen");
            assert!(line.contains(&format!("[wsgi:{level}] ")), "{line}");
            assert!(line.ends_with(&format!("] [script {}] {text}", script.display())), "{line}");
        }
        let log = server.error_log();
        let line = log.lines().find(|line| line.ends_with("of a thread")).expect("it was joined");
        assert!(!line.contains("[script "), "nobody knows for whom a thread works: {line}");
        assert!(log.lines().any(|line| line.ends_with("xxx") && line.len() == 8192), "a record is cut at 8 KiB");
        server.stop();
    }
}
