//! Application groups: interpreters of their own, which share nothing, or not even a GIL.

use crate::harness::{Request, Setup, minor, pythons};

fn ask(daemon: &mut crate::harness::Daemon, group: &str, path: &str) -> String {
    daemon.thread().ask(&Request::get("group.wsgi", path).in_group(group)).text().to_owned()
}

#[test]
fn application_groups_share_nothing() {
    for python in pythons() {
        for own_gil in [false, true] {
            let mut setup = Setup::new(&python);
            setup.own_gil = own_gil;
            let mut daemon = setup.start();
            for count in 1..=3 {
                for group in ["", "one", "two"] {
                    // The module's count, and that of a thread-local: it survives between requests.
                    assert_eq!(ask(&mut daemon, group, "/"), format!("{group} {count} {count}"));
                }
            }
            for group in ["", "one"] {
                let module = format!("((6, 1, 1), 'shop', '{group}', 1, 1, ['mod_wsgi'], '')");
                assert_eq!(ask(&mut daemon, group, "/module"), module);
                assert_eq!(ask(&mut daemon, group, "/main"), "(False, '_DummyThread')");
            }
            if own_gil && minor(&python) < 12 {
                assert!(daemon.log().contains("WSGIPerInterpreterGIL On needs Python 3.12"), "{}", daemon.log());
            }
            daemon.end_clean();
        }
    }
}

/// Two interpreters play ping-pong through shared memory: each spins, and never lets go of its GIL, until the other has
/// moved. With one GIL for both, the first would spin for ever.
#[test]
fn a_gil_each_runs_in_parallel() {
    for python in pythons().iter().filter(|python| minor(python) >= 12) {
        let memory = tempfile::NamedTempFile::new().expect("a file");
        memory.as_file().set_len(2).expect("two bytes");
        let mut setup = Setup::new(python);
        (setup.own_gil, setup.threads) = (true, 2);
        let mut daemon = setup.start();
        let requests = ["0", "1"].map(|player| {
            let query = format!("/rally?{player},{}", memory.path().display());
            Request::get("group.wsgi", &query).in_group(player)
        });
        for (thread, request) in daemon.threads.iter_mut().zip(&requests) {
            thread.send(request);
        }
        for (thread, request) in daemon.threads.iter_mut().zip(&requests) {
            assert_eq!(thread.answer(request).text(), "200 turns without letting go");
        }
        daemon.end_clean();
    }
}

#[test]
fn the_path_begins_with_home_and_python_path() {
    for python in pythons() {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, first, second, named) =
            (folder.path().join("home"), folder.path().join("a"), folder.path().join("b"), folder.path().join("named"));
        for folder in [&home, &first, &second, &named] {
            std::fs::create_dir(folder).expect("a folder");
        }
        std::fs::write(first.join("more.pth"), format!("{}\n", named.display())).expect("a .pth file");
        let mut setup = Setup::new(&python);
        setup.home = Some(home.clone());
        setup.python_path = vec![first.clone(), second.clone()];
        let mut daemon = setup.start();
        for group in ["", "one"] {
            let path = ask(&mut daemon, group, "/path");
            let begin: Vec<_> = path.lines().take(4).collect();
            let expected = [&home, &first, &second, &named].map(|folder| folder.to_str().expect("UTF-8"));
            assert_eq!(begin, expected, "{path}");
            assert!(path.lines().all(|entry| !entry.is_empty()));
        }
        daemon.end_clean();
    }
}
