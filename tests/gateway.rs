//! The gateway and the daemon process, from outside: every CPython found serves real WSGI scripts over the wire.

#[path = "gateway/harness.rs"]
mod harness;

use harness::{End, Request, Setup, pythons};

#[test]
fn hello_is_one_frame() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for _ in 0..3 {
            let answer = daemon.thread().get("hello.wsgi", "/");
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.text(), "Hello, World!");
            assert_eq!(answer.header("content-type"), Some("text/plain"));
            assert_eq!(answer.end, End::Whole);
        }
        daemon.end_clean();
    }
}

#[test]
fn a_body_is_read_as_it_was_sent() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let thread = daemon.thread();
        let echo = |path: &str| Request::get("echo.wsgi", path);
        assert_eq!(thread.ask(&echo("/").post(b"small")).text(), "small");
        let mut following = echo("/").post(b"first, ");
        following.rest = vec![b"second, ".to_vec(), b"third".to_vec()];
        assert_eq!(thread.ask(&following).text(), "first, second, third");
        let text = b"one\ntwo\r\nthree";
        assert_eq!(thread.ask(&echo("/lines").post(text)).text(), "one\n|two\r\n|three");
        let lines = "[b'one\\n', b'two', b'\\r\\n', b'three', b'']";
        assert_eq!(thread.ask(&echo("/readline").post(text)).text(), lines);
        let lines = "[[b'one\\n'], [b'two\\r\\n', b'three']]";
        assert_eq!(thread.ask(&echo("/readlines").post(text)).text(), lines);
        let mut pieces = echo("/pieces");
        pieces.rest = vec![b"ab".to_vec(), b"cde".to_vec(), b"f".to_vec(), b"g".to_vec()];
        assert_eq!(thread.ask(&pieces).text(), "abc|def|g(b'', b'', b'', [])");
        daemon.end_clean();
    }
}

#[test]
fn each_block_of_an_iterable_is_sent_on_its_own() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let thread = daemon.thread();
        let answer = thread.get("stream.wsgi", "/");
        assert_eq!((answer.text(), answer.end), ("onetwothree", End::Whole));
        assert_eq!(answer.blocks, [3, 3, 5]);
        let answer = thread.get("stream.wsgi", "/write");
        assert_eq!((answer.text(), &answer.blocks[..]), ("onetwothree", &[3, 3, 5][..]));
        let answer = thread.get("stream.wsgi", "/empty");
        assert_eq!((answer.status(), answer.text(), answer.end), (200, "", End::Whole));
        let answer = thread.get("stream.wsgi", "/empties");
        assert_eq!((answer.status(), answer.text(), answer.header("X-Again")), (200, "ab", Some("yes")));
        assert_eq!(thread.get("stream.wsgi", "/closed").text(), "3");
        daemon.end_clean();
    }
}
