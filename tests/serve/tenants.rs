//! What an application can reach beyond its own requests: the descriptors of its process, and the socket to the parent. Whatever it
//! writes there, the parent and the other applications go on.

use crate::support::{Mode, Request, Server, Site, tests_apache, wait_until};

/// Writes to the socket of its process to the parent, which is its first one.
const APP: &str = r#"
import json, os, stat, subprocess, sys, time
def control():
    sockets = [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
    return min(fd for fd in sockets if os.path.exists("/proc/self/fd/%d" % fd) and stat.S_ISSOCK(os.fstat(fd).st_mode))
def message(text):
    # Its length, and that no descriptors come with it.
    return len(text).to_bytes(4, "little") + bytes(4) + text
UNCONNECTED = message(b'"Unconnected"')
WRITTEN = {
    "/part": b"\x40\0\0\0\0\0\0\0{",
    "/huge": b"\xff\xff\xff\x7f\0\0\0\0",
    "/nonsense": message(b"no json"),
    "/again": message(b'{"Ready":{"python":null}}') * 100,
    "/flood": UNCONNECTED * 5000,
}
def inherited():
    code = "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)))"
    return subprocess.run([sys.executable, "-c", code], close_fds=False, stdout=subprocess.PIPE).stdout
def application(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path in WRITTEN:
        os.write(control(), WRITTEN[path])
    if path == "/inherited":
        return [inherited()]
    if path == "/input":
        return [subprocess.run(["cat"], stdout=subprocess.PIPE).stdout + sys.stdin.read().encode()]
    return [str(os.getpid()).encode()]
"#;

/// Two groups with a script each.
fn serve(site: &Site) -> Server<'_> {
    site.start(
        "WSGIDaemonProcess bad threads=2 python-home=\"${VENV}\"\nWSGIDaemonProcess good python-home=\"${VENV}\"\n\
         WSGIScriptAlias /bad ${DIR}/app.wsgi process-group=bad\nWSGIScriptAlias /good ${DIR}/app.wsgi process-group=good\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    )
}

#[test]
fn what_an_application_executes_inherits_nothing_of_ours() {
    if tests_apache() {
        return;
    }
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "WSGIRestrictStdin Off\n");
        assert_eq!(server.text("/inherited").trim(), "[0, 1, 2]", "{mode:?}");
        assert_eq!(server.text("/input"), "", "{mode:?}: its standard input is empty");
        server.stop();
    }
}

#[test]
fn what_an_application_says_to_the_parent_stops_nobody() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let server = serve(&site);
    // The rest of the last one never comes.
    for path in ["/huge", "/nonsense", "/again", "/flood", "/part"] {
        let good = server.text("/good/");
        let bad = server.text("/bad/");
        // Its process may be killed while it answers.
        let mut connection = server.connect();
        connection.write(&Request::get(&format!("/bad{path}")).bytes());
        match path {
            "/part" | "/again" => assert_eq!(connection.answer("GET").status, 200, "{path}"),
            _ => wait_until("the process has been replaced", || server.get("/bad/").text() != bad),
        }
        assert_eq!(server.text("/good/"), good, "{path}: the other group has the same process");
        // The parent still does its work.
        let pid: i32 = good.parse().expect("a process id");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)
            .expect("it is there");
        wait_until("the parent starts another", || server.get("/good/").text() != good);
    }
    server.logged("process group bad: process");
    server.stop();
}
