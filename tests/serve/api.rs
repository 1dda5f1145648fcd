//! The modules `mod_wsgi` and `apache` as applications use them, under every Python and in every kind of interpreter.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::{Mode, Request, Server, Site, pythons, tests_apache, wait_until};

const APP: &str = r#"
import atexit, json, logging, os, signal, sys, threading, time
import apache, mod_wsgi

HERE = os.path.dirname(__file__)

def note(*what):
    with open(os.path.join(HERE, "notes"), "a") as file:
        file.write(json.dumps([mod_wsgi.application_group or "main"] + list(what)) + "\n")

def plain(value):
    return value if isinstance(value, (int, float, str, list, type(None))) else type(value).__name__

def watch(name, **event):
    note(name, {key: plain(value) for key, value in event.items()}, sorted(event))
    if name == "request_started":
        event["request_environ"]["watched"] = "yes"
        event["request_data"]["since"] = "the start"
        if event["request_environ"]["PATH_INFO"] == "/replaced":
            return {"application_object": replacement, "added": 1}

def second(name, **event):
    if name == "request_started":
        assert event.get("added", 1) == 1
    if name == "request_finished":
        raise [ValueError, SystemExit][event["request_data"].get("exit", 0)]("in a callback")

def text(start_response, *lines):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(lines).encode()]

def replacement(environ, start_response):
    return text(start_response, "replaced")

class Breaks:
    def __iter__(self):
        yield b"some"
        raise KeyError("in the middle")
    def close(self):
        note("close", mod_wsgi.request_data())

def elsewhere(found):
    try:
        found.append(mod_wsgi.request_data())
    except RuntimeError as error:
        found.append(str(error))

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/names":
        return text(start_response, {name: type(getattr(mod_wsgi, name)).__name__ for name in dir(mod_wsgi) if name[0] != "_"},
                    {name: plain(getattr(apache, name)) for name in dir(apache) if name[0] != "_"},
                    [mod_wsgi.version, mod_wsgi.process_group, mod_wsgi.application_group,
                     mod_wsgi.maximum_processes, mod_wsgi.threads_per_process, apache.version[:2]])
    if path == "/subscribe":
        assert mod_wsgi.subscribe_events(watch) is watch
        assert mod_wsgi.subscribe_events(second) is second
        @mod_wsgi.subscribe_shutdown
        def stops(name, **event):
            note("stops", name, event)
        @mod_wsgi.subscribe_signals
        def signalled(name, **event):
            note("signalled", name, event)
        atexit.register(note, "atexit")
        return text(start_response, len(mod_wsgi.event_callbacks), len(mod_wsgi.shutdown_callbacks))
    if path == "/data":
        mine = mod_wsgi.request_data()
        mine["a"] = 1
        assert mine is mod_wsgi.request_data() is mod_wsgi.active_requests[environ["mod_wsgi.request_id"]]
        found = []
        thread = threading.Thread(target=elsewhere, args=(found,))
        thread.start()
        thread.join()
        return text(start_response, mine, len(mod_wsgi.active_requests), found, environ.get("watched"))
    if path == "/waits":
        note("waits")
        while not os.path.exists(os.path.join(HERE, "go")):
            time.sleep(0.005)
        return text(start_response)
    if path == "/active":
        return text(start_response, len(mod_wsgi.active_requests))
    if path == "/counts":
        start_response("202 Fine", [("X-Header", "b")])
        first, rest = environ["wsgi.input"].read(2), environ["wsgi.input"].read()
        return iter([first, b"", rest])
    if path == "/raises":
        mod_wsgi.request_data()["exit"] = 1
        raise ValueError("no")
    if path == "/breaks":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Breaks()
    if path == "/logs":
        log = logging.getLogger("app")
        log.setLevel(1)
        log.propagate = False
        log.handlers = [mod_wsgi.LogHandler()]
        for level in (50, 40, 30, 20, 10):
            log.log(level, "a record of %d\nand its second line", level)
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("it went wrong")
        return text(start_response, isinstance(log.handlers[0], logging.Handler))
    if path == "/restricted":
        shown = []
        for stream in (sys.stdin, sys.stdout):
            try:
                stream.write
                shown.append("free")
            except OSError as error:
                shown.append(str(error))
        try:
            given = signal.signal(signal.SIGALRM, note)
            shown.append(given is note and signal.getsignal(signal.SIGALRM) is not note)
        except ValueError as error:
            shown.append(type(error).__name__)
        return text(start_response, *shown)
    return text(start_response, threading.main_thread().name, threading.current_thread() is not threading.main_thread(),
                sys.stdin.read() if path == "/stdin" else "")
