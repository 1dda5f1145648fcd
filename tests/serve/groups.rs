//! The options of `WSGIDaemonProcess`, as the application sees them.

use serde_json::json;

use crate::support::{Mode, Request, Server, Site, pythons, wait_until};

const APP: &str = r#"
import json, locale, os, sys, threading, time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/wait":
        environ["wsgi.errors"].write("now waiting in %d\n" % os.getpid())
        environ["wsgi.errors"].flush()
        deadline = time.monotonic() + 30
        while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")) and time.monotonic() < deadline:
            time.sleep(0.01)
    mask = os.umask(0)
    os.umask(mask)
    shown = {
        "pid": os.getpid(), "cwd": os.getcwd(), "path": sys.path, "prefix": sys.prefix, "umask": "%04o" % mask,
        "lang": os.environ.get("LANG"), "lc_all": os.environ.get("LC_ALL"), "locale": locale.setlocale(locale.LC_CTYPE),
        "main": environ["mod_wsgi.application_group"] == "", "argv": sys.argv,
        "name": __name__, "file": __file__, "encoding": sys.getfilesystemencoding(),
        "module": sys.modules["mod_wsgi"].process_group if "mod_wsgi" in sys.modules else None,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]
"#;

fn start<'a>(site: &'a Site, options: &str) -> Server<'a> {
    site.start(&format!(
        "WSGIDaemonProcess app {options}\nWSGIProcessGroup app\nWSGIApplicationGroup %{{GLOBAL}}\n\
         WSGIScriptAlias / ${{DIR}}/app.wsgi\n<Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
    ))
}

#[test]
fn what_the_process_is_like() {
    for python in pythons() {
        let site = Site::under(python);
        site.file("app.wsgi", APP);
        site.file("library/one/marker.py", "");
        site.file("library/two/marker.py", "");
        let folder = site.folder().to_str().unwrap().to_owned();
        let server = start(
            &site,
            "python-home=${VENV} python-path=${DIR}/library/one:${DIR}/library/two home=${DIR}/library \
             umask=0027 lang=C.UTF-8 locale=C.UTF-8 display-name=%{GROUP}",
        );
        let shown = server.get("/").json();
        assert_eq!(shown["cwd"], format!("{folder}/library"), "home");
        assert_eq!(shown["prefix"], python.venv().to_str().unwrap(), "python-home");
        assert_eq!(shown["umask"], "0027");
        assert_eq!((&shown["lang"], &shown["lc_all"]), (&json!("C.UTF-8"), &json!("C.UTF-8")));
        assert_eq!(shown["locale"], "C.UTF-8");
        assert_eq!(shown["encoding"], "utf-8");
        assert_eq!(shown["argv"], json!(["mod_wsgi"]));
        assert_eq!((&shown["main"], &shown["module"]), (&json!(true), &json!("app")));
        assert_eq!(shown["file"], format!("{folder}/app.wsgi"));
        assert!(shown["name"].as_str().is_some_and(|name| name.starts_with("_mod_wsgi_")), "{shown}");
        let path: Vec<&str> = shown["path"].as_array().unwrap().iter().filter_map(|entry| entry.as_str()).collect();
        let at = |end: &str| path.iter().position(|entry| *entry == format!("{folder}/library{end}"));
        assert!(at("/one").is_some() && at("/one") < at("/two"), "python-path, in order: {path:?}");
        assert!(at("").is_some(), "home is on the path: {path:?}");
        assert!(!path.contains(&folder.as_str()) && !path.contains(&""), "the script's folder is not: {path:?}");

        assert_eq!(title(&shown["pid"]), "(wsgi:app)", "display-name");
        server.stop();
    }
}

/// What `ps` shows of a process.
fn title(pid: &serde_json::Value) -> String {
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("the process is there");
    line.trim_end_matches('\0').to_owned()
}

