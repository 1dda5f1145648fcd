//! Applications that fail: the client can tell, the log says why, and the process lives.

use crate::harness::{End, Request, Setup, pythons};

#[test]
fn a_failure_before_the_head_is_500() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for path in [
            "/raise",
            "/exit",
            "/interrupt",
            "/generator-exit",
            "/memory",
            "/recursion",
            "/never-started",
            "/never-started-empty",
            "/empty-then-raise",
            "/str-item",
            "/bytes",
            "/str",
            "/none",
            "/int",
            "/list-of-none",
        ] {
            let answer = daemon.thread().get("fail.wsgi", path);
            assert!(answer.head.is_none(), "{path}: {answer:?}");
            assert_eq!(answer.end, End::Failed(500), "{path}");
        }
        assert_eq!(daemon.thread().get("hello.wsgi", "/").text(), "Hello, World!");
        let log = daemon.log();
        for text in [
            "exception in WSGI script '",
            "in inner\n",
            "ValueError: the reason\n",
            "[client 192.0.2.7:4711] [forged] line \\x1b[31m\n",
            "SystemExit",
            "RecursionError",
            "start_response() has not been called",
            "a block of the answer must be bytes, not str",
        ] {
            assert!(log.contains(text), "no '{text}' in:\n{log}");
        }
        daemon.end_clean();
    }
}

#[test]
fn a_failure_after_the_head_cuts_the_answer() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for (path, body) in
            [("/late", "begun"), ("/late-exit", "begun"), ("/exc-info-late", "begun"), ("/late-str-item", "a")]
        {
            let answer = daemon.thread().get("fail.wsgi", path);
            assert_eq!((answer.status(), answer.text(), answer.end), (200, body, End::Failed(500)), "{path}");
        }
        assert_eq!(daemon.thread().get("hello.wsgi", "/").text(), "Hello, World!");
        daemon.end_clean();
    }
}

#[test]
fn exc_info_replaces_a_head_that_was_not_sent() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let answer = daemon.thread().get("fail.wsgi", "/exc-info");
        assert_eq!((answer.status(), answer.text(), answer.end), (500, "sorry", End::Whole));
        assert_eq!((answer.header("X-First"), answer.header("X-Second")), (None, Some("yes")));
        daemon.end_clean();
    }
}

#[test]
fn a_failing_close_is_logged_and_changes_nothing() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let answer = daemon.thread().get("fail.wsgi", "/close");
        assert_eq!((answer.text(), answer.end), ("fine", End::Whole));
        daemon.wait_for_log("ValueError: in close");
        daemon.end_clean();
    }
}

#[test]
fn a_script_that_cannot_be_loaded_heals_without_a_restart() {
    for python in pythons() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("shop.wsgi");
        let file = script.to_str().expect("UTF-8");
        let request = Request::of(file, "/");
        let mut daemon = Setup::new(&python).start();
        assert_eq!(daemon.thread().ask(&request).end, End::Failed(404));
        std::fs::write(&script, "def application(:\n").expect("a script");
        assert_eq!(daemon.thread().ask(&request).end, End::Failed(500));
        assert!(daemon.log().contains(&format!("File \"{file}\", line 1")), "{}", daemon.log());
        std::fs::write(&script, "raise SystemExit(3)\n").expect("a script");
        assert_eq!(daemon.thread().ask(&request).end, End::Failed(500));
        std::fs::write(&script, "import nothing_of_that_name\n").expect("a script");
        assert_eq!(daemon.thread().ask(&request).end, End::Failed(500));
        assert!(daemon.log().contains("No module named 'nothing_of_that_name'"), "{}", daemon.log());
        std::fs::copy(crate::harness::scripts().join("hello.wsgi"), &script).expect("a script");
        assert_eq!(daemon.thread().ask(&request).text(), "Hello, World!");
        let mut other = request.clone();
        other.target.callable_object = "main".to_owned();
        assert_eq!(daemon.thread().ask(&other).end, End::Failed(500));
        assert!(daemon.log().contains(&format!("'{file}' has no callable object 'main'")), "{}", daemon.log());
        daemon.end_clean();
    }
}
