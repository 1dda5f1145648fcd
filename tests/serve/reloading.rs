//! New code without a restart, and scripts that are wrong for a while.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::support::{Mode, Request, Site, wait_until};

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

/// A file that was put back from a backup is older than what is loaded, and counts.
#[test]
fn an_older_file_is_another_one() {
    for mode in Mode::BOTH {
        let site = Site::with_app(&version(1));
        let server = site.serve(mode, "");
        assert_eq!(parse(&server.text("/")).0, 1, "{mode:?}");
        site.file("older.wsgi", version(2));
        let older = SystemTime::now() - Duration::from_hours(1);
        File::options().append(true).open(site.path("older.wsgi")).unwrap().set_modified(older).unwrap();
        std::fs::rename(site.path("older.wsgi"), site.path("app.wsgi")).unwrap();
        assert_eq!(parse(&server.text("/")).0, 2, "{mode:?}");
        server.stop();
    }
}

#[test]
fn a_script_that_goes_away_comes_back() {
    for mode in Mode::BOTH {
        let site = Site::with_app(&version(1));
        let server = site.serve(mode, "");
        assert_eq!(parse(&server.text("/")).0, 1, "{mode:?}");
        std::fs::rename(site.path("app.wsgi"), site.path("away.wsgi")).unwrap();
        for _ in 0..3 {
            assert_eq!(server.get("/").status, 404, "{mode:?}");
        }
        std::fs::rename(site.path("away.wsgi"), site.path("app.wsgi")).unwrap();
        assert_eq!(parse(&server.text("/")).0, 1, "the same file, {mode:?}");
        std::fs::remove_file(site.path("app.wsgi")).unwrap();
        assert_eq!(server.get("/").status, 404, "{mode:?}");
        site.file("app.wsgi", version(2));
        assert_eq!(parse(&server.text("/")).0, 2, "another file, {mode:?}");
        server.stop();
    }
}

/// Counts its requests since it was loaded, and says by `reload_required` what a file beside it holds.
const ASKED: &str = "import os
count = 0
def reload_required(path):
    assert path == __file__, path
    with open(os.path.join(os.path.dirname(__file__), 'wanted')) as wanted:
        return eval(wanted.read())
def application(environ, start_response):
    global count
    count += 1
    start_response('200 OK', [])
    return [b'%d' % count]
";

#[test]
fn a_module_says_itself_that_it_is_out_of_date() {
    for mode in Mode::BOTH {
        let site = Site::with_app(ASKED);
        site.file("wanted", "False");
        let server = site.serve(mode, "");
        let counts = |wanted: &str| {
            site.replace("wanted", wanted);
            [server.text("/"), server.text("/")]
        };
        assert_eq!(counts("False"), ["1", "2"], "{mode:?}");
        assert_eq!(counts("[1]"), ["1", "1"], "{mode:?}");
        assert_eq!(counts("None"), ["2", "3"], "{mode:?}");
        assert_eq!(counts("1/0"), ["4", "5"], "one that fails says nothing, {mode:?}");
        server.logged("ZeroDivisionError");
        server.stop();
    }
}

/// What a script does to its `__mtime__` counts as another file.
#[test]
fn a_changed_mtime_is_a_changed_file() {
    const APP: &str = "count = 0
def application(environ, start_response):
    global count, __mtime__
    count += 1
    text = b'%d %s' % (count, type(__mtime__).__name__.encode())
    exec(environ['QUERY_STRING'], globals())
    start_response('200 OK', [])
    return [text]
";
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, "");
        let mut counts = vec![server.text("/"), server.text("/")];
        for statement in
            ["__mtime__-=1", "__mtime__=None", "__mtime__=str(__mtime__)", "del(__mtime__)", "__mtime__+=1"]
        {
            counts.extend([server.text(&format!("/?{statement}")), server.text("/")]);
        }
        let expected = ["1", "2", "3", "1", "2", "1", "2", "1", "2", "1", "2", "1"].map(|count| format!("{count} int"));
        assert_eq!(counts, expected, "{mode:?}");
        server.stop();
    }
}

/// Twenty requests are under way when the script is replaced: they end as they began, and who comes then gets the new one.
#[test]
fn requests_under_way_end_as_they_began() {
    const WAITS: &str = "import os, time
def application(environ, start_response):
    start_response('200 OK', [])
    if environ['PATH_INFO'] == '/waits':
        yield b'begun '
        while not os.path.exists(os.path.join(os.path.dirname(__file__), 'go')):
            time.sleep(0.01)
    yield b'VERSION'
";
    for mode in Mode::BOTH {
        let site = Site::with_app(&WAITS.replace("VERSION", "one"));
        let groups = match mode {
            Mode::Daemon => {
                "WSGIDaemonProcess many threads=25 shutdown-timeout=60 python-home=${VENV}\nWSGIProcessGroup many\n"
            }
            Mode::Embedded => "ThreadsPerChild 25\n",
        };
        let server = site.start(&format!(
            "{groups}WSGIScriptAlias / ${{DIR}}/app.wsgi\n<Directory ${{DIR}}>\n    Require all granted\n</Directory>\n{}",
            if mode == Mode::Embedded { "WSGIPythonHome ${VENV}\n" } else { "" }
        ));
        let mut waiting: Vec<_> = (0..20)
            .map(|_| {
                let mut connection = server.connect();
                connection.write(&Request::get("/waits").bytes());
                let head = connection.head();
                assert_eq!((head.status, connection.chunk()), (200, Some(b"begun ".to_vec())), "{mode:?}");
                connection
            })
            .collect();
        site.replace("app.wsgi", &WAITS.replace("VERSION", "two"));
        std::thread::scope(|scope| {
            let later: Vec<_> = (0..3).map(|_| scope.spawn(|| server.text("/"))).collect();
            if mode == Mode::Embedded {
                // Nobody waits for those that wait.
                wait_until("the new script answers", || later.iter().all(std::thread::ScopedJoinHandle::is_finished));
            } else {
                server.logged("has changed");
            }
            site.file("go", "");
            for request in later {
                assert_eq!(request.join().expect("it is answered"), "two", "{mode:?}");
            }
        });
        for connection in &mut waiting {
            let rest: Vec<_> = std::iter::from_fn(|| connection.chunk().filter(|chunk| !chunk.is_empty())).collect();
            assert_eq!(rest.concat(), b"one", "{mode:?}");
        }
        server.stop();
    }
}
