//! What the server does, as applications see it: `server_metrics()`.

use std::collections::BTreeSet;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::{Connection, Request, Server, Site, pythons, wait_until};

const APP: &str = r#"
import json, os, threading, time
import mod_wsgi
HERE = os.path.dirname(__file__)
def application(environ, start_response):
    path, shown = environ["PATH_INFO"], None
    while path.startswith("/waits") and not os.path.exists(os.path.join(HERE, "go")):
        time.sleep(0.005)
    if path in ("/shown", "/waits/shown"):
        shown = mod_wsgi.server_metrics()
    if path == "/many":
        shown = []
        def ask():
            for _ in range(50):
                shown.append(len(mod_wsgi.server_metrics()["processes"][0]["workers"]))
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if path == "/wrong":
        try:
            mod_wsgi.server_metrics(1)
        except TypeError as error:
            shown = str(error)
    body = b"x" * 1000 if path == "/long" else json.dumps(shown).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
"#;

/// Two groups and embedded mode: of the second group nobody may see anything.
fn start<'a>(site: &'a Site, embedded: &str) -> Server<'a> {
    site.file("app.wsgi", APP);
    site.start(&format!(
        "ServerName shop.test\nServerLimit 1\nThreadsPerChild 3\nWSGIPythonHome ${{VENV}}\nWSGIServerMetrics {embedded}\n\
         WSGIDaemonProcess app threads=4 python-home=${{VENV}} server-metrics=On\n\
         WSGIDaemonProcess other threads=1 python-home=${{VENV}} server-metrics=Off\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias /main ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=app application-group=sub\n\
         WSGIScriptAlias /other ${{DIR}}/app.wsgi process-group=other application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /here ${{DIR}}/app.wsgi process-group=%{{GLOBAL}} application-group=%{{GLOBAL}}\n"
    ))
}

/// What a script of a group gives, asked on a connection that closes.
fn shown(server: &Server<'_>, mount: &str) -> Value {
    let request = Request::get(&format!("{mount}/shown")).header("Connection", "close");
    server.send(&request).json()
}

fn workers(shown: &Value) -> impl Iterator<Item = &Value> {
    let processes = shown["processes"].as_array().expect("a list").iter();
    processes.flat_map(|process| process["workers"].as_array().expect("a list"))
}

/// The same, when it is as expected.
#[track_caller]
fn shown_as(server: &Server<'_>, mount: &str, letters: &str) -> Value {
    let mut now = Value::Null;
    // A connection that its client has closed is there until the server has noticed.
    wait_until(&format!("{letters} is seen"), || {
        now = shown(server, mount);
        self::letters(&now) == letters
    });
    now
}

fn letters(shown: &Value) -> String {
    workers(shown).map(|worker| worker["status"].as_str().expect("a letter")).collect()
}

fn count(shown: &Value, letter: char) -> usize {
    letters(shown).matches(letter).count()
}

fn sum(shown: &Value, name: &str) -> u64 {
    workers(shown).map(|worker| worker[name].as_u64().expect("a count")).sum()
}

fn with<'a>(shown: &'a Value, letter: &'a str) -> Vec<&'a Value> {
    workers(shown).filter(|worker| worker["status"] == letter).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("a dict").keys().map(String::as_str).collect()
}

fn send(server: &Server<'_>, target: &str) -> Connection {
    let mut connection = server.connect();
    connection.write(&Request::get(target).bytes());
    connection
}

#[test]
fn what_the_server_does_is_seen_in_both_modes() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "On");
        let vhost = json!(format!("shop.test:{}", site.port));
        for mount in ["/main", "/sub", "/here"] {
            // Three threads of embedded mode and five of process groups: so many requests can be answered at once.
            let free = "_".repeat(7) + &".".repeat(64);
            let alone = shown_as(&server, mount, &format!("W{free}"));
            let of_server = [
                "server_limit",
                "thread_limit",
                "running_generation",
                "restart_time",
                "current_time",
                "running_time",
                "processes",
            ];
            assert_eq!(keys(&alone), BTreeSet::from(of_server));
            assert_eq!((&alone["server_limit"], &alone["thread_limit"]), (&json!(1), &json!(72)));
            let times = ["current_time", "restart_time"].map(|name| alone[name].as_f64().expect("seconds"));
            let ran = times[0] - times[1];
            assert!((0.0..120.0).contains(&ran) && alone["running_time"] == json!(ran as u64), "{times:?}");
            let process = &alone["processes"][0];
            assert_eq!(keys(process), BTreeSet::from(["process_num", "pid", "generation", "quiescing", "workers"]));
            assert_eq!((&process["process_num"], &process["quiescing"]), (&json!(0), &json!(false)));
            let own = with(&alone, "W")[0];
            let of_worker = [
                "thread_num",
                "generation",
                "status",
                "access_count",
                "bytes_served",
                "start_time",
                "stop_time",
                "last_used",
                "client",
                "request",
                "vhost",
            ];
            assert_eq!(keys(own), BTreeSet::from(of_worker));
            assert_eq!(own["request"], format!("GET {mount}/shown HTTP/1.1"));
            assert_eq!((&own["client"], &own["vhost"]), (&json!("127.0.0.1"), &vhost));
            assert!(own["start_time"].as_f64() <= alone["current_time"].as_f64());
        }
        assert_eq!(server.get("/main/wrong").json(), "server_metrics() takes at most 0 arguments (1 given)");
        server.stop();
    }
}

