//! The timers of daemon processes, each set alone: with `deadlock-timeout=0` mod_wsgi would keep none of them.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Connection, Mode, Request, Server, Site, alive, tests_apache, wait_until};

const APP: &str = r#"
import os, time
HERE = os.path.dirname(__file__)
def application(environ, start_response):
    path = environ["PATH_INFO"]
    environ["wsgi.errors"].write("now in %s\n" % path)
    deadline = time.monotonic() + 60
    if path == "/waits":
        while not os.path.exists(os.path.join(HERE, "go")) and time.monotonic() < deadline:
            time.sleep(0.01)
    if path == "/sleeps":
        time.sleep(60)
    if path == "/catches":
        import mod_wsgi
        try:
            while time.monotonic() < deadline:
                time.sleep(0.01)
        except mod_wsgi.RequestTimeout:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"caught"]
    if path == "/works":
        while time.process_time() < 2:
            pass
    if path == "/limits":
        import json, resource
        shown = [os.getpriority(os.PRIO_PROCESS, 0)]
        shown += [resource.getrlimit(which)[0] for which in (resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_AS)]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(shown).encode()]
    if path == "/takes-memory":
        bytearray(1 << 30)
    if path == "/keeps-the-gil":
        import ctypes
        ctypes.PyDLL(None).sleep(60)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"#;

fn start<'a>(site: &'a Site, options: &str) -> Server<'a> {
    start_in(site, options, "%{GLOBAL}")
}

fn start_in<'a>(site: &'a Site, options: &str, application_group: &str) -> Server<'a> {
    start_with(site, options, &format!("WSGIApplicationGroup {application_group}\n"))
}

fn start_with<'a>(site: &'a Site, options: &str, directives: &str) -> Server<'a> {
    site.start(&format!(
        "WSGIDaemonProcess app {options} python-home=${{VENV}}\nWSGIProcessGroup app\n\
         {directives}WSGIScriptAlias / ${{DIR}}/app.wsgi\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
    ))
}

fn process(server: &Server) -> u32 {
    server.text("/").parse().expect("a process id")
}

/// A request that is under way when this returns.
fn begin(server: &Server, path: &str) -> Connection {
    let mut connection = server.connect();
    connection.write(&Request::get(path).bytes());
    server.logged(&format!("now in {path}"));
    connection
}

#[test]
fn a_late_request_is_interrupted_and_the_process_lives() {
    for (application_group, thread) in [("%{GLOBAL}", "threads=1"), ("%{GLOBAL}", "threads=2"), ("other", "threads=2")]
    {
        let site = Site::with_app(APP);
        let options = format!("{thread} deadlock-timeout=0 request-timeout=1 interrupt-timeout=30");
        let server = start_in(&site, &options, application_group);
        let first = process(&server);
        assert_eq!(server.get("/waits").status, 504, "{application_group} {thread}");
        let log = server.error_log();
        assert!(log.contains("request-timeout: the request of thread "), "why");
        assert!(log.contains("RequestTimeout is raised in it"), "what");
        assert!(log.contains("the Python stack of request thread "), "where");
        assert!(log.contains("in application"), "where");
        assert_eq!(server.text("/catches"), "caught");
        // The exception hits no later request.
        for _ in 0..20 {
            assert_eq!(process(&server), first, "{application_group} {thread}");
        }
        server.stop();
    }
}

#[test]
fn a_late_request_that_cannot_be_interrupted_ends_the_process() {
    for (options, path) in [
        ("threads=1 deadlock-timeout=0 request-timeout=1 shutdown-timeout=1", "/waits"),
        ("threads=1 deadlock-timeout=0 request-timeout=1 interrupt-timeout=1 shutdown-timeout=1", "/sleeps"),
    ] {
        let site = Site::with_app(APP);
        let server = start(&site, options);
        let first = process(&server);
        let began = Instant::now();
        assert_eq!(server.get(path).status, 502, "{options}");
        assert!(began.elapsed() < Duration::from_secs(20), "{options}: {:?}", began.elapsed());
        assert_ne!(process(&server), first, "{options}");
        server.logged("leaves: request-timeout: a request has taken ");
        assert!(server.error_log().contains("in application"), "the stack is in the log");
        server.stop();
    }
}

/// While one request hangs the others of its process are answered.
#[test]
fn requests_beside_a_late_one_are_answered() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=3 deadlock-timeout=0 request-timeout=2 shutdown-timeout=1");
    let first = process(&server);
    let mut late = begin(&server, "/sleeps");
    for _ in 0..10 {
        process(&server);
    }
    wait_until("another process serves", || process(&server) != first);
    assert_eq!(late.answer("GET").status, 502);
    server.stop();
}

#[test]
fn a_process_without_requests_is_replaced() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 deadlock-timeout=0 inactivity-timeout=1");
    let first = process(&server);
    wait_until("the process has left", || !alive(first));
    assert_ne!(process(&server), first);
    server.logged("inactivity-timeout: no request for 1 s");
    server.stop();
}

