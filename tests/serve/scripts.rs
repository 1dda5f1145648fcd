//! Scripts that are no mounts: those loaded when a process starts, and services.

use crate::support::{Mode, Server, Site, alive, pythons, tests_apache, wait_until};

/// Leaves a line in a file for each time that it is loaded: its name, and where.
const LOADED: &str = r#"
import mod_wsgi, os, sys
with open(os.path.join(os.path.dirname(__file__), "loaded"), "a") as file:
    name = os.path.basename(__file__)
    file.write("%s %s|%s\n" % (name, mod_wsgi.process_group, mod_wsgi.application_group))
if name == "broken.py":
    raise ValueError("on purpose")

def application(environ, start_response):
    start_response("200 OK", [])
    return [b"%d" % os.getpid()]
"#;

const GRANT: &str = "<Directory ${DIR}>\n    Require all granted\n</Directory>\n";

#[test]
fn scripts_are_loaded_when_a_process_starts() {
    for python in pythons() {
        let site = Site::under(python);
        for name in ["app.wsgi", "first.py", "broken.py", "last.py", "host.py"] {
            site.file(name, LOADED);
        }
        let server = site.start(&format!(
            "{GRANT}WSGIDaemonProcess app threads=2 python-home=${{VENV}}\n\
             WSGIDaemonProcess other threads=1 python-home=${{VENV}}\n\
             WSGIImportScript ${{DIR}}/first.py process-group=app application-group=one\n\
             WSGIScriptAlias /app ${{DIR}}/app.wsgi process-group=app application-group=two\n\
             WSGIScriptAlias /late ${{DIR}}/app.wsgi process-group=app\n\
             WSGIImportScript ${{DIR}}/broken.py application-group=%{{GLOBAL}} process-group=app\n\
             WSGIImportScript ${{DIR}}/last.py process-group=app application-group=%{{GLOBAL}}\n\
             <VirtualHost *:${{PORT}}>\n    ServerName v.test\n\
             WSGIImportScript ${{DIR}}/host.py process-group=other application-group=%{{GLOBAL}}\n</VirtualHost>\n",
        ));
        let loaded = || {
            let (app, other): (Vec<String>, Vec<String>) =
                site.read("loaded").lines().map(str::to_owned).partition(|line| line.contains(" app|"));
            (app, other)
        };
        wait_until("all are loaded", || loaded().0.len() == 4 && loaded().1.len() == 1);
        let expected = ["first.py app|one", "app.wsgi app|two", "broken.py app|", "last.py app|"];
        assert_eq!(loaded(), (expected.map(str::to_owned).to_vec(), vec!["host.py other|".to_owned()]));
        server.logged("ValueError: on purpose");
        assert_eq!(server.get("/app").status, 200);
        assert_eq!(loaded().0.len(), 4, "it is loaded once");
        server.stop();
    }
}

#[test]
fn embedded_mode_loads_them_too() {
    let site = Site::new();
    site.file("app.wsgi", LOADED);
    site.file("first.py", LOADED);
    let import = "WSGIImportScript ${DIR}/first.py process-group=%{GLOBAL} application-group=one\n";
    let server = site.serve(Mode::Embedded, import);
    server.logged("resuming normal operations");
    wait_until("it is loaded", || site.read("loaded") == "first.py |one\n");
    server.stop();
}

/// Says that it runs, until it is told to end.
const SERVICE: &str = r#"
import os, signal, sys, threading, time
def note(text):
    with open(os.path.join(os.path.dirname(__file__), "notes"), "a") as file:
        file.write(text + "\n")
note("runs %d in %s" % (os.getpid(), threading.current_thread().name))
note("handler %s" % callable(signal.signal(signal.SIGUSR1, lambda *_: note("usr1"))))
try:
    while True:
        time.sleep(0.05)
except SystemExit:
    note("told to end")
    raise
finally:
    note("ends")
"#;

fn notes(site: &Site) -> Vec<String> {
    site.read("notes").lines().map(str::to_owned).collect()
}

fn service<'a>(site: &'a Site, others: &str) -> Server<'a> {
    site.start(&format!(
        "{GRANT}WSGIDaemonProcess jobs threads=0 python-home=${{VENV}}\n\
         WSGIDaemonProcess app threads=1 python-home=${{VENV}}\n\
         WSGIImportScript ${{DIR}}/service.py process-group=jobs application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /app ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n{others}",
    ))
}

#[test]
fn a_service_runs_until_it_is_told_to_end() {
    for python in pythons() {
        let site = Site::under(python);
        site.file("app.wsgi", LOADED);
        site.file("service.py", SERVICE);
        let server =
            service(&site, "SetEnv jobs jobs\nWSGIScriptAlias /jobs ${DIR}/app.wsgi process-group=%{ENV:jobs}\n");
        wait_until("the service runs", || notes(&site).len() == 2);
        let first = notes(&site);
        let pid: u32 = first[0].split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(first[0], format!("runs {pid} in MainThread"));
        assert_eq!(first[1], "handler False", "SIGUSR1 had no handler of Python's");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), nix::sys::signal::Signal::SIGUSR1).unwrap();
        wait_until("the signal is handled", || notes(&site).contains(&"usr1".to_owned()));
        assert_eq!(server.get("/app").status, 200);
        if !tests_apache() {
            // mod_wsgi keeps the request until it times out.
            assert_eq!(server.get("/jobs").status, 503);
            server.logged("it serves no requests");
        }
        assert!(alive(pid));
        server.stop();
        assert_eq!(notes(&site)[3..], ["told to end", "ends"]);
    }
}

/// mod_wsgi starts it again at once, some times a second.
#[test]
fn a_service_that_ends_is_started_again_more_and_more_slowly() {
    if tests_apache() {
        return;
    }
    let site = Site::new();
    site.file("app.wsgi", LOADED);
    site.file("service.py", "import os, sys\nsys.stderr.write('service %d\\n' % os.getpid())\nsys.exit(0)\n");
    let server = service(&site, "");
    wait_until("the third start", || server.error_log().matches("the next one starts in").count() >= 3);
    for pause in ["in 100 ms", "in 200 ms", "in 400 ms"] {
        assert!(server.error_log().contains(pause), "{pause}: {}", server.error_log());
    }
    assert!(!server.error_log().contains("Traceback"), "SystemExit is a regular end");
    assert_eq!(server.get("/app").status, 200);
    server.stop();
}
