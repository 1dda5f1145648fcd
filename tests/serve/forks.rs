//! Processes that an application forks, and C code that ends its process: neither may disturb the one that serves.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Mode, Request, Server, Site, alive, pythons, tests_apache, wait_until};

const APP: &str = r#"
import ctypes, json, os, signal, sys, time

def child(path):
    if path == "/returns":
        return
    if path == "/exits":
        sys.exit(3)
    if path == "/raises":
        raise ValueError("in the child")
    if path == "/signals":
        got = []
        signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
        os.kill(os.getpid(), signal.SIGUSR1)
        os._exit(0 if got else 9)
    if path in ("/is-told", "/lives"):
        time.sleep(60)
    os._exit(5)

def late():
    yield b"before"
    pid = os.fork()
    if pid == 0:
        return
    yield b" %d" % os.waitpid(pid, 0)[1]

def application(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "application/json")])
    if path == "/late":
        return late()
    if path == "/c-exit":
        ctypes.PyDLL(None).exit(7)
    if path == "/":
        return [str(os.getpid()).encode()]
    pid = os.fork()
    if pid == 0:
        child(path)
        return [b"of the child"]
    if path == "/is-told":
        os.kill(pid, signal.SIGTERM)
    if path == "/lives":
        environ["wsgi.errors"].write("child %d\n" % pid)
        time.sleep(60)
    return [str(os.waitpid(pid, 0)[1]).encode()]
"#;

/// Apache with mod_wsgi sends the answer of whichever process is faster, and the child goes on and answers further requests.
#[test]
fn a_child_that_comes_back_is_ended() {
    if tests_apache() {
        return;
    }
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "WSGIApplicationGroup %{GLOBAL}\n");
        let first = server.text("/");
        for (target, status) in [
            ("/returns", "0"),
            ("/exits", "768"),
            ("/raises", "256"),
            ("/signals", "0"),
            ("/is-told", "15"),
            ("/own-end", "1280"),
            ("/late", "before 0"),
        ] {
            assert_eq!(server.text(target), status, "{mode:?} {target}");
        }
        server.logged("ValueError: in the child");
        for _ in 0..5 {
            assert_eq!(server.text("/"), first, "{mode:?}");
        }
        server.stop();
    }
}

/// Before 3.12 Python ends (or aborts) a process that is forked in a sub-interpreter; that must not keep the other one waiting.
#[test]
fn a_child_of_a_sub_interpreter() {
    for python in pythons() {
        let site = Site::under(python);
        site.file("app.wsgi", APP);
        let server = site.serve(Mode::Daemon, "WSGIApplicationGroup other\n");
        let first = server.text("/");
        let status = server.text("/own-end");
        assert!(["6", "256", "1280"].contains(&status.as_str()), "{}: {status}", python.version);
        assert_eq!(server.text("/"), first, "{}", python.version);
        server.stop();
    }
}

/// A process that the application forked has no part in the connections: the end of the first one is seen at once.
#[test]
fn a_process_dies_and_its_child_lives() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "WSGIApplicationGroup %{GLOBAL}\n");
    let first: i32 = server.text("/").parse().expect("a process id");
    let mut waiting = server.connect();
    waiting.write(&Request::get("/lives").bytes());
    server.logged("child ");
    let log = server.error_log();
    let child: u32 = log.rsplit_once("child ").unwrap().1.lines().next().unwrap().parse().expect("a process id");
    let begin = Instant::now();
    kill(Pid::from_raw(first), Signal::SIGKILL).expect("the process is there");
    assert_eq!(waiting.answer("GET").status, 502);
    assert!(begin.elapsed() < Duration::from_secs(5), "the client waited {:?}", begin.elapsed());
    assert_ne!(server.text("/"), first.to_string());
    server.stop();
    kill(Pid::from_raw(child as i32), Signal::SIGKILL).ok();
}

/// An extension module that calls `exit()` with the GIL held.
#[test]
fn c_code_that_ends_the_process() {
    for group in ["%{GLOBAL}", "other"] {
        let site = Site::with_app(APP);
        let server = site.serve(Mode::Daemon, &format!("WSGIApplicationGroup {group}\n"));
        let first = server.text("/");
        assert_eq!(server.get("/c-exit").status, 502, "{group}");
        server.logged("ended with exit status 7");
        assert_ne!(server.text("/"), first);
        server.stop();
    }
}

/// `SIGINT` and `SIGTERM` to a daemon process itself: it finishes what it has, and another takes its place.
#[test]
fn a_daemon_process_is_told_to_end() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let site = Site::with_app(WAITS);
        let server: Server = site.serve(Mode::Daemon, "");
        let first: u32 = server.text("/").parse().expect("a process id");
        let mut waiting = server.connect();
        waiting.write(&Request::get("/waits").bytes());
        server.logged("it waits");
        kill(Pid::from_raw(first as i32), signal).expect("the process is there");
        server.logged("it is told of shutdown_signal");
        site.file("go", "");
        assert_eq!(waiting.answer("GET").text(), first.to_string(), "{signal}");
        wait_until("it has ended", || !alive(first));
        assert_ne!(server.text("/"), first.to_string(), "{signal}");
        assert!(!server.error_log().contains("AH00052"), "{signal} has not killed it");
        server.stop();
    }
}

const WAITS: &str = r#"
import mod_wsgi, os, sys, time
@mod_wsgi.subscribe_shutdown
def stops(name, shutdown_reason):
    print("it is told of", shutdown_reason, file=sys.stderr)
def application(environ, start_response):
    if environ["PATH_INFO"] == "/waits":
        environ["wsgi.errors"].write("it waits\n")
        while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
            time.sleep(0.01)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"#;