#[test]
fn requests_that_are_no_activity() {
    let site = Site::with_app(APP);
    let ignored = "<Location /ping>\n    WSGIIgnoreActivity On\n</Location>\n";
    let server = start_with(&site, "threads=2 deadlock-timeout=0 inactivity-timeout=1", ignored);
    let first = process(&server);
    wait_until("the process has left although it is asked", || server.text("/ping") != first.to_string());
    server.logged("inactivity-timeout: no request for 1 s");
    server.stop();
}

/// A request under way is activity, however long it takes.
#[test]
fn a_long_request_is_no_inactivity() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 deadlock-timeout=0 inactivity-timeout=1");
    let first = process(&server);
    let mut waiting = begin(&server, "/waits");
    let began = Instant::now();
    wait_until("the time is over twice", || began.elapsed() > Duration::from_secs(2));
    site.file("go", "");
    assert_eq!(waiting.answer("GET").text(), first.to_string());
    server.stop();
}

#[test]
fn a_process_is_replaced_after_its_time_and_finishes_its_requests() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 deadlock-timeout=0 restart-interval=1");
    let mut waiting = begin(&server, "/waits");
    let first = process(&server);
    let began = Instant::now();
    wait_until("the time is over", || {
        assert_eq!(process(&server), first, "it serves until it has no request");
        began.elapsed() > Duration::from_secs(2)
    });
    site.file("go", "");
    assert_eq!(waiting.answer("GET").text(), first.to_string());
    wait_until("another process serves", || process(&server) != first);
    server.logged("leaves: restart-interval: it has run for 1 s");
    server.stop();
}

#[test]
fn the_grace_has_an_end() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 deadlock-timeout=0 restart-interval=1 graceful-timeout=1 shutdown-timeout=1");
    let mut late = begin(&server, "/sleeps");
    assert_eq!(late.answer("GET").status, 502);
    server.stop();
}

#[test]
fn a_process_is_evicted_by_a_signal() {
    for options in ["graceful-timeout=20", "graceful-timeout=1 eviction-timeout=20"] {
        let site = Site::with_app(APP);
        let server = start(&site, &format!("threads=2 deadlock-timeout=0 shutdown-timeout=1 {options}"));
        let first = process(&server);
        let mut waiting = begin(&server, "/waits");
        kill(Pid::from_raw(first as i32), Signal::SIGUSR1).expect("the process is there");
        let began = Instant::now();
        wait_until("longer than the other time limits", || began.elapsed() > Duration::from_secs(3));
        site.file("go", "");
        assert_eq!(waiting.answer("GET").text(), first.to_string(), "{options}");
        wait_until("another process serves", || process(&server) != first);
        server.stop();
    }
}

#[test]
fn a_process_that_loads_no_script_is_replaced() {
    let site = Site::with_app("import os, no_such_module\n");
    let server = start(&site, "threads=1 deadlock-timeout=0 startup-timeout=1");
    assert_eq!(server.get("/").status, 500);
    server.logged("startup-timeout: no script has been loaded in the 1 s since the first request");
    site.replace("app.wsgi", APP);
    wait_until("the script is loaded", || server.get("/").status == 200);
    let first = process(&server);
    let began = Instant::now();
    wait_until("the time is over", || began.elapsed() > Duration::from_secs(2));
    assert_eq!(process(&server), first, "a script that is loaded stops the timer");
    server.stop();
}

#[test]
fn a_process_whose_gil_is_kept_is_ended() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 deadlock-timeout=1 shutdown-timeout=1");
    let first = process(&server);
    let began = Instant::now();
    assert_eq!(server.get("/keeps-the-gil").status, 502);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_ne!(process(&server), first);
    server.logged("deadlock-timeout: some thread has kept the GIL for 1 s");
    server.stop();
}

/// A stop of the server waits for a request as long as the group says.
#[test]
fn the_servers_end_waits_for_shutdown_timeout() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let server = start(&site, "threads=1 shutdown-timeout=30");
    let mut waiting = begin(&server, "/waits");
    server.signal(Signal::SIGTERM);
    server.logged("shutting down");
    let began = Instant::now();
    wait_until("longer than the default", || began.elapsed() > Duration::from_secs(6));
    site.file("go", "");
    assert_eq!(waiting.answer("GET").status, 200);
}

#[test]
fn a_request_that_waits_too_long_is_answered() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=1 queue-timeout=1");
    let mut busy = begin(&server, "/waits");
    let began = Instant::now();
    assert_eq!(server.get("/").status, 504);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    server.logged("had no thread free within queue-timeout for");
    site.file("go", "");
    assert_eq!(busy.answer("GET").status, 200);
    process(&server);
    server.stop();
}

#[test]
fn an_answer_is_waited_for_as_long_as_socket_timeout_says() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=2 socket-timeout=1 shutdown-timeout=1");
    let began = Instant::now();
    assert_eq!(server.get("/waits").status, 504);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    process(&server);
    site.file("go", "");
    server.stop();
}

