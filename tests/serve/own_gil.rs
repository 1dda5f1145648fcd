//! `WSGIPerInterpreterGIL`: application groups of one process that run Python at the same time.

use crate::support::{Python, Request, Site, note, pythons, skipped, tests_apache};

/// Two requests play ping-pong through shared memory: each spins until the other has moved, and its interpreter is told
/// never to give up its GIL. With one GIL for both, the first would spin alone: so it gives up after many turns of the
/// loop, which is counted, not timed.
const RALLY: &str = r#"
import mmap, os, sys
ROUNDS, SPINS = 200, 300_000_000

def spin(memory, other, wanted):
    for _ in range(SPINS):
        if memory[other] == wanted:
            return
    raise RuntimeError("the other has not moved")

def application(environ, start_response):
    player = int(environ["QUERY_STRING"])
    with open(os.path.join(os.path.dirname(__file__), "memory"), "r+b") as file, mmap.mmap(file.fileno(), 2) as memory:
        sys.setswitchinterval(1e6)
        try:
            for turn in range(1, ROUNDS + 1):
                if player == 0:
                    memory[0] = turn
                spin(memory, 1 - player, turn)
                if player == 1:
                    memory[1] = turn
        finally:
            sys.setswitchinterval(0.005)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s in %d" % (environ["mod_wsgi.application_group"], os.getpid())).encode()]
"#;

const MOUNTS: &str = "WSGIScriptAlias /one ${DIR}/app.wsgi process-group=app application-group=one\n\
                      WSGIScriptAlias /two ${DIR}/app.wsgi process-group=app application-group=two\n\
                      <Directory ${DIR}>\n    Require all granted\n</Directory>\n";

#[test]
fn two_groups_of_a_process_run_at_once() {
    if tests_apache() {
        return;
    }
    let able: Vec<_> = pythons().iter().filter(|python| python.minor >= 12).collect();
    if able.is_empty() {
        skipped("two_groups_of_a_process_run_at_once: no Python from 3.12 on");
    }
    for python in able {
        note(&python.version);
        let daemon = format!("WSGIDaemonProcess app threads=2 python-home=${{VENV}}\n{MOUNTS}");
        let mounts = MOUNTS.replace(" process-group=app", "");
        let embedded = format!("ServerLimit 1\nThreadsPerChild 2\nWSGIPythonHome ${{VENV}}\n{mounts}");
        for directives in [daemon, embedded] {
            play(python, &directives);
        }
    }
}

fn play(python: &Python, directives: &str) {
    let site = Site::under(python);
    site.file("app.wsgi", RALLY);
    site.file("memory", [0, 0]);
    let server = site.start(&format!("WSGIPerInterpreterGIL On\n{directives}"));
    let mut players = ["/one?0", "/two?1"].map(|target| {
        let mut connection = server.connect();
        connection.write(&Request::get(target).bytes());
        connection
    });
    let [one, two] = players.each_mut().map(|player| player.answer("GET").text());
    let process = one.strip_prefix("one in ").unwrap_or_else(|| panic!("{one}\n{}", server.error_log()));
    assert_eq!(two, format!("two in {process}"), "the same process");
    server.stop();
}

/// Before 3.12 there is one GIL, which is said and does no harm.
#[test]
fn an_older_python_says_so() {
    const APP: &str =
        "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'ok']\n";
    if tests_apache() {
        return;
    }
    let Some(python) = pythons().iter().find(|python| python.minor < 12) else {
        skipped("an_older_python_says_so: no Python before 3.12");
        return;
    };
    let site = Site::under(python);
    site.file("app.wsgi", APP);
    let server =
        site.start(&format!("WSGIPerInterpreterGIL On\nWSGIDaemonProcess app python-home=${{VENV}}\n{MOUNTS}"));
    assert_eq!((server.text("/one"), server.text("/two")), ("ok".into(), "ok".into()));
    server.logged("WSGIPerInterpreterGIL On needs Python 3.12");
    server.stop();
}
