//! How long a connection lives.

use std::time::{Duration, Instant};

use crate::support::{Mode, Request, Site};

const APP: &str = r#"
import time

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    while environ["PATH_INFO"] == "/endless":
        yield b"."
        time.sleep(0.01)
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    yield b", done"
"#;

#[test]
fn an_idle_connection_is_closed_after_keep_alive_timeout() {
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "KeepAliveTimeout 300ms\n");
        let mut connection = server.connect();
        assert_eq!(connection.exchange(&Request::get("/")).text(), "begun, done");
        let rested = Instant::now();
        assert!(connection.closed());
        assert!(rested.elapsed() >= Duration::from_millis(250), "{:?}", rested.elapsed());
        server.stop();
    }
}

/// The time in which the application makes the body is no idle time.
#[test]
fn an_answer_under_way_is_not_idle() {
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "KeepAliveTimeout 300ms\n");
        let mut connection = server.connect();
        assert_eq!(connection.exchange(&Request::get("/slow")).text(), "begun, done");
        assert_eq!(connection.exchange(&Request::get("/")).text(), "begun, done");
        server.stop();
    }
}

/// `RequestReadTimeout header=20`, mod_reqtimeout's default.
#[test]
fn a_head_that_does_not_come_is_answered_with_408() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    let mut connection = server.connect();
    let began = Instant::now();
    connection.write(b"GET / HTTP/1.1\r\nHost: loc");
    let answer = connection.answer("GET");
    assert_eq!((answer.status, answer.header("Connection")), (408, Some("close")));
    assert!(answer.text().contains("did not arrive in time"));
    assert!(connection.closed());
    assert!(began.elapsed() >= Duration::from_secs(19), "{:?}", began.elapsed());
    server.stop();
}

/// The one thread of a group has several connections. What it is told of a client that left, on one of them, must not keep it from
/// the others.
#[test]
fn a_client_that_leaves_keeps_nobody_waiting() {
    let site = Site::with_app(APP);
    let server = site.start(
        "WSGIDaemonProcess app threads=1 python-home=${VENV}\nWSGIProcessGroup app\nWSGIApplicationGroup %{GLOBAL}\n\
         WSGIScriptAlias / ${DIR}/app.wsgi\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    for _ in 0..5 {
        let mut leaves = server.connect();
        leaves.write(&Request::get("/endless").bytes());
        assert_eq!(leaves.head().status, 200);
        let mut others: Vec<_> = (0..3).map(|_| server.connect()).collect();
        for other in &mut others {
            other.write(&Request::get("/").bytes());
        }
        drop(leaves);
        for other in &mut others {
            assert_eq!(other.answer("GET").text(), "begun, done");
        }
    }
    server.stop();
}

/// A body that does not go into the socket at once, as the first that a process is given: the process has to be woken when there is
/// something to read, not only before.
#[test]
fn a_large_body_as_the_first_of_a_process() {
    let site = Site::with_app(
        "def application(environ, start_response):\n    \
             size = len(environ['wsgi.input'].read())\n    \
             start_response('200 OK', [])\n    return [b'%d' % size]\n",
    );
    let server = site.start(
        "WSGIDaemonProcess app threads=1 maximum-requests=1 python-home=\"${VENV}\"\nWSGIProcessGroup app\n\
         WSGIApplicationGroup %{GLOBAL}\nWSGIScriptAlias / \"${DIR}/app.wsgi\"\n\
         <Directory \"${DIR}\">\n    Require all granted\n</Directory>\n",
    );
    for _ in 0..20 {
        assert_eq!(server.send(&Request::post("/", vec![b'x'; 1_000_000])).text(), "1000000");
    }
    server.stop();
}
