//! What an application answers, well and badly.

use crate::support::{Mode, Request, Server, Site};

fn in_both_modes(app: &str, test: impl Fn(&Server)) {
    for mode in Mode::BOTH {
        let site = Site::with_app(app);
        let server = site.serve(mode, "WSGIApplicationGroup %{GLOBAL}\n");
        test(&server);
        server.stop();
    }
}

#[test]
fn an_exception_before_the_head_is_500_and_in_the_log() {
    const APP: &str = r#"
def inner():
    raise KeyError("the reason")
def application(environ, start_response):
    if environ["PATH_INFO"] == "/started":
        start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/empty":
        def parts():
            yield b""
            inner()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return parts()
    if environ["PATH_INFO"] != "/well":
        inner()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"well"]
"#;
    in_both_modes(APP, |server| {
        for target in ["/", "/started", "/empty"] {
            let answer = server.get(target);
            assert_eq!(answer.status, 500, "{target}");
            assert!(!answer.text().contains("Traceback") && !answer.text().contains("the reason"), "{answer:?}");
        }
        for text in ["Traceback (most recent call last)", "in inner", "KeyError: 'the reason'"] {
            server.logged(text);
        }
        assert_eq!(server.text("/well"), "well");
    });
}

#[test]
fn an_exception_after_the_head_cuts_the_answer() {
    const APP: &str = r#"
def application(environ, start_response):
    headers = [("Content-Type", "text/plain")]
    if environ["PATH_INFO"] == "/length":
        headers.append(("Content-Length", "100"))
    start_response("200 OK", headers)
    yield b"the beginning"
    raise RuntimeError("in the middle")
"#;
    in_both_modes(APP, |server| {
        for target in ["/length", "/chunked"] {
            let answer = server.get(target);
            assert_eq!((answer.status, answer.cut), (200, true), "{target}: {answer:?}");
            assert_eq!(answer.text(), "the beginning");
        }
        server.logged("RuntimeError: in the middle");
    });
}

#[test]
fn write_comes_before_the_iterable() {
    const APP: &str = r#"
def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    assert write(b"one ") is None
    write(b"two ")
    return [b"three"]
"#;
    in_both_modes(APP, |server| assert_eq!(server.text("/"), "one two three"));
}

#[test]
fn exc_info_replaces_the_head_or_ends_the_answer() {
    const APP: &str = r#"
import sys
def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "1")])
    if environ["PATH_INFO"] == "/late":
        write(b"sent")
    try:
        raise ValueError("too bad")
    except ValueError:
        start_response("503 Later", [("Content-Type", "text/x-second")], sys.exc_info())
    return [b"replaced"]
"#;
    in_both_modes(APP, |server| {
        let answer = server.get("/early");
        assert_eq!((answer.status, answer.reason.as_str(), answer.text().as_str()), (503, "Later", "replaced"));
        assert_eq!((answer.header("X-First"), answer.header("Content-Type")), (None, Some("text/x-second")));
        let answer = server.get("/late");
        assert_eq!((answer.status, answer.text().as_str(), answer.cut), (200, "sent", true));
    });
}

#[test]
fn no_body_where_none_may_be() {
    const APP: &str = r#"
def application(environ, start_response):
    status = environ["PATH_INFO"][1:] or "200 OK"
    headers = [("Content-Type", "text/plain"), ("Content-Length", "4")] if status == "200 OK" else []
    start_response(status, headers)
    return [b"body"]
"#;
    in_both_modes(APP, |server| {
        // One connection: a body that was sent after all would be taken for the next answer.
        let mut connection = server.connect();
        for _ in 0..2 {
            let answer = connection.exchange(&Request::new("HEAD", "/"));
            assert_eq!((answer.status, answer.header("Content-Length")), (200, Some("4")));
            for (target, status) in [("/204%20None", 204), ("/304%20Same", 304)] {
                let answer = connection.exchange(&Request::get(target));
                assert_eq!((answer.status, answer.header("Content-Length")), (status, None));
                assert_eq!(answer.header("Transfer-Encoding"), None);
            }
            assert_eq!(connection.exchange(&Request::get("/")).text(), "body");
        }
    });
}

#[test]
fn content_length_is_kept_or_the_answer_cut() {
    const APP: &str = r#"
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", environ["QUERY_STRING"])])
    return [b"12345", b"67890"]
"#;
    in_both_modes(APP, |server| {
        let mut connection = server.connect();
        assert_eq!(connection.exchange(&Request::get("/?10")).text(), "1234567890");
        // More than announced: the rest is dropped, and does not disturb the next answer.
        assert_eq!(connection.exchange(&Request::get("/?7")).text(), "1234567");
        let mut connection = server.connect();
        let answer = connection.exchange(&Request::get("/?20"));
        assert_eq!((answer.text().as_str(), answer.cut), ("1234567890", true));
        for wrong in ["x", "-1", "1_0", ""] {
            assert_eq!(server.get(&format!("/?{wrong}")).status, 500, "Content-Length {wrong:?}");
        }
    });
}

