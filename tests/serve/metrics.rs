//! Figures that applications ask for: `process_metrics()` and `request_metrics()`.

use serde_json::{Value, json};

use crate::support::{Request, Server, Site, pythons, wait_until};

const APP: &str = r#"
import json, os, time
import mod_wsgi
HERE = os.path.dirname(__file__)
def application(environ, start_response):
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read()
    shown = None
    if path == "/start":
        shown = mod_wsgi.start_recording_metrics()
    if path == "/process":
        shown = mod_wsgi.process_metrics()
    if path == "/requests":
        shown = mod_wsgi.request_metrics()
    if path == "/waits":
        while not os.path.exists(os.path.join(HERE, "go")):
            time.sleep(0.005)
    if path == "/works":
        begin = time.thread_time()
        while time.thread_time() - begin < 0.2:
            pass
    if path == "/wrong":
        try:
            mod_wsgi.process_metrics(1)
        except TypeError as error:
            shown = str(error)
    if path == "/fails":
        raise ValueError("no")
    start_response("302 Found" if path == "/moved" else "200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]
"#;

fn start<'a>(site: &'a Site, directives: &str) -> Server<'a> {
    site.file("app.wsgi", APP);
    site.start(&format!(
        "{directives}ServerLimit 1\nWSGIPythonHome ${{VENV}}\nWSGIDaemonProcess app processes=1 threads=2 python-home=${{VENV}}\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias /main ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=app application-group=sub\n\
         WSGIScriptAlias /here ${{DIR}}/app.wsgi process-group=%{{GLOBAL}} application-group=%{{GLOBAL}}\n"
    ))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn figures_of_requests() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "");
        for mount in ["/main", "/here"] {
            let get = |path: &str| server.get(&format!("{mount}{path}")).json();
            // Nobody has asked for them yet.
            assert_eq!((get("/process"), get("/requests")), (Value::Null, Value::Null));
            get("/start");
            get("/requests");
            server.send(&Request::post(&format!("{mount}/works"), "abcdef"));
            server.get(&format!("{mount}/moved"));
            server.get(&format!("{mount}/fails"));
            let shown = get("/requests");
            let daemon = mount == "/main";
            // That of the call before is complete now; the present one is not.
            assert_eq!(shown["request_count"], 4, "{mount} under {}: {shown}", python.version);
            let classes: Vec<_> = (1..=5).map(|class| shown[format!("status_{class}xx")].clone()).collect();
            assert_eq!(json!(classes), json!([0, 2, 1, 0, 1]));
            assert_eq!((&shown["input_bytes"], &shown["input_reads"]), (&json!(6), &json!(4)));
            assert_eq!(shown["output_writes"], 3);
            let period = number(&shown["sample_period"]);
            assert!((number(&shown["stop_time"]) - number(&shown["start_time"]) - period).abs() < 0.001);
            assert!((number(&shown["request_throughput"]) * period - 4.0).abs() < 1e-6);
            assert!(number(&shown["cpu_time"]) >= 0.19 && number(&shown["cpu_utilization"]) <= 3.0, "{shown}");
            assert!(number(&shown["application_time_max_us"]) >= 200_000.0);
            let time = number(&shown["request_time"]);
            assert!((0.05..=period).contains(&time), "the mean of four: {time}");
            for phase in
                ["server", "queue", "daemon", "application", "request", "gil_wait", "input_read", "output_write"]
            {
                let known = daemon || !matches!(phase, "queue" | "daemon");
                let spread = shown[format!("{phase}_time_buckets")].as_array().expect("a list");
                let requests: u64 = spread.iter().filter_map(Value::as_u64).sum();
                assert_eq!((spread.len(), requests), (65, if known { 4 } else { 0 }), "{phase}");
                assert_eq!(shown[format!("{phase}_time")].is_null(), !known, "{phase}");
                assert_eq!(shown[format!("{phase}_time_min_us")].is_null(), !known, "{phase}");
            }
            let threads = shown["request_threads_maximum"].as_u64().expect("a count");
            assert_eq!(threads == 2, daemon);
            let sum = |name: &str| shown[name].as_array().expect("a list").iter().map(number).sum::<f64>();
            assert_eq!(shown["request_threads_busy_time"].as_array().map(Vec::len), Some(threads as usize));
            assert!((sum("request_threads_completed") - 4.0).abs() < 1e-9);
            assert!(sum("request_threads_cpu_time") >= 0.19 && sum("request_threads_current_elapsed") > 0.0);
            let part = sum("request_threads_busy_time") / period / number(&shown["request_threads_maximum"]);
            assert!((number(&shown["capacity_utilization"]) - part).abs() < 1e-6 && part > 0.0 && part <= 1.0);
            // The next interval begins anew.
            assert_eq!(get("/requests")["request_count"], 1);
            assert_eq!(get("/wrong"), "process_metrics() takes at most 0 arguments (1 given)");
        }
        server.stop();
    }
}

