//! Telemetry, received by mod_wsgi's own receiver: the package `mod_wsgi-telemetry`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Request, Server, Site, pythons, skipped, tests_apache, wait_until};

const APP: &str = r#"
import gc, os, time
HERE = os.path.dirname(__file__)
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/slow":
        while not os.path.exists(os.path.join(HERE, "go")):
            time.sleep(0.01)
    if environ["PATH_INFO"] == "/fails":
        raise ValueError("no")
    if environ["PATH_INFO"] == "/collects":
        gc.collect()
    start_response("404 Not Found" if environ["PATH_INFO"] == "/missing" else "200 OK", [])
    return [b"answer", body]
"#;

/// The receiver, which prints what it gets as lines of JSON.
struct Receiver<'a> {
    site: &'a Site,
    child: Child,
}

impl<'a> Receiver<'a> {
    /// `None` where the package cannot be had.
    fn start(site: &'a Site) -> Option<Self> {
        let program = receiver()?;
        let child = Command::new(program)
            .args(["dump", "--format", "json", "--listen"])
            .arg(format!("unix:{}", site.path("telemetry.sock").display()))
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(File::create(site.path("received")).expect("our own folder"))
            .stderr(File::create(site.path("refused")).expect("our own folder"))
            .spawn()
            .expect("it can be executed");
        wait_until("it listens", || site.path("telemetry.sock").exists());
        Some(Self { site, child })
    }

    /// The records of a kind, with their fields.
    fn records(&self, kind: &str) -> Vec<Value> {
        assert_eq!(self.site.read("refused"), "", "what the receiver could not read");
        let received = self.site.read("received");
        let records = received.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records.filter(|record| record["kind"] == kind).collect()
    }

    /// The fields of the records of a kind that a test wants.
    fn fields(&self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let fields = self.records(kind).into_iter().map(|record| record["fields"].clone());
        fields.filter(|fields| wanted(fields)).collect()
    }

    #[track_caller]
    fn wait(&self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait_until(&format!("a record {kind}"), || !self.fields(kind, &wanted).is_empty());
        self.fields(kind, wanted).remove(0)
    }
}

impl Drop for Receiver<'_> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn receiver() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("examples/prepare.sh")).arg("telemetry").output().expect("sh is there");
    if !output.status.success() {
        skipped(&format!("telemetry is not received: {}", String::from_utf8_lossy(&output.stdout).trim()));
        return None;
    }
    Some(root.join("target/venvs/telemetry/bin/mod_wsgi-telemetry"))
}

fn start<'a>(site: &'a Site, directives: &str) -> Server<'a> {
    site.file("app.wsgi", APP);
    site.start(&format!(
        "WSGITelemetryService unix:${{DIR}}/telemetry.sock interval=0.5\n{directives}\
         ServerLimit 1\nWSGIPythonHome ${{VENV}}\nWSGIDaemonProcess app processes=1 threads=3 python-home=${{VENV}}\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias /main ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=app application-group=sub\n\
         WSGIScriptAlias /here ${{DIR}}/app.wsgi process-group=%{{GLOBAL}} application-group=%{{GLOBAL}}\n"
    ))
}

fn of_app(fields: &Value) -> bool {
    fields["process_group"] == "app"
}

fn of_embedded(fields: &Value) -> bool {
    fields.get("process_group").is_none()
}