/// Nothing that an application puts into a head adds a line to it. `start_response` raises, where the application can see it.
#[test]
fn a_head_cannot_be_injected() {
    const APP: &str = r#"
T = ("Content-Type", "text/plain")
CASES = [
    ("200 OK\r\nX-Evil: 1", [T]),
    ("200 OK\n", [T]),
    ("200 O\0K", [T]),
    ("20 OK", [T]),
    ("2000 OK", [T]),
    ("OK", [T]),
    (b"200 OK", [T]),
    ("200 \u20ac", [T]),
    ("100 Continue", [T]),
    ("199 Early", [T]),
    ("099 Low", [T]),
    ("200 OK", (T,)),
    ("200 OK", [list(T)]),
    ("200 OK", [T + ("third",)]),
    ("200 OK", [T, ("X-A", "a\r\nX-Evil: 1")]),
    ("200 OK", [T, ("X-A", "a\nX-Evil: 1")]),
    ("200 OK", [T, ("X-A", "a\rX-Evil: 1")]),
    ("200 OK", [T, ("X-A", "a\0b")]),
    ("200 OK", [T, ("X-A", "\u20ac")]),
    ("200 OK", [T, ("X-A", b"bytes")]),
    ("200 OK", [T, ("X-A", 1)]),
    ("200 OK", [T, ("X-Evil: 1\r\nX", "a")]),
    ("200 OK", [T, ("X-Evil:1", "a")]),
    ("200 OK", [T, ("X Evil", "a")]),
    ("200 OK", [T, ("", "a")]),
    ("200 OK", [T, (b"X-A", "a")]),
    ("200 OK", [T, ("Content-Length", "+1")]),
    ("200 OK", [T, ("Content-Length", "one")]),
]
def application(environ, start_response):
    if environ["PATH_INFO"] == "/count":
        start_response("200 OK", [T])
        return [str(len(CASES)).encode()]
    status, headers = CASES[int(environ["QUERY_STRING"])]
    if environ["PATH_INFO"] == "/let-pass":
        start_response(status, headers)
        return [b"body"]
    try:
        start_response(status, headers)
        caught = "nothing"
    except Exception as error:
        caught = type(error).__name__
    start_response("200 OK", [T])
    return [caught.encode()]
"#;
    in_both_modes(APP, |server| {
        let count: usize = server.text("/count").parse().unwrap();
        for case in 0..count {
            let answer = server.get(&format!("/let-pass?{case}"));
            assert_eq!(answer.status, 500, "case {case}: {answer:?}");
            assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("X-")), "case {case}: {answer:?}");
            let caught = server.text(&format!("/catch?{case}"));
            assert!(["ValueError", "TypeError"].contains(&caught.as_str()), "case {case}: {caught} was raised");
        }
    });
}

/// Framing belongs to the server: what an application says of it is refused or dropped, and the answer is whole.
#[test]
fn hop_by_hop_headers_stay_inside() {
    const APP: &str = r#"
def application(environ, start_response):
    name, value = environ["QUERY_STRING"].split("=")
    start_response("200 OK", [("Content-Type", "text/plain"), (name, value)])
    return [b"whole"]
"#;
    in_both_modes(APP, |server| {
        for header in ["Transfer-Encoding=chunked", "Transfer-Encoding=gzip", "Connection=upgrade", "Upgrade=h2c"] {
            let answer = server.get(&format!("/?{header}"));
            if answer.status == 200 {
                assert_eq!((answer.text().as_str(), answer.cut), ("whole", false), "{header}: {answer:?}");
                assert_eq!(answer.header("Upgrade"), None);
                assert_ne!(answer.header("Connection"), Some("upgrade"));
            } else {
                assert_eq!(answer.status, 500, "{header}");
            }
        }
    });
}

#[test]
fn system_exit_ends_the_request_not_the_process() {
    const APP: &str = r#"
import os, sys
def application(environ, start_response):
    if environ["PATH_INFO"] == "/exit":
        sys.exit(3)
    if environ["PATH_INFO"] == "/interrupt":
        raise KeyboardInterrupt
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"#;
    in_both_modes(APP, |server| {
        let before = server.text("/");
        for target in ["/exit", "/interrupt"] {
            assert_eq!(server.get(target).status, 500, "{target}");
        }
        assert_eq!(server.text("/"), before, "the process id");
    });
}

#[test]
fn what_is_no_answer_is_500() {
    const APP: &str = r#"
def application(environ, start_response):
    kind = environ["PATH_INFO"][1:]
    if kind != "no-start":
        start_response("200 OK", [("Content-Type", "text/plain")])
    return {"text": ["text"], "none": None, "number": 5, "int-items": [1], "str": "abc", "no-start": [b"x"]}[kind]
"#;
    in_both_modes(APP, |server| {
        for kind in ["text", "none", "number", "int-items", "str", "no-start"] {
            assert_eq!(server.get(&format!("/{kind}")).status, 500, "{kind}");
        }
    });
}