"#;

const GRANT: &str = "<Directory ${DIR}>\n    Require all granted\n</Directory>\n";

/// `/main`, `/sub` and `/own`: the main interpreter of a daemon process, one that shares its GIL, and one that does not. `/here` is
/// embedded mode.
fn start<'a>(site: &'a Site, directives: &str) -> Server<'a> {
    site.file("app.wsgi", APP);
    // Written to from several accounts.
    site.start(&format!(
        "{GRANT}{directives}ServerLimit 1\nWSGIPythonHome ${{VENV}}\nWSGIDaemonProcess app processes=1 threads=3 python-home=${{VENV}}\n\
         <WSGIInterpreterOptions application-group=own>\n    WSGIPerInterpreterGIL On\n</WSGIInterpreterOptions>\n\
         WSGIScriptAlias /main ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=app application-group=sub\n\
         WSGIScriptAlias /own ${{DIR}}/app.wsgi process-group=app application-group=own\n\
         WSGIScriptAlias /here ${{DIR}}/app.wsgi process-group=%{{GLOBAL}} application-group=%{{GLOBAL}}\n"
    ))
}

const MOUNTS: [&str; 4] = ["/main", "/sub", "/own", "/here"];

fn notes(site: &Site) -> Vec<Value> {
    site.read("notes").lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn noted(site: &Site, name: &str) -> Vec<Value> {
    notes(site).into_iter().filter(|note| note[1] == name).collect()
}

fn json_of(server: &Server, target: &str) -> Value {
    server.get(target).json()
}

#[test]
fn every_name_is_there() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "");
        for mount in MOUNTS {
            let shown = json_of(&server, &format!("{mount}/names"));
            let expected = [
                ("FileWrapper", "type"),
                ("LogHandler", "type"),
                ("RequestTimeout", "type"),
                ("active_requests", "dict"),
                ("application_group", "str"),
                ("event_callbacks", "list"),
                ("maximum_processes", "int"),
                ("process_group", "str"),
                ("shutdown_callbacks", "list"),
                ("signal_callbacks", "list"),
                ("threads_per_process", "int"),
                ("version", "tuple"),
            ];
            for (name, kind) in expected {
                assert_eq!(shown[0][name], kind, "mod_wsgi.{name} at {mount} under {}", python.version);
            }
            for name in [
                "server_metrics",
                "process_metrics",
                "request_metrics",
                "start_recording_metrics",
                "request_data",
                "subscribe_events",
                "subscribe_shutdown",
                "subscribe_signals",
            ] {
                assert!(shown[0][name].as_str().is_some_and(|kind| kind.contains("function")), "mod_wsgi.{name}");
            }
            for (name, kind) in
                [("description", "str"), ("mpm_name", "str"), ("build_date", "str"), ("version", "tuple")]
            {
                assert!(kind == "tuple" && shown[1][name] == "tuple" || shown[1][name].is_string(), "apache.{name}");
            }
            assert!(shown[1]["maximum_processes"].is_u64() && shown[1]["threads_per_process"].is_u64());
            let (group, application) = (if mount == "/here" { "" } else { "app" }, mount.trim_start_matches('/'));
            let application = if matches!(application, "main" | "here") { "" } else { application };
            assert_eq!(shown[2][0], json!([6, 1, 1]));
            assert_eq!((&shown[2][1], &shown[2][2]), (&json!(group), &json!(application)));
            assert_eq!(shown[2][5], json!([2, 4]));
        }
        server.stop();
    }
}