#[test]
fn what_a_process_may_have_of_the_machine() {
    let site = Site::with_app(APP);
    let (data, addresses) = (400_u64 << 20, 4_u64 << 30);
    let server = start(
        &site,
        &format!(
            "threads=1 cpu-priority=3 cpu-time-limit=60 memory-limit={data} virtual-memory-limit={addresses} \
             stack-size=4194304"
        ),
    );
    assert_eq!(server.get("/limits").json(), serde_json::json!([3, 60, data, addresses]));
    let first = process(&server);
    assert_eq!(server.get("/takes-memory").status, 500);
    assert!(server.error_log().contains("MemoryError"), "why");
    assert_eq!(process(&server), first, "the process lives");
    server.stop();
}

#[test]
fn a_process_at_its_limit_of_processor_time_finishes_and_is_replaced() {
    let site = Site::with_app(APP);
    let server = start(&site, "threads=1 cpu-time-limit=1");
    let first = server.text("/works");
    assert_ne!(server.text("/"), first);
    server.logged("cpu-time-limit: the process has used 1 s of processor time");
    server.stop();
}

const SOCKETS: &str = r#"
import json, os, socket, time
HERE = os.path.dirname(__file__)
class Endless:
    def __iter__(self):
        while True:
            yield b"x" * 65536
    def close(self):
        open(os.path.join(HERE, "closed"), "w").close()
def application(environ, start_response):
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "application/json")])
    if path == "/endless":
        return Endless()
    if path == "/waits":
        environ["wsgi.errors"].write("it waits\n")
        while not os.path.exists(os.path.join(HERE, "go")):
            time.sleep(0.005)
    shown = set()
    for number in range(3, 64):
        try:
            with socket.socket(fileno=os.dup(number)) as one:
                if one.family == socket.AF_UNIX:
                    shown.add(tuple(one.getsockopt(socket.SOL_SOCKET, what) for what in (socket.SO_SNDBUF, socket.SO_RCVBUF)))
        except OSError:
            pass
    return [json.dumps([os.environ.get("PYTHON_EGG_CACHE"), sorted(shown)]).encode()]
"#;

/// Neither a thread nor a connection is kept by a client that asks and does not read.
#[test]
fn a_client_that_takes_nothing_of_its_answer() {
    for (mode, directives) in [
        (
            Mode::Daemon,
            "Timeout 60\nWSGIDaemonProcess one threads=1 response-socket-timeout=1 python-home=${VENV}\nWSGIProcessGroup one\n",
        ),
        (Mode::Daemon, "Timeout 1\n"),
        (Mode::Embedded, "Timeout 1\n"),
    ] {
        let site = Site::with_app(SOCKETS);
        let server = site.serve(mode, directives);
        let mut connection = server.connect();
        connection.write(&Request::get("/endless").bytes());
        wait_until("the application is told", || site.path("closed").exists());
        assert_eq!(server.get("/").status, 200);
        server.stop();
    }
}

#[test]
fn only_so_many_requests_wait() {
    let site = Site::with_app(SOCKETS);
    let server = start(&site, "threads=2 listen-backlog=1");
    // While there is no process all wait.
    assert_eq!(server.get("/").status, 200);
    let mut under_way: Vec<_> = (0..2)
        .map(|_| {
            let mut connection = server.connect();
            connection.write(&Request::get("/waits").bytes());
            connection
        })
        .collect();
    wait_until("both threads are busy", || server.error_log().matches("it waits").count() == 2);
    // Of two more one waits, and the other is refused at once.
    let further: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).expect("the server listens");
            stream.write_all(&Request::get("/").bytes()).expect("it takes them");
            stream.set_nonblocking(true).expect("TCP");
            stream
        })
        .collect();
    wait_until("one is refused", || further.iter().any(|stream| stream.peek(&mut [0]).is_ok()));
    site.file("go", "");
    let mut answers: Vec<_> = further
        .into_iter()
        .map(|stream| {
            stream.set_nonblocking(false).expect("TCP");
            Connection::over(stream).answer("GET").status
        })
        .collect();
    answers.sort_unstable();
    assert_eq!(answers, [200, 503]);
    assert!(under_way.iter_mut().all(|connection| connection.answer("GET").status == 200));
    server.stop();
}

#[test]
fn buffers_and_eggs() {
    let site = Site::with_app(SOCKETS);
    let server = start(&site, "threads=1 send-buffer-size=20000 receive-buffer-size=30000 python-eggs=${DIR}/eggs");
    let shown = server.get("/").json();
    assert_eq!(shown[0], site.path("eggs").to_str().unwrap());
    // Linux counts its own bookkeeping: twice as many.
    assert!(shown[1].as_array().unwrap().contains(&serde_json::json!([40000, 60000])), "{shown}");
    server.stop();
}
