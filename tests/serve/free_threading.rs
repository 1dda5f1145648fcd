//! `WSGIFreeThreading`: Pythons that are built to run without a GIL, and others that are told to be.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{
    Mode, Python, Request, Server, Site, command, free_threaded_pythons, note, pythons, run, skipped, tests_apache,
};

/// Says whether there is a GIL, and what Python was told of it.
const SEEN: &str = "
import json, sys
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/json')])
    is_on = getattr(sys, '_is_gil_enabled', lambda: True)()
    seen = {'on': is_on, 'told': sys._xoptions.get('gil'), 'optimize': sys.flags.optimize, 'prefix': sys.prefix}
    return [json.dumps(seen).encode()]
";

/// Directives for both modes. `MORE` stands for what comes before.
const MODES: [&str; 2] = [
    "WSGIDaemonProcess app threads=4 python-home=${DIR}/venv\nWSGIProcessGroup app\nWSGIApplicationGroup %{GLOBAL}\n\
     WSGIScriptAlias / ${DIR}/app.wsgi\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    "ServerLimit 1\nThreadsPerChild 4\nWSGIPythonHome ${DIR}/venv\nWSGIApplicationGroup %{GLOBAL}\n\
     WSGIScriptAlias / ${DIR}/app.wsgi\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n",
];

/// A site whose `${DIR}/venv` is an environment of its own, which does `line` whenever its Python starts.
fn site(python: &Python, line: &str, app: &str) -> Site {
    let site = Site::under(python);
    let venv = site.path("venv");
    let made = Command::new(&python.program).args(["-m", "venv", "--without-pip"]).arg(&venv).status();
    assert!(made.is_ok_and(|status| status.success()), "{} -m venv fails", python.program.display());
    let libraries = fs::read_dir(venv.join("lib")).unwrap().flatten();
    for library in libraries.map(|entry| entry.path().join("site-packages")).filter(|folder| folder.is_dir()) {
        fs::write(library.join("line.pth"), format!("{line}\n")).unwrap();
    }
    site.file("app.wsgi", app);
    site
}

/// A free-threaded Python says so in `sys.abiflags`.
const PRETENDS: &str = "import sys; sys.abiflags = 't'";

#[test]
fn a_python_that_seems_free_threaded_is_told_to_keep_its_gil() {
    if tests_apache() {
        return;
    }
    for python in pythons().iter().filter(|python| python.minor >= 10 && !python.free_threaded) {
        note(&python.version);
        for mode in MODES {
            let site = site(python, PRETENDS, SEEN);
            let server = site.start(&format!("WSGIPythonOptimize 1\n{mode}"));
            let seen = server.get("/").json();
            assert_eq!((&seen["on"], &seen["told"]), (&true.into(), &"1".into()), "{seen}");
            assert_eq!(seen["optimize"], 1, "its arguments stay");
            assert_eq!(seen["prefix"], site.path("venv").to_str().unwrap());
            server.stop();
            assert!(!site.read("error.log").contains("WSGI0200"), "{}", site.read("error.log"));
        }
    }
}

/// Before 3.13 Python does not know what it is told, so that all of the way can be seen.
#[test]
fn a_python_that_has_its_gil_all_the_same_is_served_and_says_so() {
    if tests_apache() {
        return;
    }
    for python in pythons().iter().filter(|python| (10..13).contains(&python.minor)) {
        note(&python.version);
        for mode in MODES {
            let site = site(python, PRETENDS, SEEN);
            let server = site.start(&format!("WSGIFreeThreading On\n{mode}"));
            let seen = server.get("/").json();
            assert_eq!((&seen["on"], &seen["told"]), (&true.into(), &"0".into()), "{seen}");
            server.logged("WSGI0200");
            server.stop();
        }
    }
}

#[test]
fn a_python_that_cannot_load_the_library_is_said_with_its_line() {
    const REFUSES: &str = "import sys, importlib.machinery as m; \
        exec('def no(self, spec): raise ImportError(\"it is of no known kind\")'); m.ExtensionFileLoader.create_module = no";
    if tests_apache() {
        return;
    }
    let python = pythons().first().expect("there is a Python");
    for (mode, line) in MODES.into_iter().zip(["WSGIDaemonProcess", "WSGIPythonHome"]) {
        let site = site(python, REFUSES, SEEN);
        let conf = site.configure(mode);
        let output = run(command(&["-f", conf.to_str().unwrap()]));
        let words = String::from_utf8_lossy(&output.stderr).into_owned() + &site.read("error.log");
        assert_eq!(output.status.code(), Some(2), "{words}");
        let index = fs::read_to_string(&conf).unwrap().lines().position(|text| text.starts_with(line)).unwrap();
        for text in [&format!("httpd.conf:{}", index + 1), "it is of no known kind", "venv/bin/python"] {
            assert!(words.contains(text), "{text}: {words}");
        }
    }
}