#[test]
fn close_is_called_once_on_every_way_out() {
    const APP: &str = r#"
closed = []
class Result:
    def __init__(self, kind):
        self.kind = kind
    def __iter__(self):
        yield b"part"
        if self.kind == "raise":
            raise ValueError
        while self.kind == "endless":
            yield b"x" * 65536
    def close(self):
        closed.append(self.kind)
        if self.kind == "raise-in-close":
            raise ValueError("in close")
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/closed":
        return [" ".join(sorted(closed)).encode()]
    return Result(environ["PATH_INFO"][1:])
"#;
    in_both_modes(APP, |server| {
        assert_eq!(server.text("/well"), "part");
        assert!(server.get("/raise").cut);
        assert_eq!(server.text("/raise-in-close"), "part");
        // The client leaves in the middle of an answer without end.
        let mut connection = server.connect();
        connection.write(&Request::get("/endless").bytes());
        assert_eq!(connection.head().status, 200);
        drop(connection);
        crate::support::wait_until("close() of all four", || {
            server.text("/closed") == "endless raise raise-in-close well"
        });
    });
}

#[test]
fn headers_arrive_as_given() {
    const APP: &str = r#"
def application(environ, start_response):
    start_response("203 Quite so", [
        ("Content-Type", "Text/Plain; charset=UTF-8"), ("Set-Cookie", "a=1"), ("X-Latin", "\u00e4"),
        ("Set-Cookie", "b=2"), ("X-Case", "Kept"), ("Last-Modified", "Thu, 01 Jan 1970 00:00:01 GMT")])
    return [b"", b"x", b""]
"#;
    in_both_modes(APP, |server| {
        let answer = server.get("/");
        assert_eq!((answer.status, answer.reason.as_str(), answer.text().as_str()), (203, "Quite so", "x"));
        assert_eq!(answer.all("Set-Cookie"), ["a=1", "b=2"]);
        assert_eq!(answer.header("X-Latin"), Some("\u{e4}"));
        assert_eq!(answer.header("X-Case"), Some("Kept"));
        assert!(answer.header("Date").is_some() && !answer.cut);
    });
}

#[test]
fn http_1_0_ends_by_close() {
    const APP: &str = r#"
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one "
    yield b"two"
"#;
    in_both_modes(APP, |server| {
        let mut connection = server.connect();
        connection.write(b"GET / HTTP/1.0\r\n\r\n");
        let answer = connection.answer("GET");
        assert_eq!((answer.status, answer.text().as_str()), (200, "one two"));
        assert_eq!(answer.header("Transfer-Encoding"), None);
    });
}

/// mod_wsgi's daemon mode takes such an answer for an order to itself; here it is an answer.
#[test]
fn nothing_is_read_into_an_answer() {
    const APP: &str = r#"
def application(environ, start_response):
    if environ["PATH_INFO"] == "/location":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Location", "/elsewhere")])
    else:
        start_response("200 Error", [("Content-Type", "text/plain")])
    return [b"as it is"]
"#;
    in_both_modes(APP, |server| {
        assert_eq!(server.text("/error"), "as it is");
        let answer = server.get("/location");
        assert_eq!((answer.text().as_str(), answer.header("Location")), ("as it is", Some("/elsewhere")));
    });
}

/// What comes as `exc_info` when the head has gone out is raised, if it is an exception. Anything else is a mistake, whatever it is.
#[test]
fn exc_info_that_is_none() {
    const APP: &str = r#"
import sys
def caught():
    try:
        raise KeyError("x")
    except KeyError:
        return sys.exc_info()

def application(environ, start_response):
    cases = [(None, None, None), (1, 2, 3), (1, None, None), (int, None, None), (ValueError, 1, None), (None, None, 1), (1, 2), (),
             (ValueError, None, None), (None, ValueError("x"), None), (ValueError, ValueError("x"), 1), caught()]
    start_response("200 OK", [])(b" ")
    for exc_info in cases:
        try:
            start_response("500 Late", [], exc_info)
            yield b"nothing "
        except Exception as error:
            yield type(error).__name__.encode() + b" "
"#;
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "");
        let text = server.text("/");
        let names: Vec<_> = text.split_whitespace().collect();
        let (wrong, raised) = names.split_at(8);
        assert_eq!(wrong, ["TypeError"; 8], "{mode:?}");
        assert_eq!(raised, ["ValueError", "ValueError", "TypeError", "KeyError"], "{mode:?}");
        server.stop();
    }
}

#[test]
fn an_application_closes_the_connection() {
    const APP: &str = r#"
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2"), ("Connection", environ["QUERY_STRING"])])
    return [b"ok"]
"#;
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "");
        let mut connection = server.connect();
        for kept in ["keep-alive", "Upgrade", "x-closed"] {
            let answer = connection.exchange(&Request::get(&format!("/?{kept}")));
            assert_eq!((answer.text().as_str(), answer.header("Connection")), ("ok", None), "{kept} {mode:?}");
        }
        assert_eq!(connection.exchange(&Request::get("/?x,Close")).header("Connection"), Some("close"), "{mode:?}");
        assert!(connection.closed(), "{mode:?}");
        server.stop();
    }
}
