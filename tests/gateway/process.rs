//! A daemon process's life: how it is told to leave, why it leaves by itself, and how it ends.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use wsgi_httpd::plan::{Place, Preload, ProcessGroupName};
use wsgi_httpd::runtime::handoff::Report;
use wsgi_httpd::runtime::wire::{self, Kind};

use crate::harness::{Daemon, End, Request, Setup, pythons, scripts};

fn leaving(daemon: &mut Daemon) -> String {
    match daemon.report() {
        Some(Report::Leaving { reason }) => reason,
        other => panic!("not leaving but {other:?}"),
    }
}

#[test]
fn a_block_is_sent_before_the_next_is_asked_for() {
    for python in pythons() {
        let mut setup = Setup::new(&python);
        setup.threads = 2;
        let mut daemon = setup.start();
        let waits = Request::get("process.wsgi", "/waits");
        daemon.threads[0].send(&waits);
        let (frame, payload) = daemon.threads[0].frame().expect("a head");
        let (_, start) = wire::parse_head(&payload).expect("a head");
        assert_eq!((frame.kind, &payload[start..]), (Kind::Head, &b"first"[..]));
        // The generator waits for this.
        assert_eq!(daemon.threads[1].get("process.wsgi", "/set").text(), "done");
        let rest = daemon.threads[0].answer(&waits);
        assert_eq!((rest.text(), rest.end), ("second", End::Whole));
        daemon.end_clean();
    }
}

#[test]
fn a_client_that_leaves_ends_the_answer() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for (script, path) in [("stream.wsgi", "/endless"), ("process.wsgi", "/gone")] {
            let request = Request::get(script, path);
            let thread = daemon.thread();
            thread.send(&request);
            assert_eq!(thread.frame().expect("a head").0.kind, Kind::Head);
            let mut gone = Vec::new();
            wire::put(&mut gone, Kind::Gone, 0, &[]);
            std::io::Write::write_all(&mut thread.stream, &gone).expect("the thread listens");
            assert_eq!(thread.answer(&request).end, End::Failed(500));
        }
        assert_eq!(daemon.thread().get("stream.wsgi", "/closed").text(), "1");
        daemon.wait_for_log("write raised: mod_wsgi response data write error");
        // One that leaves too late to be noticed is no matter.
        let mut gone = Vec::new();
        wire::put(&mut gone, Kind::Gone, 0, &[]);
        std::io::Write::write_all(&mut daemon.thread().stream, &gone).expect("the thread listens");
        assert_eq!(daemon.thread().get("hello.wsgi", "/").text(), "Hello, World!");
        daemon.end_clean();
    }
}

#[test]
fn a_front_that_leaves_ends_the_answer_and_another_takes_over() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let request = Request::get("stream.wsgi", "/endless");
        daemon.thread().send(&request);
        daemon.thread().frame().expect("a head");
        daemon.reconnect();
        assert_eq!(daemon.thread().get("stream.wsgi", "/closed").text(), "1");
        assert_eq!(daemon.thread().get("hello.wsgi", "/").text(), "Hello, World!");
        daemon.end_clean();
    }
}

#[test]
fn a_changed_script_is_answered_by_a_new_process() {
    for python in pythons() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("shop.wsgi");
        std::fs::copy(scripts().join("hello.wsgi"), &script).expect("a script");
        let mut daemon = Setup::new(&python).start();
        let request = Request::of(script.to_str().expect("UTF-8"), "/");
        assert_eq!(daemon.thread().ask(&request).text(), "Hello, World!");
        age(&script);
        let mut unchanging = request.clone();
        unchanging.target.script_reloading = false;
        assert_eq!(daemon.thread().ask(&unchanging).text(), "Hello, World!");
        let mut post = request.clone().post(b"never ");
        post.rest = vec![b"asked for".to_vec()];
        assert_eq!(daemon.thread().ask(&post).end, End::Again);
        assert_eq!(leaving(&mut daemon), "script-reload: a script has changed");
        assert!(daemon.wait().success());
    }
}