/// The Pythons that the rest is about, or a word that there is none.
fn free_threaded(test: &str) -> Vec<&'static Python> {
    if tests_apache() {
        return Vec::new();
    }
    let found: Vec<_> = free_threaded_pythons().collect();
    if found.is_empty() {
        skipped(&format!("{test}: no free-threaded Python (python3.13t or later on PATH, or pyenv's)"));
    }
    found
}

#[test]
fn an_application_sees_what_was_asked_for() {
    for python in free_threaded("an_application_sees_what_was_asked_for") {
        note(&python.version);
        for mode in MODES {
            for (state, is_on) in [("Off", true), ("On", false)] {
                let site = site(python, "", SEEN);
                let server = site.start(&format!("WSGIFreeThreading {state}\n{mode}"));
                assert_eq!(server.get("/").json()["on"], is_on, "WSGIFreeThreading {state}");
                server.stop();
                assert!(!site.read("error.log").contains("WSGI0200"), "{}", site.read("error.log"));
            }
        }
    }
}

/// Two requests of one interpreter wait for each other in a loop that never gives its GIL up: each sees the other's turn only if
/// both run at once. How often it looks is counted, not timed.
const RALLY: &str = "
import sys
ROUNDS, turns = 100, [0, 0]

def spin(other, wanted, looks):
    for _ in range(looks):
        if turns[other] >= wanted:
            return True
    return False

def application(environ, start_response):
    player, looks = map(int, environ['QUERY_STRING'].split(','))
    sys.setswitchinterval(1e6)
    met = True
    for turn in range(1, ROUNDS + 1):
        turns[player] = turn
        met = met and spin(1 - player, turn, looks)
    sys.setswitchinterval(0.005)
    start_response('200 OK', [])
    return [b'met' if met else b'alone']
";

/// Whether each of the two has met the other.
fn rally(site: &Site, directives: &str, looks: u32) -> [String; 2] {
    let server = site.start(directives);
    let mut players = [0, 1].map(|player| {
        let mut connection = server.connect();
        connection.write(&Request::get(&format!("/?{player},{looks}")).bytes());
        connection
    });
    let mut met = players.each_mut().map(|player| player.answer("GET").text());
    met.sort();
    server.stop();
    met
}

#[test]
fn two_threads_take_turns_with_a_gil() {
    if tests_apache() {
        return;
    }
    for python in [pythons().last().expect("there is a Python")].into_iter().chain(free_threaded_pythons()) {
        note(&python.version);
        for mode in MODES {
            let met = rally(&site(python, "", RALLY), &format!("WSGIFreeThreading Off\n{mode}"), 1_000_000);
            // The one that runs first meets nobody; the other one does unless it is interrupted.
            assert_ne!(met, ["met", "met"]);
        }
    }
}

#[test]
fn two_threads_run_at_once_without_a_gil() {
    for python in free_threaded("two_threads_run_at_once_without_a_gil") {
        note(&python.version);
        for mode in MODES {
            let met = rally(&site(python, "", RALLY), &format!("WSGIFreeThreading On\n{mode}"), 300_000_000);
            assert_eq!(met, ["met", "met"]);
        }
    }
}

/// Every way to read and to answer, and what threads share: modules, the keys of environ, the list that is returned.
const KINDS: &str = "
import io, os, sys, threading
shared, lock, count = [b'x'] * 3, threading.Lock(), 0