#[test]
fn names_of_processes() {
    if crate::support::tests_apache() {
        return;
    }
    for python in pythons() {
        let long = "a-name-that-does-not-end".repeat(100);
        for (options, expected) in [
            ("display-name='(my own name)'", "(my own name)"),
            ("", "wsgi-serve: process group app"),
            (&format!("display-name={long}"), long.as_str()),
        ] {
            let site = Site::under(python);
            site.file("app.wsgi", APP);
            let server = start(&site, &format!("{options} threads=1 python-home=${{VENV}}"));
            let pid = &server.get("/").json()["pid"];
            let shown = title(pid);
            assert!(expected.starts_with(&shown) && (shown == expected || shown.len() > 100), "{shown:?}");
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("the process is there");
            assert_eq!(name.trim_end(), &expected[..expected.len().min(15)]);
            server.stop();
        }
        let site = Site::under(python);
        site.file("app.wsgi", APP);
        let server = site.serve(Mode::Embedded, "");
        assert_eq!(title(&server.get("/").json()["pid"]), "wsgi-serve: embedded");
        server.stop();
    }
}

/// Two processes of one thread each run two requests at once; a third waits for neither for ever.
#[test]
fn processes_and_threads_are_all_used() {
    for (options, processes) in [("processes=2 threads=1", 2), ("processes=1 threads=2", 1)] {
        let site = Site::with_app(APP);
        let server = start(&site, &format!("{options} python-home=${{VENV}}"));
        let mut waiting = [server.connect(), server.connect()];
        for connection in &mut waiting {
            connection.write(&Request::get("/wait").bytes());
        }
        wait_until("both wait", || server.error_log().matches("now waiting in").count() == 2);
        let mut third = server.connect();
        third.write(&Request::get("/").bytes());
        site.file("go", "");
        let mut pids: Vec<String> = waiting.iter_mut().map(|one| one.answer("GET").json()["pid"].to_string()).collect();
        assert_eq!(third.answer("GET").status, 200);
        pids.sort();
        pids.dedup();
        assert_eq!(pids.len(), processes, "{options}");
        server.stop();
    }
}

/// After so many requests a process makes place for a new one, and no request is lost.
#[test]
fn maximum_requests() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=1 maximum-requests=5 python-home=${VENV}");
    let mut pids: Vec<String> = (0..20).map(|_| server.get("/").json()["pid"].to_string()).collect();
    pids.dedup();
    assert!((3..=5).contains(&pids.len()), "the processes of 20 requests: {pids:?}");
    server.stop();
}

/// A request for files waits for no thread of Python.
#[test]
fn files_are_served_while_all_threads_wait() {
    for directives in [
        "WSGIDaemonProcess app threads=1 python-home=${VENV}\nWSGIProcessGroup app\n",
        "WSGIPythonHome ${VENV}\nServerLimit 1\nThreadsPerChild 1\n",
    ] {
        // Apache's own threads are what embedded mode runs on, so there it has none left.
        if crate::support::tests_apache() && directives.contains("ThreadsPerChild") {
            continue;
        }
        let site = Site::with_app(APP);
        site.file("assets/file.txt", "a file");
        let server = site.start(&format!(
            "{directives}WSGIScriptAlias /app ${{DIR}}/app.wsgi\nAlias /assets/ ${{DIR}}/assets/\n\
             <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
        ));
        let mut waiting = server.connect();
        waiting.write(&Request::get("/app/wait").bytes());
        server.logged("now waiting");
        for _ in 0..3 {
            assert_eq!(server.text("/assets/file.txt"), "a file");
        }
        site.file("go", "");
        assert_eq!(waiting.answer("GET").status, 200);
        server.stop();
    }
}

/// A client that is slow with its body holds no thread.
#[test]
fn a_slow_client_holds_no_thread() {
    // mod_wsgi's thread waits for the client.
    if crate::support::tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let server = start(&site, "threads=1 python-home=${VENV}");
    let mut slow = server.connect();
    slow.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nhalf of it");
    for _ in 0..3 {
        assert_eq!(server.get("/").status, 200);
    }
    slow.write(b" and half.");
    assert_eq!(slow.answer("POST").status, 200);
    server.stop();
}