#[test]
fn figures_of_a_process() {
    for python in pythons() {
        let site = Site::under(python);
        let server = start(&site, "");
        server.get("/main/start");
        for _ in 0..3 {
            server.get("/main");
        }
        // All interpreters of a process have the same.
        for mount in ["/main", "/sub"] {
            let shown = server.get(&format!("{mount}/process")).json();
            assert!(number(&shown["request_count"]) >= 3.0, "{shown}");
            assert_eq!((&shown["active_requests"], &shown["request_threads"]), (&json!(1), &json!(2)));
            let threads = shown["threads"].as_array().expect("a list");
            assert_eq!(threads.iter().map(|thread| thread["thread_id"].clone()).collect::<Vec<_>>(), [1, 2]);
            let begun: f64 = threads.iter().map(|thread| number(&thread["request_count"])).sum();
            assert!((begun - number(&shown["request_count"]) - 1.0).abs() < 1e-9, "this one has begun too: {shown}");
            let ran = number(&shown["current_time"]) - number(&shown["restart_time"]);
            assert!((0.0..120.0).contains(&ran) && (number(&shown["running_time"]) - ran.floor()).abs() < 1e-9);
            let cpu = number(&shown["cpu_user_time"]) + number(&shown["cpu_system_time"]);
            assert!((number(&shown["cpu_time"]) - cpu).abs() < 1e-6 && cpu > 0.0);
            assert!(number(&shown["memory_rss"]) > 1e6 && number(&shown["memory_max_rss"]) > 1e6);
        }
        server.stop();
    }
}

/// A request that takes longer than an interval counts in both.
#[test]
fn a_request_that_lasts() {
    let site = Site::new();
    let server = start(&site, "");
    server.get("/main/start");
    let mut waits = server.connect();
    waits.write(&Request::get("/main/waits").bytes());
    wait_until("both run", || server.get("/main/process").json()["active_requests"] == 2);
    let first = server.get("/main/requests").json();
    let second = server.get("/main/requests").json();
    for shown in [&first, &second] {
        let elapsed: Vec<f64> =
            shown["request_threads_current_elapsed"].as_array().unwrap().iter().map(number).collect();
        let busy: Vec<f64> = shown["request_threads_busy_time"].as_array().unwrap().iter().map(number).collect();
        let period = number(&shown["sample_period"]);
        let longest = elapsed.iter().copied().fold(0.0, f64::max);
        assert!(longest > 0.0 && busy.iter().all(|busy| *busy <= period + 1e-6), "{shown}");
    }
    site.file("go", "");
    assert_eq!(waits.answer("GET").status, 200);
    server.stop();
}

/// As in mod_wsgi: where telemetry reads the figures, the application does not.
#[test]
fn telemetry_has_the_figures_for_itself() {
    let site = Site::new();
    let server = start(&site, "WSGITelemetryService unix:${DIR}/nobody.sock\n");
    server.get("/main/start");
    assert_eq!(server.get("/main/requests").json(), Value::Null);
    assert_eq!(server.get("/main/process").json(), Value::Null);
    server.stop();
}
