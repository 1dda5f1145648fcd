//! `wsgi.input`, and the framing of requests.

use crate::support::{Mode, Request, Server, Site, tests_apache, wait_until};

const ECHO: &str = r#"
def application(environ, start_response):
    if environ["PATH_INFO"] == "/unread":
        body = b"unread"
    else:
        body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"#;

fn in_both_modes(app: &str, directives: &str, test: impl Fn(&Server)) {
    for mode in Mode::BOTH {
        let site = Site::with_app(app);
        let server = site.serve(mode, &format!("WSGIApplicationGroup %{{GLOBAL}}\n{directives}"));
        test(&server);
        server.stop();
    }
}

#[test]
fn every_way_to_read() {
    const APP: &str = r#"
def application(environ, start_response):
    stream = environ["wsgi.input"]
    calls = {
        "/read": lambda: [stream.read(4), stream.read(0), stream.read(1000), stream.read(), stream.read(5)],
        "/all": lambda: [stream.read(), stream.read()],
        "/minus": lambda: [stream.read(-1)],
        "/readline": lambda: [stream.readline(), stream.readline(2), stream.readline(), stream.readline(-1), stream.readline()],
        "/readlines": lambda: stream.readlines(),
        "/hint": lambda: stream.readlines(5),
        "/iter": lambda: list(stream),
    }
    result = repr(calls[environ["PATH_INFO"]]()).encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [result]
"#;
    const BODY: &[u8] = b"one\r\ntwo\n\nlast";
    in_both_modes(APP, "WSGIChunkedRequest On\n", |server| {
        for (target, expected) in [
            ("/read", r"[b'one\r', b'', b'\ntwo\n\nlast', b'', b'']"),
            ("/all", r"[b'one\r\ntwo\n\nlast', b'']"),
            ("/minus", r"[b'one\r\ntwo\n\nlast']"),
            ("/readline", r"[b'one\r\n', b'tw', b'o\n', b'\n', b'last']"),
            ("/readlines", r"[b'one\r\n', b'two\n', b'\n', b'last']"),
            ("/hint", r"[b'one\r\n']"),
            ("/iter", r"[b'one\r\n', b'two\n', b'\n', b'last']"),
        ] {
            let mut connection = server.connect();
            let answer = connection.exchange(&Request::post(target, BODY));
            assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{target}");
            let (first, second) = BODY.split_at(6);
            let answer = connection.exchange(&Request::post_chunked(target, &[first, second]));
            assert_eq!(answer.text(), expected, "{target}, chunked");
        }
    });
}