fn age(script: &Path) {
    let file = std::fs::File::options().write(true).open(script).expect("a script");
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    file.set_modified(long_ago).expect("a time");
}

#[test]
fn maximum_requests_are_counted() {
    for python in pythons() {
        let mut setup = Setup::new(&python);
        setup.maximum_requests = Some(3);
        let mut daemon = setup.start();
        for _ in 0..3 {
            assert_eq!(daemon.thread().get("hello.wsgi", "/").text(), "Hello, World!");
        }
        assert_eq!(leaving(&mut daemon), "maximum-requests: 3 requests");
        assert!(daemon.wait().success());
        assert!(daemon.thread().frame().is_none(), "the connection is closed");
    }
}

#[test]
fn a_request_under_way_is_finished() {
    let ends: [fn(&mut Daemon); 3] = [|daemon| daemon.stop(30.0), Daemon::abandon, terminate];
    for python in pythons() {
        for end in ends {
            let folder = tempfile::tempdir().expect("a folder");
            let text = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
            let (witness, fifo) = (text("atexit"), text("fifo"));
            make_fifo(&fifo);
            let mut setup = Setup::new(&python);
            setup.threads = 2;
            setup.environment.push(("AT_EXIT", witness.clone()));
            let mut daemon = setup.start();
            let other = Request::get("process.wsgi", "/").in_group("other");
            assert_eq!(daemon.threads[1].ask(&other).text(), "done");
            let request = Request::get("process.wsgi", &format!("/fifo?{fifo}"));
            daemon.threads[0].send(&request);
            daemon.threads[0].frame().expect("a head");
            end(&mut daemon);
            assert!(daemon.threads[1].frame().is_none(), "an idle thread's connection closes at once");
            drop(std::fs::File::options().write(true).open(&fifo).expect("the application reads"));
            let answer = daemon.threads[0].answer(&request);
            assert_eq!((answer.text(), answer.end), ("second", End::Whole));
            let status = daemon.wait();
            assert!(status.success(), "{status}\n{}", daemon.log());
            // Once for each interpreter.
            assert_eq!(std::fs::read_to_string(&witness).expect("atexit ran"), "atexit\natexit\n");
        }
    }
}

fn make_fifo(path: &str) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a fifo");
}

fn terminate(daemon: &mut Daemon) {
    let pid = Pid::from_raw(daemon.pid() as i32).expect("a process");
    kill_process(pid, Signal::TERM).expect("a signal");
}

#[test]
fn a_request_that_does_not_end_in_time_is_cut() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        let request = Request::get("process.wsgi", "/waits");
        daemon.thread().send(&request);
        daemon.thread().frame().expect("a head");
        daemon.stop(0.1);
        assert!(!daemon.wait().success());
        assert!(daemon.log().contains("the process is ended by force"), "{}", daemon.log());
    }
}

#[test]
fn a_thread_of_the_application_is_waited_for() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for group in ["", "other"] {
            let request = Request::get("process.wsgi", "/thread").in_group(group);
            assert_eq!(daemon.thread().ask(&request).text(), "done");
        }
        daemon.end_clean();
    }
}

/// What a request starts is a daemon thread unless it says otherwise: Python cannot end an interpreter that has one, and
/// aborts when it is told to.
#[test]
fn a_daemon_thread_of_the_application_is_not_waited_for() {
    for python in pythons() {
        for own_gil in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let witness = folder.path().join("atexit").to_str().expect("UTF-8").to_owned();
            let mut setup = Setup::new(&python);
            setup.own_gil = own_gil;
            setup.environment.push(("AT_EXIT", witness.clone()));
            let mut daemon = setup.start();
            for group in ["", "other"] {
                let request = Request::get("process.wsgi", "/daemon-thread").in_group(group);
                assert_eq!(daemon.thread().ask(&request).text(), "done");
            }
            daemon.end_clean();
            assert_eq!(std::fs::read_to_string(&witness).expect("atexit ran"), "atexit\natexit\n");
        }
    }
}

