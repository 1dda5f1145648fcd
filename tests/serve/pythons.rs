//! Every Python found, both modes, and `wsgiref.validate` around each application.

use crate::support::{Mode, Request, Server, Site, note, pythons};

/// Serves an application under every Python and in both modes, and insists that the validator finds nothing.
fn everywhere(app: &str, directives: &str, test: impl Fn(&Site, &Server)) {
    let app = format!("{app}\nfrom wsgiref.validate import validator\napplication = validator(application)\n");
    for python in pythons() {
        for mode in Mode::BOTH {
            note(&format!("Python {}, {mode:?}", python.version));
            let site = Site::under(python);
            site.file("app.wsgi", &app);
            let server = site.serve(mode, directives);
            test(&site, &server);
            server.stop();
            let log = site.read("error.log");
            for word in ["AssertionError", "WSGIWarning", "garbage collected", "Traceback"] {
                assert!(!log.contains(word), "wsgiref.validate: {word}\n{log}");
            }
        }
    }
}

#[test]
fn hello() {
    const APP: &str = r#"
import sys
def application(environ, start_response):
    body = ("Hello from %d.%d" % sys.version_info[:2]).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"#;
    everywhere(APP, "", |_, server| {
        let mut connection = server.connect();
        for _ in 0..3 {
            let answer = connection.exchange(&Request::get("/"));
            assert_eq!((answer.status, answer.reason.as_str()), (200, "OK"));
            assert!(answer.text().starts_with("Hello from 3."), "{answer:?}");
            assert_eq!(answer.header("Content-Type"), Some("text/plain"));
        }
    });
}

#[test]
fn each_python_is_the_one_of_its_home() {
    const APP: &str = r#"
import platform
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [platform.python_version().encode()]
"#;
    for python in pythons() {
        for mode in Mode::BOTH {
            let site = Site::under(python);
            site.file("app.wsgi", APP);
            let server = site.serve(mode, "");
            assert_eq!(server.text("/"), python.version);
            server.stop();
        }
    }
}

#[test]
fn echo() {
    const APP: &str = r#"
def application(environ, start_response):
    if "CONTENT_LENGTH" in environ:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    else:
        body = environ["wsgi.input"].read(1 << 20)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"#;
    everywhere(APP, "WSGIChunkedRequest On\n", |_, server| {
        let mut connection = server.connect();
        let answer = connection.exchange(&Request::post("/", "by length"));
        assert_eq!((answer.status, answer.text().as_str()), (200, "by length"));
        let answer = connection.exchange(&Request::post_chunked("/", &[b"in ", b"three ", b"chunks"]));
        assert_eq!((answer.status, answer.text().as_str()), (200, "in three chunks"));
    });
}

/// Each part is on its way before the next is made: the application waits for a file that the client writes when it has
/// the part before.
#[test]
fn streaming_and_close() {
    const APP: &str = r#"
import os, time
closed = 0

class Parts:
    def __init__(self, folder):
        self.folder, self.number = folder, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.number == 3:
            raise StopIteration
        deadline = time.monotonic() + 20
        while self.number and not os.path.exists(os.path.join(self.folder, "go-%d" % self.number)):
            assert time.monotonic() < deadline, "the client never had the part before"
            time.sleep(0.005)
        self.number += 1
        return b"part %d" % self.number

    def close(self):
        global closed
        closed += 1

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/closed":
        return [str(closed).encode()]
    return Parts(os.path.dirname(__file__))
"#;
    everywhere(APP, "WSGIApplicationGroup %{GLOBAL}\n", |site, server| {
        let mut connection = server.connect();
        connection.write(&Request::get("/").bytes());
        assert_eq!(connection.head().status, 200);
        for number in 1..=3 {
            let part = format!("part {number}").into_bytes();
            assert_eq!(connection.chunk(), Some(part));
            site.file(&format!("go-{number}"), "");
        }
        assert_eq!(connection.chunk(), Some(Vec::new()), "the last chunk");
        assert_eq!(server.text("/closed"), "1");
    });
}

/// Named application groups are interpreters: what one sets in a module of the library, the other does not see.
#[test]
fn application_groups_share_nothing() {
    const APP: &str = r#"
import string
def application(environ, start_response):
    string.calls = getattr(string, "calls", 0) + 1
    text = "%s %d" % (environ["mod_wsgi.application_group"], string.calls)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
"#;
    const MOUNTS: &str = "\
WSGIScriptAlias /one ${DIR}/app.wsgi application-group=one
WSGIScriptAlias /two ${DIR}/app.wsgi application-group=two
WSGIScriptAlias /main ${DIR}/app.wsgi application-group=%{GLOBAL}
";
    everywhere(APP, MOUNTS, |_, server| {
        assert_eq!(server.text("/one"), "one 1");
        assert_eq!(server.text("/one"), "one 2");
        assert_eq!(server.text("/two"), "two 1");
        assert_eq!(server.text("/main"), " 1");
        assert_eq!(server.text("/one"), "one 3");
    });
}

/// The validator's wrapper would hide the class, so this one goes without.
#[test]
fn file_wrapper() {
    const APP: &str = r#"
import io, os
def application(environ, start_response):
    if environ["PATH_INFO"] == "/memory":
        file = io.BytesIO(b"from memory")
    else:
        file = open(os.path.join(os.path.dirname(__file__), "data.bin"), "rb")
        file.seek(int(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return environ["wsgi.file_wrapper"](file, 4096)
"#;
    let data: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    for python in pythons() {
        for mode in Mode::BOTH {
            let site = Site::under(python);
            site.file("app.wsgi", APP);
            site.file("data.bin", &data);
            let server = site.serve(mode, "");
            let mut connection = server.connect();
            let answer = connection.exchange(&Request::get("/"));
            assert_eq!(
                (answer.status, answer.body == data, answer.cut),
                (200, true, false),
                "Python {}",
                python.version
            );
            assert_eq!(answer.header("Content-Length"), Some("300000"));
            let answer = connection.exchange(&Request::get("/?299990"));
            assert_eq!((answer.header("Content-Length"), &answer.body[..]), (Some("10"), &data[299_990..]));
            assert_eq!(connection.exchange(&Request::get("/memory")).text(), "from memory");
            server.stop();
        }
    }
}