def application(environ, start_response):
    kind = environ['PATH_INFO'][1:]
    head = [('Content-Type', 'text/plain'), ('X-Pid', str(os.getpid()))]
    environ['wsgi.errors'].write('half ')
    environ['wsgi.errors'].write('a line\\n')
    if kind == 'raise':
        raise KeyError(kind)
    if kind == 'late':
        start_response('200 OK', head)
        try:
            raise KeyError(kind)
        except KeyError:
            start_response('503 Late', head, sys.exc_info())
        return [b'late']
    write = start_response('200 OK', head)
    if kind == 'list':
        return [b'a', b'b']
    if kind == 'shared':
        shared.append(b'x')
        del shared[3:]
        return shared
    if kind == 'tuple':
        return (b'ab',)
    if kind == 'generator':
        return (block for block in [b'a', b'', b'b'])
    if kind == 'write':
        write(b'a')
        return [b'b']
    if kind == 'file':
        return environ['wsgi.file_wrapper'](open(__file__, 'rb'))
    if kind == 'memory':
        return environ['wsgi.file_wrapper'](io.BytesIO(b'ab' * 50000))
    if kind == 'read':
        stream = environ['wsgi.input']
        return [stream.read(3), stream.readline(), b''.join(stream)]
    if kind == 'thread':
        # An object of the request in another thread, and after its end.
        thread = threading.Thread(target=environ['wsgi.errors'].write, args=('from a thread\\n',))
        thread.start()
        thread.join()
        return [b'ab']
    return [kind.encode()]
";

/// The paths of [`KINDS`], and the status of each.
const PATHS: [(&str, u16); 12] = [
    ("list", 200),
    ("shared", 200),
    ("tuple", 200),
    ("generator", 200),
    ("write", 200),
    ("file", 200),
    ("memory", 200),
    ("read", 200),
    ("thread", 200),
    ("other", 200),
    ("late", 503),
    ("raise", 500),
];

/// Sends `rounds` times every kind of request on each of eight connections; all are answered by one process.
fn storm(server: &Server<'_>, rounds: usize) {
    let processes = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (processes, answered) = (&processes, &answered);
            scope.spawn(move || {
                for round in 0..rounds {
                    for (path, status) in PATHS {
                        let request = Request::post(&format!("/{path}"), "one\ntwo\nthree\n".repeat(round % 50))
                            .header(&format!("X-Client-{}", (client + round) % 40), &round.to_string());
                        let answer = server.send(&request);
                        assert_eq!(answer.status, status, "{path}: {}", server.error_log());
                        if let Some(pid) = answer.header("X-Pid") {
                            processes.lock().unwrap().insert(pid.to_owned());
                        }
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(answered.into_inner(), 8 * rounds * PATHS.len());
    let processes = processes.into_inner().unwrap();
    assert_eq!(processes.len(), 1, "no process has died: {}", server.error_log());
}

/// As on a free-threaded Python, so that the test itself is known to hold.
#[test]
fn every_kind_of_answer_with_a_gil() {
    if tests_apache() {
        return;
    }
    let python = pythons().last().expect("there is a Python");
    for mode in Mode::BOTH {
        let site = Site::under(python);
        site.file("app.wsgi", KINDS);
        let server = site.serve(mode, "");
        storm(&server, 5);
        server.stop();
    }
}

#[test]
fn every_kind_of_answer_without_a_gil() {
    for python in free_threaded("every_kind_of_answer_without_a_gil") {
        note(&python.version);
        for mode in MODES {
            for group in ["%{GLOBAL}", "sub"] {
                let site = site(python, "", KINDS);
                let mode = mode.replace("%{GLOBAL}", group);
                let server = site.start(&format!("WSGIFreeThreading On\nWSGIPerInterpreterGIL On\n{mode}"));
                storm(&server, 100);
                server.logged("WSGI0202");
                server.stop();
            }
        }
    }
}

/// What has no meaning without a GIL is said, and a late request is still interrupted.
#[test]
fn what_is_passed_over_without_a_gil() {
    const SLOW: &str = "
def application(environ, start_response):
    while True:
        pass
";
    for python in free_threaded("what_is_passed_over_without_a_gil") {
        note(&python.version);
        let site = site(python, "", SLOW);
        let server = site.start(&format!(
            "WSGIFreeThreading On\nWSGISwitchInterval 0.001\n\
             <WSGIInterpreterOptions application-group=sub>\n    WSGISwitchInterval 0.002\n</WSGIInterpreterOptions>\n{}",
            MODES[0].replace("threads=4", "threads=1 request-timeout=1 interrupt-timeout=20")
        ));
        assert_eq!(server.get("/").status, 504, "{}", server.error_log());
        server.logged("WSGI0204");
        server.logged("WSGI0205");
        server.stop();
        let mode = MODES[1];
        let server = site.start(&format!("WSGIFreeThreading On\nWSGISwitchInterval 0.001\n{mode}"));
        server.logged("WSGI0203");
        server.stop();
    }
}
