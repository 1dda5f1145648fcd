//! New code without a restart, and scripts that are wrong for a while.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Mode, Site};

fn version(number: u32) -> String {
    format!(
        "import os\n\
         def application(environ, start_response):\n\
         \x20   start_response('200 OK', [('Content-Type', 'text/plain')])\n\
         \x20   return [b'version {number} %d' % os.getpid()]\n"
    )
}

/// What a script made by [`version`] answers: its number and the process.
fn parse(text: &str) -> (u32, u32) {
    let mut words = text.split(' ').skip(1).map(|word| word.parse().expect("a number"));
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn embedded_mode_loads_the_script_again() {
    let site = Site::with_app(&version(1));
    let server = site.serve(Mode::Embedded, "");
    let (one, process) = parse(&server.text("/"));
    site.replace("app.wsgi", &version(2));
    assert_eq!((one, parse(&server.text("/"))), (1, (2, process)));
    server.stop();
}

#[test]
fn daemon_mode_replaces_the_process() {
    let site = Site::with_app(&version(1));
    let server = site.serve(Mode::Daemon, "");
    let (one, process) = parse(&server.text("/"));
    site.replace("app.wsgi", &version(2));
    let (two, other) = parse(&server.text("/"));
    assert_eq!((one, two), (1, 2));
    assert_ne!(process, other, "the process");
    server.stop();
}

#[test]
fn nothing_is_reloaded_when_told_so() {
    for mode in Mode::BOTH {
        let site = Site::with_app(&version(1));
        let server = site.serve(mode, "WSGIScriptReloading Off\n");
        let before = server.text("/");
        site.replace("app.wsgi", &version(2));
        assert_eq!(server.text("/"), before);
        server.stop();
    }
}

#[test]
fn five_replacements_under_load_lose_nothing() {
    for mode in Mode::BOTH {
        let site = Site::with_app(&version(0));
        let server = site.serve(mode, "");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let mut seen = 0;
                        while !done.load(Ordering::Relaxed) {
                            let (number, _) = parse(&server.text("/"));
                            assert!(number >= seen, "version {number} after {seen}");
                            seen = number;
                        }
                    })
                })
                .collect();
            let _also_when_we_fail = Done(&done);
            for number in 1..=5 {
                site.replace("app.wsgi", &version(number));
                assert_eq!(parse(&server.text("/")).0, number, "{mode:?}");
            }
            done.store(true, Ordering::Relaxed);
            for client in clients {
                client.join().expect("no request failed");
            }
        });
        server.stop();
    }
}

/// Tells the clients that it is over.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_syntax_error_is_500_until_it_is_mended() {
    for mode in Mode::BOTH {
        let site = Site::with_app("def application(environ, start_response):\n    return [b'unclosed'\n");
        let server = site.serve(mode, "");
        for _ in 0..2 {
            assert_eq!(server.get("/").status, 500, "{mode:?}");
        }
        server.logged("SyntaxError");
        let line = format!("File \"{}\", line ", site.path("app.wsgi").display());
        server.logged(&line);
        site.replace("app.wsgi", &version(1));
        assert_eq!(parse(&server.text("/")).0, 1, "{mode:?}");
        server.stop();
    }
}

#[test]
fn an_exception_at_import_is_500_until_it_is_mended() {
    for mode in Mode::BOTH {
        let site = Site::with_app("import no_such_module_at_all\n");
        let server = site.serve(mode, "");
        assert_eq!(server.get("/").status, 500, "{mode:?}");
        server.logged("no_such_module_at_all");
        site.replace("app.wsgi", &version(1));
        assert_eq!(parse(&server.text("/")).0, 1, "{mode:?}");
        server.stop();
    }
}

#[test]
fn a_missing_script_is_404_until_it_is_there() {
    for mode in Mode::BOTH {
        let site = Site::new();
        let server = site.serve(mode, "");
        assert_eq!(server.get("/").status, 404, "{mode:?}");
        server.logged(site.path("app.wsgi").to_str().unwrap());
        site.file("app.wsgi", version(1));
        assert_eq!(parse(&server.text("/")).0, 1, "{mode:?}");
        server.stop();
    }
}

#[test]
fn a_missing_callable_is_not_served() {
    for mode in Mode::BOTH {
        let site = Site::with_app("app = None\n");
        let server = site.serve(mode, "");
        assert!(matches!(server.get("/").status, 404 | 500), "{mode:?}");
        server.logged("application");
        server.stop();
    }
}
