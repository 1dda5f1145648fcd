//! Processes of a group are replaced while clients ask: not one request is lost, and each process says why it leaves.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Connection, Request, Server, Site, tests_apache, wait_until};

const APP: &str = r#"
import mod_wsgi, os, sys, time
HERE = os.path.dirname(__file__)
@mod_wsgi.subscribe_shutdown
def stops(name, shutdown_reason):
    print("it stops by", shutdown_reason, file=sys.stderr)
def wait(name):
    while not os.path.exists(os.path.join(HERE, name)):
        time.sleep(0.005)
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/waits":
        environ["wsgi.errors"].write("it waits\n")
        wait("go")
    if path == "/waits-too":
        wait("go-too")
    if path == "/works":
        while time.process_time() < 2:
            pass
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"#;

fn start<'a>(site: &'a Site, options: &str) -> Server<'a> {
    site.start(&format!(
        "WSGIDaemonProcess app python-home=${{VENV}} {options}\n\
         WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
    ))
}

/// Four clients ask on connections that they keep, until `changes` has ended and each has asked at least 100 times. The processes
/// that answered.
fn under_load(server: &Server, changes: impl FnOnce()) -> BTreeSet<String> {
    let done = AtomicBool::new(false);
    let ask = || {
        let mut pids = BTreeSet::new();
        let mut connection: Option<Connection> = None;
        let mut asked = 0;
        while asked < 100 || !done.load(Ordering::Relaxed) {
            let open = connection.get_or_insert_with(|| server.connect());
            let answer = open.exchange(&Request::get("/"));
            assert_eq!((answer.status, answer.cut), (200, false), "request {asked}: {answer:?}");
            pids.insert(answer.text());
            if answer.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
                connection = None;
            }
            asked += 1;
        }
        pids
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(changes));
        done.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        clients.into_iter().flat_map(|client| client.join().expect("each request is answered")).collect()
    })
}

#[test]
fn maximum_requests_loses_none() {
    for options in ["processes=3 threads=2", "threads=1", "processes=2 threads=3 graceful-timeout=5"] {
        let site = Site::with_app(APP);
        let server = start(&site, &format!("{options} maximum-requests=25"));
        let pids = under_load(&server, || ());
        assert!(pids.len() >= 8, "{options}: {} processes for 400 requests", pids.len());
        server.stop();
    }
}

#[test]
fn other_reasons_lose_none() {
    for options in ["processes=3 threads=2", "threads=1"] {
        let site = Site::with_app(APP);
        let server = start(&site, options);
        let mut asker = server.connect();
        let mut pid = || asker.exchange(&Request::get("/")).text();
        let pids = under_load(&server, || {
            for signal in [Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGINT] {
                let first = pid();
                kill(Pid::from_raw(first.parse().unwrap()), signal).expect("the process is there");
                let gone = format!("process {first} leaves: ");
                server.logged(&gone);
            }
            for number in 0..3 {
                let before = pid();
                site.replace("app.wsgi", &format!("{APP}# {number}\n"));
                wait_until("the process is replaced", || pid() != before);
            }
        });
        assert!(pids.len() >= 4, "{options}: {pids:?}");
        assert!(!server.error_log().contains("the next one starts in"), "each left on purpose");
        server.stop();
    }
}

/// `restart-interval` under load.
#[test]
fn a_time_that_is_over_loses_none() {
    let site = Site::with_app(APP);
    let server = start(&site, "processes=2 threads=2 restart-interval=1");
    let pids = under_load(&server, || {
        wait_until("some have been replaced", || server.error_log().matches("leaves: restart-interval").count() >= 4);
    });
    assert!(pids.len() >= 4, "{pids:?}");
    server.stop();
}