#[test]
fn the_events_of_a_request() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "");
        for mount in MOUNTS {
            json_of(&server, &format!("{mount}/subscribe"));
            std::fs::remove_file(site.path("notes")).ok();
            let request = Request::post(&format!("{mount}/counts"), "abcdef");
            let answer = server.send(&request);
            assert_eq!((answer.status, answer.text().as_str()), (202, "abcdef"));
            let version = &python.version;
            let finished = || noted(&site, "request_finished");
            wait_until("the request has finished", || !finished().is_empty());
            let started = &noted(&site, "request_started")[0];
            assert_eq!(
                started[3],
                json!([
                    "application_object",
                    "application_start",
                    "callable_object",
                    "daemon_connects",
                    "daemon_restarts",
                    "daemon_start",
                    "queue_start",
                    "request_data",
                    "request_environ",
                    "request_id",
                    "request_start",
                    "server_pid",
                    "thread_id"
                ]),
                "{mount} under {version}"
            );
            let (started, daemon) = (&started[2], mount != "/here");
            assert_eq!(started["callable_object"], "application");
            assert_eq!(started["daemon_connects"], u64::from(daemon));
            assert!(started["thread_id"].as_u64().is_some_and(|number| (1..=3).contains(&number)) || !daemon);
            let time = |event: &Value, name: &str| event[name].as_f64().unwrap_or_default();
            assert_eq!(time(started, "daemon_start") > 1e9, daemon, "{started}");
            assert!(time(started, "application_start") >= time(started, "request_start"));
            let response = &noted(&site, "response_started")[0];
            assert_eq!(
                response[3],
                json!(["exception_info", "request_data", "request_id", "response_headers", "response_status"])
            );
            assert_eq!(response[2]["response_status"], "202 Fine");
            assert_eq!(response[2]["response_headers"], json!([["X-Header", "b"]]));
            let finished = &finished()[0];
            assert_eq!(
                finished[3],
                json!([
                    "application_finish",
                    "application_time",
                    "cpu_system_time",
                    "cpu_time",
                    "cpu_user_time",
                    "daemon_start",
                    "gil_wait_count",
                    "gil_wait_time",
                    "input_length",
                    "input_reads",
                    "input_time",
                    "output_length",
                    "output_time",
                    "output_writes",
                    "queue_start",
                    "request_data",
                    "request_id",
                    "request_start",
                    "server_pid",
                    "status",
                    "thread_id"
                ])
            );
            let finished = &finished[2];
            assert_eq!(finished["request_id"], started["request_id"]);
            assert_eq!(finished["status"], 202);
            assert_eq!((&finished["input_length"], &finished["input_reads"]), (&json!(6), &json!(2)));
            assert_eq!((&finished["output_length"], &finished["output_writes"]), (&json!(6), &json!(2)));
            assert!(time(finished, "application_time") > 0.0 && time(finished, "application_time") < 60.0);
            assert!(finished["gil_wait_count"].as_u64().unwrap_or_default() >= 1);

            // What callbacks do: raise, which is logged and ignored; exchange the application; add to environ.
            server.logged("WSGI0112: a callback for the event 'request_finished' has failed:");
            assert_eq!(json_of(&server, &format!("{mount}/replaced")), json!(["replaced"]));
            assert_eq!(json_of(&server, &format!("{mount}/data"))[3], "yes");
        }
        server.stop();
    }
}