#[test]
fn a_process_reports_from_its_start_to_its_end() {
    for python in pythons() {
        let site = Site::under(python);
        let Some(receiver) = Receiver::start(&site) else { return };
        let server = start(&site, "WSGISwitchInterval 0.02\n");
        for of in [of_app, of_embedded] {
            let started = receiver.wait("process_started", of);
            assert_eq!(started["mod_wsgi_version"], "6.1.1");
            assert_eq!(started["python_version"], python.version.as_str());
            assert!(started["hostname"].as_str().is_some_and(|name| !name.is_empty()));
            assert_eq!(started["process_parent_pid"], server.pid());
            assert_eq!(started["switch_interval"], 0.02);
        }
        for (mount, of) in [("/main", of_app as fn(&Value) -> bool), ("/here", of_embedded)] {
            for (path, status) in [("", 200), ("/missing", 404), ("/fails", 500)] {
                let answer = server.send(&Request::post(&format!("{mount}{path}"), "abcd"));
                assert_eq!(answer.status, status, "{mount}{path}");
            }
            // The three may lie in two intervals.
            let sum = |name: &str| -> u64 {
                let all = receiver.fields("request_metrics", of);
                all.iter().map(|fields| fields[name].as_u64().expect("a count")).sum()
            };
            wait_until("all requests are counted", || sum("request_count") == 3);
            let classes: Vec<u64> = (1..=5).map(|class| sum(&format!("status_{class}xx_total"))).collect();
            assert_eq!(classes, [0, 1, 0, 1, 1], "{mount} under {}", python.version);
            assert_eq!((sum("input_bytes_total"), sum("input_reads_total")), (12, 3));
            assert_eq!((sum("output_bytes_total"), sum("output_writes_total")), (20, 4));
            let busy = receiver.wait("request_metrics", |fields| of(fields) && fields["request_count"] != 0);
            let daemon = mount == "/main";
            assert_eq!(busy["telemetry_interval"], 0.5);
            assert!(busy["memory_rss"].as_u64().is_some_and(|bytes| bytes > 1 << 20));
            assert!(busy["capacity_utilization"].as_f64().is_some_and(|part| part > 0.0 && part < 1.0));
            for phase in ["server", "queue", "daemon", "application", "request", "gil_wait", "input_read"] {
                let known = daemon || !matches!(phase, "queue" | "daemon");
                let name = format!("{phase}_time");
                assert_eq!(busy.get(&name).is_some(), known, "{name}");
                if known {
                    let spread = busy[format!("{name}_buckets")].as_array().expect("65 counts");
                    assert_eq!(spread.len(), 65, "{name}");
                    let requests: u64 = spread.iter().filter_map(Value::as_u64).sum();
                    assert_eq!(requests, busy["request_count"].as_u64().expect("a count"), "{name}");
                    let (least, mean, most) =
                        (&busy[format!("{name}_min")], &busy[&name], &busy[format!("{name}_max")]);
                    let numbers = [least, mean, most].map(|value| value.as_f64().expect("seconds"));
                    assert!(numbers.is_sorted_by(|a, b| *a <= *b + 1e-9), "{name}: {numbers:?}");
                }
            }
            let threads = busy["request_threads_maximum"].as_u64().expect("a count") as usize;
            for name in ["completed", "busy_time", "cpu_time", "current_elapsed", "max_duration"] {
                assert_eq!(busy[format!("request_threads_{name}")].as_array().map(Vec::len), Some(threads), "{name}");
            }
            assert_eq!(threads == 3, daemon);
        }
        receiver.wait("gc_snapshot", |fields| fields["interpreter_name"] == "sub" && fields["gc_is_enabled"] == 1);
        // Python 3.9 has one list of callbacks for all interpreters.
        let (mount, name) = if python.minor >= 10 { ("/sub", json!("sub")) } else { ("/main", Value::Null) };
        server.get(&format!("{mount}/collects"));
        let event = |fields: &Value| fields["interpreter_name"] == name && fields["gc_event_generation"] == 2;
        assert!(receiver.wait("gc_event", event)["gc_event_duration"].as_f64().is_some_and(|took| took > 0.0));
        server.stop();
        let stopping = receiver.wait("process_stopping", of_app);
        assert_eq!(
            (&stopping["shutdown_reason"], &stopping["active_requests_at_decision"]),
            (&json!("shutdown_signal"), &json!(0))
        );
        let stopped = receiver.wait("process_stopped", of_app);
        assert_eq!(stopped["shutdown_reason"], "shutdown_signal");
        assert_eq!((&stopped["lifetime_request_count"], &stopped["graceful_drain"]), (&json!(4), &json!(1)));
        receiver.wait("process_stopped", of_embedded);
        // Nothing was lost on the way: the numbers of each process are whole.
        let mut numbers: Vec<_> = receiver
            .site
            .read("received")
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|record| record["fields"].get("process_group").is_some() || record["kind"] != "process_started")
            .map(|record| (record["pid"].as_u64(), record["seq"].as_u64()))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let pid = receiver.records("process_stopping").into_iter().find(|record| of_app(&record["fields"]));
        let pid = pid.and_then(|record| record["pid"].as_u64());
        let of_process: Vec<_> = numbers.into_iter().filter(|(of, _)| *of == pid).filter_map(|(_, seq)| seq).collect();
        assert_eq!(of_process, (1..=of_process.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn slow_requests_are_reported_one_by_one() {
    for (options, agent) in [("", None), ("WSGITelemetryOptions +CaptureUserAgent\n", Some("tests/1"))] {
        let site = Site::new();
        let Some(receiver) = Receiver::start(&site) else { return };
        let server = start(&site, &format!("WSGISlowRequests 0.2\n{options}"));
        for (mount, script, daemon) in [("/main", "/main", true), ("/here", "/here", false)] {
            std::fs::remove_file(site.path("go")).ok();
            server.get(mount);
            let mut connection = server.connect();
            let request = Request::post(&format!("{mount}/slow"), "abcd").header("User-Agent", "tests/1");
            connection.write(&request.bytes());
            let of = |state: u64| {
                move |fields: &Value| fields["slow_record_state"] == state && fields["slow_script_name"] == script
            };
            let active = receiver.wait("slow_request", of(0));
            assert!(active["slow_duration"].as_f64().is_some_and(|took| took >= 0.2));
            assert_eq!((&active["slow_input_bytes"], &active["slow_status"]), (&json!(4), &json!(0)));
            site.file("go", "");
            assert_eq!(connection.answer("POST").status, 200);
            let complete = receiver.wait("slow_request", of(1));
            for (name, value) in [
                ("slow_method", json!("POST")),
                ("slow_scheme", json!("http")),
                ("slow_path_info", json!("/slow")),
                ("slow_protocol", json!("HTTP/1.1")),
                ("slow_peer_ip", json!("127.0.0.1")),
                ("slow_status", json!(200)),
                ("slow_input_bytes", json!(4)),
                ("slow_input_reads", json!(1)),
                ("slow_output_bytes", json!(10)),
                ("slow_active_at_start", json!(1)),
                ("slow_active_at_completion", json!(1)),
                ("slow_log_id", active["slow_log_id"].clone()),
                ("slow_start_stamp", active["slow_start_stamp"].clone()),
            ] {
                if name == "slow_start_stamp" {
                    let apart = complete[name].as_f64().unwrap_or_default() - value.as_f64().unwrap_or_default();
                    assert!(apart.abs() < 0.1, "{name} differs by {apart}");
                } else {
                    assert_eq!(complete[name], value, "{name} at {mount}");
                }
            }
            assert_eq!(complete.get("slow_user_agent").and_then(Value::as_str), agent);
            assert_eq!(complete["slow_daemon_time"].as_f64().is_some_and(|time| time > 0.0), daemon);
            assert_ne!(complete["slow_server_pid"], 0);
        }
        // The fast ones are not among them.
        assert!(receiver.fields("slow_request", |fields| fields["slow_path_info"] != "/slow").is_empty());
        server.stop();
    }
}

#[test]
fn nobody_listens() {
    if tests_apache() {
        return;
    }
    let site = Site::new();
    let server = start(&site, "");
    server.logged("WSGI0132: telemetry cannot be sent to ");
    assert_eq!(server.text("/main"), "answer");
    if let Some(receiver) = Receiver::start(&site) {
        receiver.wait("request_metrics", of_app);
        server.logged("telemetry arrives at ");
    }
    server.stop();
}

/// Neither a report nor a callback keeps a process that is stuck.
#[test]
fn a_process_whose_gil_is_kept_is_ended_all_the_same() {
    let site = Site::new();
    site.file(
        "app.wsgi",
        "import ctypes, mod_wsgi, os\n\
         mod_wsgi.subscribe_events(lambda name, **event: None)\n\
         mod_wsgi.subscribe_shutdown(lambda name, **event: None)\n\
         def application(environ, start_response):\n    \
             if environ['PATH_INFO'] == '/stuck':\n        ctypes.PyDLL(None).sleep(60)\n    \
             start_response('200 OK', [])\n    \
             return [str(os.getpid()).encode()]\n",
    );
    let server = site.start(
        "WSGITelemetryService unix:${DIR}/telemetry.sock interval=0.5\nWSGISlowRequests 0.2\n\
         WSGIDaemonProcess app threads=1 deadlock-timeout=1 shutdown-timeout=1 python-home=${VENV}\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias / ${DIR}/app.wsgi process-group=app application-group=%{GLOBAL}\n",
    );
    let first = server.text("/");
    assert_eq!(server.get("/stuck").status, 502);
    server.logged("deadlock-timeout: some thread has kept the GIL");
    wait_until("another process serves", || {
        let answer = server.get("/");
        answer.status == 200 && answer.text() != first
    });
    server.stop();
}
