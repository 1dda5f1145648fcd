//! PEP 3333, as the application and the front see it.

use crate::harness::{Answer, End, Request, Setup, pythons};

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

#[test]
fn ten_megabytes_go_both_ways() {
    let body: Vec<u8> = (0..10_u32 << 20).map(|place| (place / 7) as u8).collect();
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let mut request = Request::get("echo.wsgi", "/").post(&body[..1000]);
        request.rest = body[1000..].chunks(100_000).map(<[u8]>::to_vec).collect();
        let answer = daemon.thread().ask(&request);
        assert!(answer.body == body, "{}: the body has changed", python.display());
        // Nobody reads the body while a long answer is sent: both directions move.
        let request = Request { target: request.target.clone(), ..request }.with("PATH_INFO", "/unread");
        let answer = daemon.thread().ask(&request);
        assert_eq!((answer.body.len(), answer.end), (4 << 20, End::Whole));
        assert_eq!(daemon.thread().get("hello.wsgi", "/").text(), "Hello, World!");
        daemon.end_clean();
    }
}

#[test]
fn a_body_that_fails_raises_and_stays_failed() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for (code, why) in [(1, "the client closed the connection"), (2, "the client sent nothing within Timeout")] {
            let mut request = Request::get("echo.wsgi", "/error").post(b"half");
            request.failure = Some(code);
            let line = format!("mod_wsgi request data read error: {why}");
            assert_eq!(daemon.thread().ask(&request).text(), format!("{line}\n{line}"));
        }
        daemon.end_clean();
    }
}

#[test]
fn content_length_is_kept() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let thread = daemon.thread();
        let answer = thread.get("stream.wsgi", "/length");
        assert_eq!((answer.text(), answer.end), ("12345", End::Whole));
        let answer = thread.get("stream.wsgi", "/surplus");
        assert_eq!((answer.text(), answer.end), ("12345", End::Whole));
        let answer = thread.get("stream.wsgi", "/short");
        assert_eq!((answer.text(), answer.end), ("123", End::Failed(500)));
        // To HEAD, an application may say a length and give nothing.
        let answer = thread.ask(&Request::get("stream.wsgi", "/short").with("REQUEST_METHOD", "HEAD"));
        assert_eq!((answer.header("Content-Length"), answer.end), (Some("5"), End::Whole));
        assert_eq!(daemon.log().matches("longer than its Content-Length of 5 bytes").count(), 1);
        assert_eq!(daemon.log().matches("has 3 bytes and not the 5 of its Content-Length").count(), 1);
        daemon.end_clean();
    }
}

#[test]
fn start_response_takes_what_pep_3333_allows() {
    const ACCEPTED: [&str; 11] = [
        "('200 OK', [])",
        "('200', [])",
        "('599 Odd', [('A', 'b')])",
        "('999 Odder', [('A', 'b')])",
        "('200 Caf\\xe9', [('A', 'caf\\xe9\\t')])",
        "('200 OK', [], None)",
        "('200 OK', [('Content-Length', '8')])",
        "('200 OK', [('Content-Length', '8'), ('Content-Length', '8')])",
        "('200 OK', [('Set-Cookie', 'a'), ('Set-Cookie', 'b')])",
        "('200 OK', [('Connection', 'close'), ('Transfer-Encoding', 'chunked'), ('Proxy-X', '')])",
        "('404 ', [(\"!#$%&'*+-.^_`|~09aZ\", '')])",
    ];
    const TYPE_ERRORS: [&str; 11] = [
        "(b'200 OK', [])",
        "(200, [])",
        "('200 OK', ())",
        "('200 OK', None)",
        "('200 OK', {})",
        "('200 OK', [['A', 'b']])",
        "('200 OK', [('A', 'b', 'c')])",
        "('200 OK', [(b'A', 'b')])",
        "('200 OK', [('A', b'b')])",
        "('200 OK', [('A', 1)])",
        "('200 OK', [], 'exc_info')",
    ];
    const VALUE_ERRORS: [&str; 22] = [
        "('20 OK', [])",
        "('2000 OK', [])",
        "('', [])",
        "('OK', [])",
        "('100 Continue', [])",
        "('199 Low', [])",
        "('1000 High', [])",
        "('099 Low', [])",
        "('200 OK\\r\\nX: y', [])",
        "('200 \\0', [])",
        "('200 \\u20ac', [])",
        "('200 \\udc80', [])",
        "('200 OK', [('', 'b')])",
        "('200 OK', [('A B', 'b')])",
        "('200 OK', [('A:B', 'b')])",
        "('200 OK', [('A\\n', 'b')])",
        "('200 OK', [('A', 'b\\r\\nX: y')])",
        "('200 OK', [('A', 'b\\0')])",
        "('200 OK', [('A', '\\x7f')])",
        "('200 OK', [('A', '\\u20ac')])",
        "('200 OK', [('Content-Length', '-1')])",
        "('200 OK', [('Content-Length', '8'), ('content-length', '9')])",
    ];
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let mut ask = |arguments: &str| {
            let request = Request::get("start.wsgi", "/").with("QUERY_STRING", arguments);
            daemon.thread().ask(&request)
        };
        for arguments in ACCEPTED {
            assert_eq!(ask(arguments).text(), "accepted", "{arguments}");
        }
        let answer =
            ask("('200 OK', [('Connection', 'x'), ('Transfer-Encoding', 'chunked'), ('Proxy-Connection', '')])");
        assert!(answer.head.expect("a head").headers.is_empty(), "hop-by-hop headers are left out");
        for (all, kind) in [(&TYPE_ERRORS[..], "TypeError"), (&VALUE_ERRORS[..], "ValueError")] {
            for arguments in all {
                let answer = ask(arguments);
                assert_eq!(answer.header("X-Raised"), Some(kind), "{arguments}: {}", answer.text());
            }
        }
        daemon.end_clean();
    }
}