#[test]
fn a_large_body_arrives_whole() {
    let body: Vec<u8> = (0..5_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    in_both_modes(ECHO, "WSGIChunkedRequest On\n", |server| {
        let mut connection = server.connect();
        assert!(connection.exchange(&Request::post("/", body.clone())).body == body, "by length");
        let parts: Vec<&[u8]> = body.chunks(70_001).collect();
        assert!(connection.exchange(&Request::post_chunked("/", &parts)).body == body, "chunked");
    });
}

#[test]
fn chunks_are_411_unless_allowed() {
    in_both_modes(ECHO, "", |server| {
        assert_eq!(server.send(&Request::post_chunked("/", &[b"abc"])).status, 411);
        assert_eq!(server.send(&Request::post("/", "abc")).text(), "abc");
    });
}

#[test]
fn a_chunked_request_has_no_length() {
    const APP: &str = r#"
def application(environ, start_response):
    text = "%s %s" % ("CONTENT_LENGTH" in environ, environ.get("HTTP_TRANSFER_ENCODING"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
"#;
    in_both_modes(APP, "WSGIChunkedRequest On\n", |server| {
        assert_eq!(server.send(&Request::post_chunked("/", &[b"abc"])).text(), "False chunked");
    });
}

/// A body that nobody read is not taken for the next request.
#[test]
fn an_unread_body_is_not_a_request() {
    in_both_modes(ECHO, "", |server| {
        let smuggled = "GET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let mut connection = server.connect();
        assert_eq!(connection.exchange(&Request::post("/unread", smuggled)).text(), "unread");
        connection.write(&Request::post("/", "next").bytes());
        let answer = connection.answer("POST");
        assert!(answer.status == 0 || answer.text() == "next", "{answer:?}");
    });
}

#[test]
fn continue_is_sent_when_the_application_reads() {
    in_both_modes(ECHO, "", |server| {
        let request = Request::new("POST", "/").header("Content-Length", "4").header("Expect", "100-continue");
        let mut connection = server.connect();
        connection.write(&request.bytes());
        assert_eq!(connection.head().status, 100);
        connection.write(b"late");
        assert_eq!(connection.answer("POST").text(), "late");
    });
}

#[test]
fn a_body_over_the_limit_is_413() {
    in_both_modes(ECHO, "LimitRequestBody 10\nWSGIChunkedRequest On\n", |server| {
        assert_eq!(server.send(&Request::post("/", "0123456789")).text(), "0123456789");
        assert_eq!(server.send(&Request::post("/", "0123456789a")).status, 413);
        assert_eq!(server.get("/").status, 200);
    });
}

/// The application never takes a part of a body for the whole.
#[test]
fn a_body_that_ends_early_raises() {
    const APP: &str = r#"
errors = []
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/errors":
        return [" ".join(errors).encode()]
    for attempt in range(2):
        try:
            environ["wsgi.input"].read()
            errors.append("nothing")
        except OSError as error:
            errors.append("OSError")
    return [b"done"]
"#;
    for (mode, directives) in [(Mode::Embedded, "WSGIApplicationGroup %{GLOBAL}\n"), (Mode::Daemon, "")] {
        let site = Site::with_app(APP);
        let server = site.serve(mode, directives);
        let mut connection = server.connect();
        connection.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nonly this");
        drop(connection);
        // A server that reads all of a small body first need not call the application at all.
        let expected = ["", "OSError OSError"];
        wait_until("the first request is over", || server.get("/errors").status == 200);
        assert!(expected.contains(&server.text("/errors").as_str()), "{mode:?}");
        server.stop();
    }
}

/// What two servers could read differently is refused, and nothing behind it is run.
#[test]
fn ambiguous_framing_is_refused() {
    const BEHIND: &str = "GET /behind HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if tests_apache() {
        return;
    }
    in_both_modes(ECHO, "WSGIChunkedRequest On\n", |server| {
        for headers in [
            "Content-Length: +3",
            "Content-Length: 0x3",
            "Content-Length: 3 3",
            "Content-Length: 3\r\nContent-Length: 4",
            "Content-Length: 3, 4",
            "Content-Length: 99999999999999999999999",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding : chunked",
            "Content-Length : 3",
        ] {
            let mut connection = server.connect();
            connection.write(format!("POST / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\nabc{BEHIND}").as_bytes());
            let answer = connection.answer("POST");
            assert!(matches!(answer.status, 400 | 413 | 501), "{headers:?}: {answer:?}");
            assert!(connection.closed(), "{headers:?}: something followed");
        }
    });
}

/// What Apache refuses before it looks for anything.
#[test]
fn malformed_heads_are_400() {
    in_both_modes(ECHO, "", |server| {
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nBad Name: 1\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET / HTTP/1.1x\r\nHost: localhost\r\n\r\n",
            "GET relative HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "G{}T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
            "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ] {
            let mut connection = server.connect();
            connection.write(head.as_bytes());
            assert_eq!(connection.answer("GET").status, 400, "{head:?}");
        }
        assert_eq!(server.get("/").status, 200);
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    in_both_modes(ECHO, "", |server| {
        let mut connection = server.connect();
        let mut bytes = Vec::new();
        for body in ["first", "second", "third"] {
            bytes.extend(Request::post("/", body).bytes());
        }
        connection.write(&bytes);
        for body in ["first", "second", "third"] {
            assert_eq!(connection.answer("POST").text(), body);
        }
    });
}

/// `RequestReadTimeout body=20,MinRate=500`: a byte now and then keeps nobody waiting without end.
#[test]
fn a_body_that_drips_is_given_up() {
    if tests_apache() {
        return;
    }
    let site =
        Site::with_app("def application(environ, start_response):\n    raise AssertionError('it is not called')\n");
    let server = site.serve(Mode::Daemon, "");
    let address = server.address();
    let (done, told) = std::sync::mpsc::channel::<()>();
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    let mut connection = crate::support::Connection::over(stream.try_clone().expect("a second handle"));
    connection.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    let begin = std::time::Instant::now();
    let dripping = std::thread::spawn(move || {
        while told
            .recv_timeout(std::time::Duration::from_millis(500))
            .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            if std::io::Write::write_all(&mut stream, b"x").is_err() {
                return;
            }
        }
    });
    assert_eq!(connection.answer("POST").status, 408);
    let took = begin.elapsed().as_secs();
    assert!((19..50).contains(&took), "{took} s");
    drop(done);
    dripping.join().expect("it ends");
    server.stop();
}
