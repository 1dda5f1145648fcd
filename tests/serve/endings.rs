//! Every way in which a daemon process goes wrong: its client hears of it at once, the error log says why, and the neighbours
//! notice nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Request, Server, Site, wait_until};

const APP: &str = r#"
import os
def application(environ, start_response):
    path = environ["PATH_INFO"]
    log = environ["wsgi.errors"]
    log.write("now in %s\n" % path)
    log.flush()
    if path == "/exits":
        os._exit(7)
    if path == "/crashes":
        import ctypes
        ctypes.string_at(0)
    if path == "/aborts":
        os.abort()
    if path == "/loops":
        while True:
            pass
    if path == "/eats":
        kept = []
        while True:
            kept.append(bytearray(100 << 20))
    if path == "/reads":
        environ["wsgi.input"].read(10)
        os._exit(7)
    if path == "/recurses":
        import ctypes, sys
        compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        sort = ctypes.PyDLL(None).qsort
        def again(*_):
            sort((ctypes.c_int * 2)(2, 1), 2, 4, endless)
            return 0
        sys.setrecursionlimit(10**7)
        endless = compare(again)
        again()
    if path == "/stops":
        import time
        time.sleep(60)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"#;

fn start(site: &Site) -> Server<'_> {
    site.start(
        "WSGIDaemonProcess sick threads=1 python-home=${VENV} request-timeout=1 interrupt-timeout=1 memory-limit=300000000\n\
         WSGIDaemonProcess well threads=1 python-home=${VENV}\n\
         WSGIScriptAlias /well ${DIR}/app.wsgi process-group=well application-group=%{GLOBAL}\n\
         WSGIScriptAlias / ${DIR}/app.wsgi process-group=sick application-group=%{GLOBAL}\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    )
}

#[test]
fn the_client_hears_of_it_and_the_log_says_why() {
    let site = Site::with_app(APP);
    let server = start(&site);
    let neighbour = server.text("/well");
    let cases: [(&str, &[u16], &str); 6] = [
        ("/exits", &[502], "ended with exit status 7"),
        ("/crashes", &[502], "was ended by signal 11 (SIGSEGV)"),
        ("/recurses", &[502], "was ended by signal 11 (SIGSEGV)"),
        ("/aborts", &[502], "was ended by signal 6 (SIGABRT)"),
        ("/loops", &[504], "request-timeout"),
        // Memory that is refused is Python's own MemoryError.
        ("/eats", &[500], "MemoryError"),
    ];
    for (target, statuses, why) in cases {
        let begin = Instant::now();
        let answer = server.get(target);
        assert!(statuses.contains(&answer.status), "{target}: {answer:?}");
        // The time of request-timeout, and much room for a slow machine.
        assert!(begin.elapsed() < Duration::from_secs(10), "{target}: the client waited {:?}", begin.elapsed());
        server.logged(why);
        assert_eq!(server.text("/well"), neighbour, "{target}: the other group is as it was");
        server.text("/");
    }
    server.stop();
}

#[test]
fn a_process_that_is_killed_in_a_request() {
    let site = Site::with_app(APP);
    let server = start(&site);
    let neighbour = server.text("/well");
    let pid: i32 = server.text("/").parse().expect("a process id");
    let mut waiting = server.connect();
    waiting.write(&Request::get("/stops").bytes());
    server.logged("now in /stops");
    let begin = Instant::now();
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("the process is there");
    assert_eq!(waiting.answer("GET").status, 502);
    assert!(begin.elapsed() < Duration::from_secs(2), "the client waited {:?}", begin.elapsed());
    server.logged("was ended by signal 9 (SIGKILL)");
    assert_eq!(server.text("/well"), neighbour);
    server.stop();
}

/// What ends a process after it has served does not keep its group away: the pauses between starts stay short.
#[test]
fn a_request_that_ends_its_process_again_and_again() {
    let site = Site::with_app(APP);
    let server = start(&site);
    for _ in 0..8 {
        server.text("/");
        assert_eq!(server.get("/exits").status, 502);
        let begin = Instant::now();
        server.text("/");
        assert!(begin.elapsed() < Duration::from_secs(8), "the next client waited {:?}", begin.elapsed());
    }
    server.stop();
}

/// A process that ends while it is sent a body.
#[test]
fn an_upload_is_answered() {
    let site = Site::with_app(APP);
    let server = start(&site);
    let neighbour = server.text("/well");
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    let mut sending = stream.try_clone().expect("a descriptor");
    let client = std::thread::spawn(move || {
        let _ = sending.write_all(b"POST /reads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n");
        // The server may stop reading.
        let block = vec![b'x'; 1_000_000];
        let _ = (0..50).try_for_each(|_| sending.write_all(&block));
    });
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 502");
    drop(stream);
    client.join().expect("it sends or fails");
    server.logged("ended with exit status 7");
    assert_eq!(server.text("/well"), neighbour);
    server.text("/");
    server.stop();
}

/// A service that a process dies of again and again is slowed down, and heard of each time.
#[test]
fn a_crash_loop_leaves_the_others_alone() {
    let site = Site::with_app(APP);
    site.file("dies.py", "import os\nos._exit(3)\n");
    let server = site.start(
        "WSGIDaemonProcess loop threads=1 python-home=${VENV}\nWSGIDaemonProcess well threads=1 python-home=${VENV}\n\
         WSGIImportScript ${DIR}/dies.py process-group=loop application-group=%{GLOBAL}\n\
         WSGIScriptAlias / ${DIR}/app.wsgi process-group=well application-group=%{GLOBAL}\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    let neighbour = server.text("/");
    let deaths = || server.error_log().matches("ended with exit status 3").count();
    wait_until("it has died several times", || deaths() >= 4);
    let begin = Instant::now();
    let before = deaths();
    wait_until("it has died twice more", || deaths() >= before + 2);
    // Without a pause a start and an end take some 50 ms.
    assert!(begin.elapsed() > Duration::from_millis(500), "two more deaths in {:?}", begin.elapsed());
    assert_eq!(server.text("/"), neighbour);
    server.stop();
}