/// While all threads of a process hang the others of its group answer.
#[test]
fn a_process_that_hangs_gets_no_more() {
    let site = Site::with_app(APP);
    let server = start(&site, "processes=3 threads=1");
    let mut all = BTreeSet::new();
    wait_until("all processes have answered", || {
        // Three at once, since one that is free is used again.
        let mut asking: Vec<Connection> = (0..3).map(|_| server.connect()).collect();
        for connection in &mut asking {
            connection.write(&Request::get("/").bytes());
        }
        all.extend(asking.iter_mut().map(|connection| connection.answer("GET").text()));
        all.len() == 3
    });
    let mut hangs = server.connect();
    hangs.write(&Request::get("/waits").bytes());
    server.logged("it waits");
    let begin = Instant::now();
    let mut answered = BTreeSet::new();
    for _ in 0..40 {
        answered.insert(server.text("/"));
    }
    assert!(answered.len() <= 2, "{answered:?}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    site.file("go", "");
    assert!(!answered.contains(&hangs.answer("GET").text()));
    server.stop();
}

/// mod_wsgi's words for it, which an application is told and the error log has.
#[test]
fn why_a_process_leaves() {
    if tests_apache() {
        return;
    }
    // What makes it leave: options, a target that is asked for, a signal to the process.
    let cases: [(&str, &str, Option<Signal>, &str); 9] = [
        ("maximum-requests=2", "/", None, "maximum_requests"),
        ("request-timeout=1 shutdown-timeout=2", "/waits", None, "request_timeout"),
        ("restart-interval=1", "/", None, "restart_interval"),
        ("inactivity-timeout=1", "/", None, "inactivity_timeout"),
        ("cpu-time-limit=1", "/works", None, "cpu_time_limit"),
        ("eviction-timeout=5", "/", Some(Signal::SIGUSR1), "eviction_signal"),
        ("graceful-timeout=5", "/", Some(Signal::SIGUSR1), "graceful_signal"),
        ("", "/", Some(Signal::SIGUSR1), "graceful_signal"),
        ("", "/", Some(Signal::SIGTERM), "shutdown_signal"),
    ];
    for (options, target, signal, reason) in cases {
        let site = Site::with_app(APP);
        let server = start(&site, &format!("threads=2 deadlock-timeout=0 {options}"));
        let pid = server.text("/");
        if let Some(signal) = signal {
            kill(Pid::from_raw(pid.parse().unwrap()), signal).expect("the process is there");
        } else {
            server.connect().write(&Request::get(target).bytes());
        }
        server.logged(&format!("it stops by {reason}"));
        let words = reason.replace('_', if reason.ends_with("signal") { " " } else { "-" });
        server.logged(&format!("process {pid} leaves: {words}"));
        site.file("go", "");
        server.stop();
    }
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2");
    server.text("/");
    site.replace("app.wsgi", &format!("{APP}#\n"));
    server.text("/");
    server.logged("it stops by script_reload");
    server.stop();
}

/// The limit of a request grows with the threads: others may have kept it from running.
#[test]
fn request_timeout_and_threads() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=8 deadlock-timeout=0 request-timeout=1 interrupt-timeout=30");
    let begin = Instant::now();
    assert_eq!(server.get("/waits").status, 504);
    assert!(begin.elapsed() > Duration::from_secs(3), "1 s × (1 + ln 8): {:?}", begin.elapsed());
    server.logged("the limit is 1 s, which for 8 threads are 3.0 s: RequestTimeout is raised in it");
    server.stop();
}

/// A late request makes the process leave as soon as the others are answered, if they have a grace.
#[test]
fn others_have_a_grace_beside_a_late_request() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 deadlock-timeout=0 request-timeout=3 graceful-timeout=20 shutdown-timeout=1");
    let first = server.text("/");
    let mut late = server.connect();
    late.write(&Request::get("/waits").bytes());
    server.logged("it waits");
    let begin = Instant::now();
    wait_until("the first one is half as late as it may be", || begin.elapsed() > Duration::from_secs(3));
    let mut other = server.connect();
    other.write(&Request::get("/waits-too").bytes());
    server.logged("the process leaves");
    site.file("go-too", "");
    assert_eq!(other.answer("GET").text(), first, "it is finished");
    assert_eq!(late.answer("GET").status, 502);
    server.logged("leaves: request-timeout");
    server.stop();
}
