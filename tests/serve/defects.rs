//! What stops requests in mod_wsgi and must not here: a script that takes long to load, and bodies that go both ways at once.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::{Mode, Request, Site};

/// In mod_wsgi one lock covers the loading of all scripts of a process.
#[test]
fn a_script_that_takes_long_to_load_stops_no_other() {
    const SLOW: &str = r#"
import os, sys, time
print("it is being loaded", file=sys.stderr)
while not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
    time.sleep(0.01)
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"slow"]
"#;
    const QUICK: &str =
        "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'quick']\n";
    for mode in Mode::BOTH {
        let site = Site::with_app(QUICK);
        site.file("slow.wsgi", SLOW);
        let server = site.serve(mode, "WSGIApplicationGroup %{GLOBAL}\nWSGIScriptAlias /slow ${DIR}/slow.wsgi\n");
        let mut slow = server.connect();
        slow.write(&Request::get("/slow").bytes());
        server.logged("it is being loaded");
        assert_eq!(server.text("/"), "quick", "{mode:?}");
        site.file("go", "");
        assert_eq!(slow.answer("GET").text(), "slow", "{mode:?}");
        server.stop();
    }
}

/// In mod_wsgi's daemon mode a large answer and a large body that is read after most of it wait for each other.
#[test]
fn a_large_answer_beside_a_large_body() {
    const APP: &str = r#"
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(8 << 20))])
    for _ in range(7):
        yield b"x" * (1 << 20)
    assert len(environ["wsgi.input"].read()) == 4 << 20
    yield b"x" * (1 << 20)
"#;
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "");
        let mut stream = TcpStream::connect(server.address()).expect("the server listens");
        let mut sending = stream.try_clone().expect("a descriptor");
        let client = std::thread::spawn(move || {
            sending
                .write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194304\r\n\r\n")
                .expect("the server reads");
            sending.write_all(&vec![b'y'; 4 << 20]).expect("it is read");
        });
        let (mut answer, mut block) = (Vec::new(), vec![0; 1 << 16]);
        let head = loop {
            let read = stream.read(&mut block).expect("an answer");
            assert!(read > 0, "{mode:?}: cut after {} bytes", answer.len());
            answer.extend_from_slice(&block[..read]);
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n")
                && answer.len() >= end + 4 + (8 << 20)
            {
                break String::from_utf8_lossy(&answer[..end]).into_owned();
            }
        };
        assert!(head.starts_with("HTTP/1.1 200"), "{mode:?}: {head}");
        client.join().expect("it has sent all");
        drop(stream);
        server.stop();
    }
}
