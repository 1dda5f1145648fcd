//! Processes that die, and who notices.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Mode, Request, Server, Site, alive, descendants, tests_apache, wait_until};

/// Tells its process, waits for a file before or after the head, or ends its process.
const APP: &str = r#"
import os, time
def wait(environ):
    environ["wsgi.errors"].write("now waiting in %s\n" % environ["PATH_INFO"])
    environ["wsgi.errors"].flush()
    go = os.path.join(os.path.dirname(__file__), "go")
    deadline = time.monotonic() + 60
    while not os.path.exists(go) and time.monotonic() < deadline:
        time.sleep(0.01)
def application(environ, start_response):
    if environ["PATH_INFO"] == "/before":
        wait(environ)
    if environ["PATH_INFO"] == "/exit":
        os._exit(7)
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield str(os.getpid()).encode()
    if environ["PATH_INFO"] == "/after":
        wait(environ)
        yield b" and more"
"#;

fn process(server: &Server) -> u32 {
    server.text("/").parse().expect("a process id")
}

fn shoot(pid: u32) {
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).expect("the process is there");
}

#[test]
fn a_daemon_that_dies_idle_is_replaced() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    let first = process(&server);
    shoot(first);
    assert_ne!(process(&server), first, "the next request is served");
    server.stop();
}

#[test]
fn a_daemon_that_dies_before_the_head_is_502() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    let first = process(&server);
    let mut connection = server.connect();
    connection.write(&Request::get("/before").bytes());
    server.logged("now waiting in /before");
    let begin = Instant::now();
    shoot(first);
    let answer = connection.answer("GET");
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(begin.elapsed() < Duration::from_secs(2), "the client waited {:?}", begin.elapsed());
    assert_ne!(process(&server), first);
    server.stop();
}

#[test]
fn a_daemon_that_dies_after_the_head_cuts_the_answer() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    let mut connection = server.connect();
    connection.write(&Request::get("/after").bytes());
    assert_eq!(connection.head().status, 200);
    let first: u32 = String::from_utf8(connection.chunk().expect("the first chunk")).unwrap().parse().unwrap();
    server.logged("now waiting in /after");
    shoot(first);
    assert_eq!(connection.chunk(), None, "no chunk, not even the last");
    assert_ne!(process(&server), first);
    server.stop();
}

#[test]
fn an_application_that_ends_its_process_ends_no_other() {
    let site = Site::with_app(APP);
    let server = site.start(
        "WSGIDaemonProcess app processes=2 threads=2 python-home=\"${VENV}\"\nWSGIProcessGroup app\n\
         WSGIScriptAlias / ${DIR}/app.wsgi\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    for _ in 0..3 {
        assert_eq!(server.get("/exit").status, 502);
        process(&server);
    }
    server.stop();
}

/// A front, or an embedded process, is replaced by the parent, which keeps the listeners: no connection is refused.
#[test]
fn an_embedded_process_that_dies_is_replaced() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Embedded, "");
    let first = process(&server);
    shoot(first);
    // A connection may still have been taken by the one that died.
    wait_until("another process serves", || server.get("/").text().parse().is_ok_and(|pid: u32| pid != first));
    server.stop();
}

#[test]
fn the_front_of_a_daemon_that_dies_is_replaced() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    let daemon = process(&server);
    let front = descendants(server.pid()).into_iter().find(|pid| *pid != daemon).expect("a front");
    shoot(front);
    wait_until("the front is gone", || !alive(front));
    wait_until("another front serves", || server.get("/").status == 200);
    server.stop();
}

/// No orphans: when the parent is killed, its children notice.
#[test]
fn children_end_with_their_parent() {
    if tests_apache() {
        return;
    }
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let mut server = site.serve(mode, "");
        process(&server);
        let family = descendants(server.pid());
        assert!(!family.is_empty(), "{mode:?}");
        shoot(server.pid());
        server.wait();
        wait_until("the children end", || family.iter().all(|pid| !alive(*pid)));
        assert!(std::net::TcpListener::bind(server.address()).is_ok(), "the port is free");
    }
}