#[test]
fn exceptions_are_told() {
    for mount in MOUNTS {
        let site = Site::new();
        let server = start(&site, "");
        json_of(&server, &format!("{mount}/subscribe"));
        assert_eq!(server.get(&format!("{mount}/raises")).status, 500);
        wait_until("it is told", || !noted(&site, "request_finished").is_empty());
        let told = noted(&site, "request_exception");
        assert_eq!(told.len(), 1, "{mount}");
        assert_eq!(told[0][3], json!(["exception_info", "request_data", "request_id"]));
        assert_eq!(told[0][2]["exception_info"], "tuple");
        assert_eq!(noted(&site, "request_finished")[0][2]["status"], 500);
        server.logged("WSGI0190: SystemExit in a callback for the event 'request_finished' is ignored:");
        server.logged("ValueError: no");

        // In the middle of the answer: told before close(), where the data is still there.
        let mut connection = server.connect();
        connection.write(&Request::get(&format!("{mount}/breaks")).bytes());
        wait_until("close() is called", || !noted(&site, "close").is_empty());
        wait_until("all is told", || noted(&site, "request_finished").len() == 2);
        let order: Vec<_> = notes(&site).iter().map(|note| note[1].clone()).collect();
        let exception = order.iter().rposition(|name| name == "request_exception");
        assert!(exception < order.iter().position(|name| name == "close"), "{order:?}");
        assert_eq!(noted(&site, "close")[0][2], json!({"since": "the start"}));
        server.stop();
    }
}

#[test]
fn each_request_has_data_of_its_own() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "");
        for mount in MOUNTS {
            std::fs::remove_file(site.path("notes")).ok();
            std::fs::remove_file(site.path("go")).ok();
            for _ in 0..3 {
                let shown = json_of(&server, &format!("{mount}/data"));
                assert_eq!(shown, json!([{"a": 1}, 1, ["no active request for thread"], null]), "{mount}");
            }
            // A request that runs is there for others, and gone afterwards.
            let mut waits = server.connect();
            waits.write(&Request::get(&format!("{mount}/waits")).bytes());
            wait_until("it runs", || !noted(&site, "waits").is_empty());
            assert_eq!(json_of(&server, &format!("{mount}/active")), json!([2]), "{mount} under {}", python.version);
            site.file("go", "");
            assert_eq!(waits.answer("GET").status, 200);
            assert_eq!(json_of(&server, &format!("{mount}/active")), json!([1]));
        }
        server.stop();
    }
}

/// Also one that began before anybody asked.
#[test]
fn the_requests_that_run_when_somebody_asks_first() {
    let site = Site::new();
    let server = start(&site, "");
    let mut waits = server.connect();
    waits.write(&Request::get("/main/waits").bytes());
    wait_until("it runs", || !noted(&site, "waits").is_empty());
    assert_eq!(json_of(&server, "/main/active"), json!([2]));
    site.file("go", "");
    assert_eq!(waits.answer("GET").status, 200);
    server.stop();
}

#[test]
fn signals_and_the_end_of_a_process_are_told() {
    if tests_apache() {
        return;
    }
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "");
        for mount in MOUNTS {
            json_of(&server, &format!("{mount}/subscribe"));
        }
        // The daemon process is the one that has all three interpreters.
        let pid = crate::support::descendants(server.pid())
            .into_iter()
            .find(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("app")))
            .expect("the daemon process");
        for (signal, name) in [(Signal::SIGHUP, "SIGHUP"), (Signal::SIGUSR2, "SIGUSR2")] {
            kill(Pid::from_raw(pid as i32), signal).expect("our own child");
            let told = || {
                let mut told: Vec<_> =
                    noted(&site, "signalled").into_iter().filter(|note| note[3]["signame"] == name).collect();
                told.sort_by_key(|note| note[0].to_string());
                told
            };
            wait_until("the signal is told", || told().len() == 3);
            let expected = json!({"signame": name, "signum": signal as i32});
            assert!(told().iter().all(|note| note[2] == "process_signal" && note[3] == expected));
            let groups: Vec<_> = told().iter().map(|note| note[0].clone()).collect();
            assert_eq!(groups, [json!("main"), json!("own"), json!("sub")]);
        }
        server.logged("mod_wsgi.subscribe_signals() does nothing outside of daemon processes");
        server.stop();
        let stops = noted(&site, "stops");
        let mut reasons: Vec<_> = stops.iter().map(|note| note[3]["shutdown_reason"].to_string()).collect();
        reasons.sort();
        assert_eq!(reasons, [r#""""#, r#""shutdown_signal""#, r#""shutdown_signal""#, r#""shutdown_signal""#]);
        // First all are told, then they end.
        let order: Vec<_> = notes(&site).iter().map(|note| (note[0].clone(), note[1].clone())).collect();
        for group in ["main", "sub", "own"] {
            let place = |name: &str| order.iter().position(|(of, what)| of == group && what == name);
            assert!(place("stops").is_some() && place("stops") < place("atexit"), "{group} under {}", python.version);
        }
        assert_eq!(noted(&site, "atexit").len(), 4, "under {}", python.version);
    }
}