#[test]
fn wsgiref_validate_finds_nothing() {
    for python in pythons() {
        // Its warnings about what PEP 3333 merely advises are errors here.
        let mut setup = Setup::new(&python);
        setup.environment.push(("PYTHONWARNINGS", "error::wsgiref.validate.WSGIWarning".to_owned()));
        let mut daemon = setup.start();
        let thread = daemon.thread();
        let valid = |path: &str| Request::get("valid.wsgi", path);
        for path in ["/", "/write"] {
            assert_eq!(thread.ask(&valid(path)).text(), "valid");
        }
        for path in ["/read", "/iterate"] {
            let mut request = valid(path).post(b"abcdefg\nhi\n");
            request.rest = vec![b"jk\nl".to_vec()];
            assert_eq!(thread.ask(&request).text(), "abcdefg\nhi\njk\nl");
        }
        assert_eq!(thread.ask(&valid("/file")).text(), "a file");
        assert_eq!(thread.ask(&valid("/204")).status(), 204);
        assert_eq!(thread.ask(&valid("/").with("REQUEST_METHOD", "HEAD")).end, End::Whole);
        assert!(daemon.log().contains("] two lines\n"), "{}", daemon.log());
        assert!(!daemon.log().contains("Error"), "{}", daemon.log());
        daemon.end_clean();
    }
}

#[test]
fn environ_has_what_mod_wsgi_gives() {
    let expected = "wsgi.version=(1, 0)
wsgi.url_scheme='http'
wsgi.multithread=False
wsgi.multiprocess=False
wsgi.run_once=False
wsgi.input_terminated=True
apache.version=(2, 4, 66)
mod_wsgi.version=(6, 1, 1)
mod_wsgi.process_group='shop'
mod_wsgi.application_group=''
mod_wsgi.callable_object='application'
mod_wsgi.request_handler='wsgi-script'
mod_wsgi.handler_script=''
mod_wsgi.script_name='/at'
mod_wsgi.path_info='/caf\u{c3}\u{a9}'
mod_wsgi.thread_id=1
mod_wsgi.request_start=1700000000.0
mod_wsgi.queue_start=1700000000.000001
SCRIPT_NAME='/at'
PATH_INFO='/caf\u{c3}\u{a9}'
SERVER_NAME='localhost'
HTTP_X_ODD='\u{ff}'
DOCUMENT_ROOT='/srv/caf\u{e9}'
nothing=None";
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let names: Vec<_> = expected.lines().map(|line| line.split('=').next().expect("a name")).collect();
        let request = Request::get("environ.wsgi", "/caf\u{e9}")
            .with("SCRIPT_NAME", "/at")
            .with("HTTP_X_ODD", [0xff])
            .with("DOCUMENT_ROOT", "/srv/caf\u{e9}")
            .with("QUERY_STRING", names.join(","));
        assert_eq!(daemon.thread().ask(&request).text(), expected);
        // What an application does to its environ is its own affair.
        daemon.thread().get("environ.wsgi", "/poison");
        let after = daemon.thread().get("environ.wsgi", "/?poisoned,SERVER_NAME");
        assert_eq!(after.text(), "poisoned=None\nSERVER_NAME='localhost'");
        daemon.end_clean();
    }
}