#[test]
fn nothing_is_seen_unless_the_configuration_says_so() {
    let site = Site::new();
    let server = start(&site, "Off");
    assert_eq!((shown(&server, "/here"), shown(&server, "/other")), (Value::Null, Value::Null));
    // What the others do is seen all the same where it may be.
    assert_eq!(count(&shown(&server, "/main"), 'W'), 1);
    server.stop();
}

#[test]
fn connections_by_what_they_do() {
    let site = Site::new();
    let server = start(&site, "On");
    for mount in ["/main", "/here"] {
        std::fs::remove_file(site.path("go")).ok();
        let before = shown(&server, mount);
        let mut keeps = send(&server, &format!("{mount}/long?x=1"));
        assert_eq!(keeps.answer("GET").body.len(), 1000);
        let mut works = send(&server, &format!("{mount}/waits?y=2"));
        let mut reads = server.connect();
        reads.write(b"GET /half");
        let mut now = Value::Null;
        wait_until("each is seen", || {
            now = shown(&server, mount);
            (count(&now, 'K'), count(&now, 'W'), count(&now, 'R')) == (1, 2, 1)
        });
        let kept = with(&now, "K")[0];
        assert_eq!(kept["request"], format!("GET {mount}/long?x=1 HTTP/1.1"));
        let times = ["start_time", "stop_time", "last_used"].map(|name| kept[name].as_f64().expect("seconds"));
        assert!(times[0] > 1e9 && times.is_sorted(), "{times:?}");
        let busy = with(&now, "W").into_iter().find(|worker| worker["request"] != kept["request"]);
        assert!(busy.is_some());
        let requests: Vec<_> = with(&now, "W").iter().map(|worker| worker["request"].clone()).collect();
        assert!(requests.contains(&json!(format!("GET {mount}/waits?y=2 HTTP/1.1"))), "{requests:?}");
        assert_eq!(with(&now, "R")[0]["request"], "");
        assert_eq!(with(&now, "R")[0]["client"], "127.0.0.1");
        // Each call before this one has been counted, and the long answer; the others are under way.
        assert!(sum(&now, "access_count") >= sum(&before, "access_count") + 2);
        assert!(sum(&now, "bytes_served") >= sum(&before, "bytes_served") + 1000);
        site.file("go", "");
        assert_eq!(works.answer("GET").status, 200);
        drop((keeps, works, reads));
        shown_as(&server, mount, &format!("W{}{}", "_".repeat(7), ".".repeat(64)));
    }
    server.stop();
}

/// The figures that tools work out: how many of the workers are busy, and how many requests there were between two calls.
#[test]
fn busy_workers_and_requests_between_two_calls() {
    let site = Site::new();
    let server = start(&site, "On");
    let busy = |shown: &Value| {
        let letters = letters(shown).replace('.', "");
        (letters.replace(['_', 'K'], "").len(), letters.len())
    };
    let before = shown_as(&server, "/main", &format!("W{}{}", "_".repeat(7), ".".repeat(64)));
    // Clients that keep their connections take no place from requests, and make no workers.
    let mut idle: Vec<Connection> = (0..20).map(|_| send(&server, "/main/")).collect();
    for connection in &mut idle {
        assert_eq!(connection.answer("GET").status, 200);
    }
    let mut after = shown(&server, "/main");
    assert_eq!(sum(&after, "access_count") - sum(&before, "access_count"), 21);
    let mut asked = 1;
    while busy(&after) != (1, 8) {
        after = shown(&server, "/main");
        asked += 1;
        assert!(asked < 1000, "{}", letters(&after));
    }
    assert_eq!(sum(&after, "access_count") - sum(&before, "access_count"), 20 + asked);
    // Twenty times `null`, and what it showed before.
    assert!(sum(&after, "bytes_served") - sum(&before, "bytes_served") > 20 * 4 + 10_000 * asked);
    // More requests than threads: each is seen, and all workers are busy.
    let mut waiting: Vec<Connection> = (0..12).map(|_| send(&server, "/other/waits")).collect();
    wait_until("all are seen", || busy(&shown(&server, "/main")) == (13, 13));
    site.file("go", "");
    for connection in &mut waiting {
        assert_eq!(connection.answer("GET").status, 200);
    }
    wait_until("they are done", || busy(&shown(&server, "/main")) == (1, 8));
    server.stop();
}