#[test]
fn the_reason_of_an_end_is_told() {
    let site = Site::with_app(APP);
    let server = site.start(&format!(
        "{GRANT}WSGIDaemonProcess app threads=1 maximum-requests=3 python-home=${{VENV}}\n\
         WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n"
    ));
    for target in ["/subscribe", "/data", "/data"] {
        server.get(target);
    }
    wait_until("it is told", || !noted(&site, "stops").is_empty());
    assert_eq!(noted(&site, "stops")[0][3], json!({"shutdown_reason": "maximum_requests"}));
    server.stop();
}

#[test]
fn records_keep_their_levels() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "LogLevel wsgi:debug\n");
        for mount in MOUNTS {
            assert_eq!(json_of(&server, &format!("{mount}/logs")), json!([true]), "{mount} under {}", python.version);
        }
        let log = server.error_log();
        for (number, level) in [(50, "crit"), (40, "error"), (30, "warn"), (20, "info"), (10, "debug")] {
            let text = format!("a record of {number}");
            let lines: Vec<_> = log.lines().filter(|line| line.contains(&text)).collect();
            assert_eq!(lines.len(), MOUNTS.len(), "{text}");
            let mark = format!("[wsgi:{level}]");
            assert!(lines.iter().all(|line| line.contains(&mark) && line.contains("[client 127.0.0.1:")), "{lines:?}");
        }
        assert!(log.lines().any(|line| line.contains("[wsgi:crit]") && line.ends_with("and its second line")));
        assert!(
            log.lines()
                .any(|line| line.contains("[wsgi:error]") && line.ends_with("ZeroDivisionError: division by zero"))
        );
        server.stop();
    }
}

#[test]
fn what_applications_may_not_use() {
    let restricted = |stream: &str| format!("sys.{stream} access restricted by mod_wsgi");
    for python in pythons() {
        let site = Site::under(python);
        let server = start(
            &site,
            "WSGIRestrictStdin On\n<WSGIInterpreterOptions application-group=sub>\n    WSGIRestrictStdin Off\n    \
             WSGIRestrictStdout On\n    WSGIRestrictSignal Off\n</WSGIInterpreterOptions>\n",
        );
        for mount in ["/main", "/own", "/here"] {
            let shown = json_of(&server, &format!("{mount}/restricted"));
            assert_eq!(shown, json!([restricted("stdin"), "free", true]), "{mount} under {}", python.version);
        }
        server.logged("signal.signal(14, ...) is ignored: signals belong to the server. It was called from:");
        // Where signals are not kept from it, Python itself says that this is not the main thread.
        let shown = json_of(&server, "/sub/restricted");
        assert_eq!(shown, json!(["free", restricted("stdout"), "ValueError"]), "/sub under {}", python.version);
        assert_eq!(json_of(&server, "/sub/stdin"), json!(["MainThread", true, ""]));
        server.stop();
        assert!(!server_log(&site).contains("Exception ignored"), "Python leaves them alone when it ends");
    }
}

fn server_log(site: &Site) -> String {
    site.read("error.log")
}

/// `LogHandler` and the two that say that somebody watches are made when they are asked for; other names are not there.
#[test]
fn names_that_are_not_there() {
    let site = Site::with_app(
        "import mod_wsgi\n\
         def application(environ, start_response):\n    \
             start_response('200 OK', [])\n    \
             return [repr((hasattr(mod_wsgi, 'nothing'), hasattr(mod_wsgi, '__path__'))).encode()]\n",
    );
    for mode in Mode::BOTH {
        let server = site.serve(mode, "");
        assert_eq!(server.text("/"), "(False, False)");
        server.stop();
    }
}