/// A script that ends its process when it is loaded: a bounded number of starts, and health as soon as it is mended.
#[test]
fn a_crash_loop_is_slowed_down_and_heals() {
    if tests_apache() {
        return;
    }
    const CRASH: &str = "import os\n\
        with open(os.path.join(os.path.dirname(__file__), 'starts'), 'a') as file:\n    file.write('x')\nos._exit(3)\n";
    let site = Site::with_app(CRASH);
    // Both groups on the mount: the script is loaded when the process starts.
    let server = site.start(
        "WSGIDaemonProcess app threads=1 python-home=\"${VENV}\"\n\
         WSGIScriptAlias / ${DIR}/app.wsgi process-group=app application-group=%{GLOBAL}\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    let starts = || site.read("starts").len();
    wait_until("a few starts", || starts() >= 3);
    let begin = Instant::now();
    let answer = server.get("/");
    assert!(matches!(answer.status, 500 | 502 | 503), "{answer:?}");
    assert!(begin.elapsed() < Duration::from_secs(5), "the client waited {:?}", begin.elapsed());
    // This one is a measurement over a time, so it takes that time.
    std::thread::sleep(Duration::from_secs(3));
    assert!(starts() < 15, "{} starts", starts());
    site.replace(
        "app.wsgi",
        "def application(environ, start_response):\n    start_response('200 OK', [])\n    return []\n",
    );
    wait_until("the mended script serves", || server.get("/").status == 200);
    server.stop();
}

/// SIGTERM lets a request under way finish; the exit status is 0.
#[test]
fn a_request_under_way_is_finished() {
    for mode in Mode::BOTH {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let site = Site::with_app(APP);
            let mut server = site.serve(mode, "");
            let mut connection = server.connect();
            connection.write(&Request::get("/before").bytes());
            server.logged("now waiting in /before");
            server.signal(signal);
            if !tests_apache() {
                wait_until("nobody listens", || std::net::TcpStream::connect(server.address()).is_err());
            }
            site.file("go", "");
            let answer = connection.answer("GET");
            assert_eq!((answer.status, answer.cut), (200, false), "{mode:?}, {signal}");
            assert_eq!(server.wait().code(), Some(0), "{mode:?}, {signal}");
        }
    }
}

/// Reloading by signal comes later; until then such a signal must not end the service.
#[test]
fn signals_for_a_reload_do_not_kill() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    process(&server);
    for signal in [Signal::SIGHUP, Signal::SIGUSR1] {
        server.signal(signal);
        process(&server);
    }
    server.stop();
}

/// A thread that waits does not hold the others up.
#[test]
fn a_waiting_thread_stops_nobody() {
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "");
        let mut waiting = server.connect();
        waiting.write(&Request::get("/before").bytes());
        server.logged("now waiting in /before");
        for _ in 0..5 {
            process(&server);
        }
        site.file("go", "");
        assert_eq!(waiting.answer("GET").status, 200, "{mode:?}");
        server.stop();
    }
}

/// A stop while applications are still being loaded is an end in order, not a failure.
#[test]
fn a_stop_before_all_is_up() {
    const SLOW: &str = "import os, sys, time\nprint('now loading', file=sys.stderr, flush=True)\n\
                        go = os.path.join(os.path.dirname(__file__), 'go')\n\
                        while not os.path.exists(go): time.sleep(0.01)\n";
    if tests_apache() {
        return;
    }
    for (directives, group) in [("WSGIDaemonProcess app python-home=${VENV}\n", "app"), (EMBEDDED, "%{GLOBAL}")] {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let site = Site::with_app(SLOW);
            site.configure(&format!(
                "{directives}WSGIScriptAlias / ${{DIR}}/app.wsgi process-group={group} application-group=%{{GLOBAL}}\n\
                 <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
            ));
            let mut server = Server::start(&site, &["-f", site.path("httpd.conf").to_str().unwrap()]);
            server.logged("now loading");
            let family = descendants(server.pid());
            server.signal(signal);
            site.file("go", "");
            let status = server.wait();
            assert!(status.success(), "{signal}, {group}: {status}");
            assert!(family.iter().all(|pid| !alive(*pid)), "{signal}, {group}: processes are left");
            assert!(!site.path("httpd.pid").exists());
        }
    }
}

const EMBEDDED: &str = "WSGIPythonHome ${VENV}\nServerLimit 1\n";