/// Who only holds connections open does not hide what the others do.
#[test]
fn requests_are_seen_whoever_is_connected() {
    let site = Site::new();
    let server = start(&site, "On");
    let mut silent: Vec<Connection> = (0..80).map(|_| server.connect()).collect();
    wait_until("they take all slots but one", || {
        let now = shown(&server, "/main");
        (count(&now, 'R'), count(&now, 'W')) == (71, 1)
    });
    let mut works: Vec<Connection> = (0..3).map(|_| send(&server, "/main/waits")).collect();
    wait_until("the requests are seen", || count(&shown(&server, "/main"), 'W') == 4);
    for connection in &mut silent {
        connection.write(b"GET /main/");
    }
    assert_eq!(count(&shown(&server, "/main"), 'W'), 4);
    site.file("go", "");
    for connection in &mut works {
        assert_eq!(connection.answer("GET").status, 200);
    }
    drop((silent, works));
    shown_as(&server, "/here", &format!("W{}{}", "_".repeat(7), ".".repeat(64)));
    server.stop();
}

#[test]
fn many_threads_ask_at_once() {
    let site = Site::new();
    let server = start(&site, "On");
    let mut asking: Vec<Connection> =
        ["/main", "/sub", "/here", "/main", "/here"].map(|mount| send(&server, &format!("{mount}/many"))).into();
    for connection in &mut asking {
        assert_eq!(connection.answer("GET").json(), json!(vec![72; 400]));
    }
    server.stop();
}

/// Who accepts HTTP has ended and is replaced: what was counted stays.
#[test]
fn a_process_that_is_killed() {
    let site = Site::new();
    site.file("app.wsgi", APP);
    let server = site.start(
        "WSGIDaemonProcess app threads=2 python-home=${VENV} server-metrics=On\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias / ${DIR}/app.wsgi process-group=app application-group=%{GLOBAL}\n",
    );
    let mut left = send(&server, "/waits");
    wait_until("it runs", || count(&shown(&server, ""), 'W') == 2);
    let before = shown(&server, "");
    let pid = before["processes"][0]["pid"].as_i64().expect("a number");
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).expect("it is there");
    assert!(left.closed());
    site.file("go", "");
    let mut after = Value::Null;
    wait_until("another one answers", || {
        let mut stream = match std::net::TcpStream::connect(server.address()) {
            Ok(stream) => Connection::over(stream),
            Err(_) => return false,
        };
        stream.write(&Request::get("/shown").header("Connection", "close").bytes());
        after = stream.answer("GET").json();
        true
    });
    assert_ne!(after["processes"][0]["pid"], json!(pid));
    assert_eq!(count(&after, 'W'), 1);
    assert!(sum(&after, "access_count") > sum(&before, "access_count"));
    server.stop();
}

#[test]
fn several_processes_see_each_other() {
    let site = Site::new();
    site.file("app.wsgi", APP);
    let server = site.start(
        "ServerLimit 3\nStartServers 3\nThreadsPerChild 2\nWSGIPythonHome ${VENV}\nWSGIServerMetrics On\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias / ${DIR}/app.wsgi application-group=%{GLOBAL}\n",
    );
    let mut now = Value::Null;
    // Before that some are starting.
    wait_until("all serve", || {
        now = shown(&server, "");
        (count(&now, 'W'), count(&now, '_')) == (1, 5)
    });
    let processes = now["processes"].as_array().expect("a list");
    let pids: BTreeSet<_> = processes.iter().map(|process| process["pid"].as_u64().expect("a number")).collect();
    assert_eq!((pids.len(), &now["server_limit"], &now["thread_limit"]), (3, &json!(3), &json!(66)));
    assert!(pids.iter().all(|pid| *pid > 1));
    let numbers: Vec<_> = processes.iter().map(|process| process["process_num"].clone()).collect();
    assert_eq!(numbers, [0, 1, 2]);
    server.stop();
}

#[test]
fn a_process_that_leaves() {
    let site = Site::new();
    let mut server = start(&site, "On");
    let mut asks = ["/main", "/here"].map(|mount| send(&server, &format!("{mount}/waits/shown")));
    wait_until("both run", || count(&shown(&server, "/main"), 'W') == 3);
    server.signal(Signal::SIGTERM);
    server.logged("shutting down");
    wait_until("nobody accepts any more", || std::net::TcpStream::connect(server.address()).is_err());
    site.file("go", "");
    for connection in &mut asks {
        let now = connection.answer("GET").json();
        assert_eq!(now["processes"][0]["quiescing"], true);
        assert!((1..=2).contains(&count(&now, 'G')) && letters(&now).replace(['G', '.'], "").is_empty(), "{now}");
    }
    assert!(server.wait().success());
}