#[test]
fn a_request_that_is_over_raises_runtime_error() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        assert_eq!(daemon.thread().get("after.wsgi", "/keep").text(), "kept");
        assert_eq!(daemon.thread().get("after.wsgi", "/").text(), ["RuntimeError"; 8].join(","));
        daemon.end_clean();
    }
}

#[test]
fn files_are_sent_by_their_descriptor() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let thread = daemon.thread();
        let check = |answer: &Answer, length: usize, from: usize| {
            let expected: Vec<u8> = (from..from + length).map(|place| place as u8).collect();
            assert!(answer.body == expected && answer.end == End::Whole, "{} bytes", answer.body.len());
            assert_eq!(answer.header("Content-Length"), Some(&*length.to_string()));
        };
        for size in [0, 1, 1000, 256 << 10, (256 << 10) + 1, 1_000_000] {
            check(&thread.get("file.wsgi", &format!("/?{size}")), size, 0);
            assert_eq!(thread.get("file.wsgi", "/closed").text(), "(True, 0)");
        }
        check(&thread.get("file.wsgi", "/offset?1000"), 990, 10);
        check(&thread.get("file.wsgi", "/length?1000"), 7, 0);
        let answer = thread.get("file.wsgi", "/too-long?1000");
        assert_eq!((answer.body.len(), answer.end), (1000, End::Failed(500)));
        let answer = thread.ask(&Request::get("file.wsgi", "/?1000").with("REQUEST_METHOD", "HEAD"));
        assert_eq!((answer.body.len(), answer.header("Content-Length"), answer.end), (0, Some("1000"), End::Whole));
        let answer = thread.get("file.wsgi", "/memory");
        assert_eq!((answer.text(), &answer.blocks[..]), ("abcdefg", &[3, 3, 1][..]));
        assert_eq!(thread.get("file.wsgi", "/gzip").text(), "decompressed");
        assert_eq!(thread.get("file.wsgi", "/pipe").text(), "from a pipe");
        assert!(thread.get("file.wsgi", "/upper?256").body.starts_with(&[0, 1, 2]));
        assert!(thread.get("file.wsgi", "/upper?256").body.contains(&b'A'));
        assert!(!thread.get("file.wsgi", "/upper?256").body.contains(&b'a'));
        daemon.end_clean();
    }
}

#[test]
fn the_error_log_has_one_line_for_each_line() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        assert_eq!(daemon.thread().get("log.wsgi", "/").text(), "logged");
        let log = daemon.log();
        let tail = |line: &str| line.split("log.wsgi] ").nth(1).unwrap_or("").to_owned();
        let lines: Vec<_> = log.lines().map(tail).collect();
        for expected in [
            "from print",
            "control \\x1b[31m and caf\u{e9} and \\udc80",
            "to stdout",
            "to stderr",
            "unfinished on stderr; bytes",
            "begun and ended",
            "without an end",
            "write() argument must be str, not bytes",
            "WARNING:root:from logging",
        ] {
            assert!(lines.iter().any(|line| line.ends_with(expected)), "no '{expected}' in:\n{log}");
        }
        let in_order = ["text, bytes, text again", "flushed", "after it", "the same line for both"];
        assert!(lines.windows(in_order.len()).any(|lines| lines == in_order), "not in order:\n{log}");
        assert!(log.lines().all(|line| line.len() <= 8192));
        let first = log.lines().find(|line| line.ends_with("from print")).expect("just seen");
        let pid = format!("[wsgi:error] [pid {}:tid ", daemon.pid());
        assert!(first.starts_with('[') && first.contains(&pid), "{first}");
        daemon.end_clean();
    }
}