#[test]
fn signals_belong_to_the_server() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        // A child that the application forks is its own: SIGTERM ends it, and nobody else. Before there is a
        // sub-interpreter: with one, CPython up to 3.11 hangs in the child (it frees the others under its own lock).
        assert_eq!(daemon.thread().get("process.wsgi", "/fork").text(), "15");
        for group in ["", "other"] {
            let request = Request::get("process.wsgi", "/signal").in_group(group);
            assert_eq!(daemon.thread().ask(&request).text(), "(True, True)");
        }
        let log = daemon.log();
        assert_eq!(log.matches("signal.signal(15, ...) is ignored").count(), 2, "{log}");
        assert!(log.contains("process.wsgi\", line"), "{log}");
        daemon.end_clean();
    }
}

#[test]
fn scripts_are_loaded_before_the_first_request() {
    for python in pythons() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("shop.wsgi");
        let text = "import mod_wsgi\nprint('loaded in <%s>' % mod_wsgi.application_group)\n";
        std::fs::write(&script, text).expect("a script");
        let mut setup = Setup::new(&python);
        let preload = |group: &str| Preload {
            script: script.clone(),
            process_group: ProcessGroupName::Daemon(0),
            application_group: group.to_owned(),
            place: Place { file: "httpd.conf".into(), line: 1 },
        };
        setup.preload = vec![preload(""), preload("other")];
        let daemon = setup.start();
        let log = daemon.log();
        assert!(log.contains("loaded in <>\n") && log.contains("loaded in <other>\n"), "{log}");
        daemon.end_clean();
    }
}

#[test]
fn a_process_that_dies_closes_its_connection() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        daemon.thread().send(&Request::get("process.wsgi", "/die"));
        assert!(daemon.thread().frame().is_none());
        assert_eq!(daemon.wait().code(), Some(3));
    }
}

/// Wrong reference counts show where freed memory is overwritten and checked.
#[test]
fn nothing_breaks_under_the_debug_allocator() {
    for python in pythons() {
        let mut setup = Setup::new(&python);
        setup.environment.push(("PYTHONMALLOC", "debug".to_owned()));
        setup.environment.push(("PYTHONDEVMODE", "1".to_owned()));
        let mut daemon = setup.start();
        for group in ["", "other"] {
            for path in ["/raise", "/late", "/exc-info", "/str-item", "/close", "/never-started"] {
                daemon.thread().ask(&Request::get("fail.wsgi", path).in_group(group));
            }
            for path in ["/keep", "/", "/keep"] {
                daemon.thread().ask(&Request::get("after.wsgi", path).in_group(group));
            }
            for (script, path) in [
                ("hello.wsgi", "/"),
                ("stream.wsgi", "/"),
                ("stream.wsgi", "/write"),
                ("log.wsgi", "/"),
                ("file.wsgi", "/?1000000"),
                ("file.wsgi", "/memory"),
                ("start.wsgi", "/?('200 OK', [('A', 'caf\\xe9')])"),
                ("start.wsgi", "/?('200 OK', [('A', '\\u20ac')])"),
                ("process.wsgi", "/signal"),
            ] {
                for _ in 0..3 {
                    let answer = daemon.thread().ask(&Request::get(script, path).in_group(group));
                    assert_eq!(answer.end, End::Whole, "{script} {path}");
                }
            }
            for path in ["/", "/lines", "/readline", "/readlines", "/pieces"] {
                let mut request = Request::get("echo.wsgi", path).in_group(group).post(b"one\ntwo\n");
                request.rest = vec![b"three\n".to_vec()];
                daemon.thread().ask(&request);
            }
        }
        daemon.end_clean();
    }
}
