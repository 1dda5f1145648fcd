//! The figures as `mod_wsgi.process_metrics()` and `mod_wsgi.request_metrics()` give them.

use std::time::Duration;

use pyo3_ffi as ffi;

use super::phase::Phase;
use super::process::Usage;
use super::server::of_server;
use super::{Reader, Snapshot, Totals, process_begun, rate, record, recorder};
use crate::callback::{Callback, Method, enter};
use crate::gateway::environ::now;
use crate::module::settings;
use crate::object::Object;
use crate::value::{Value, count, moment};

/// The functions of the module that give figures, and the one that starts to record them.
pub(crate) static FUNCTIONS: [(&str, Method); 4] = [
    (
        "start_recording_metrics",
        Method::new(c"start_recording_metrics", start, c"Records figures of requests from now on."),
    ),
    (
        "process_metrics",
        method(c"process_metrics", process_metrics, c"Figures of this process, once they are recorded."),
    ),
    (
        "request_metrics",
        method(c"request_metrics", request_metrics, c"Figures of the requests since the last call, once recorded."),
    ),
    (
        "server_metrics",
        method(c"server_metrics", server_metrics, c"What the server does, where the configuration shows it."),
    ),
];

const fn method(name: &'static std::ffi::CStr, callback: Callback, doc: &'static std::ffi::CStr) -> Method {
    Method::new(name, callback, doc)
}

unsafe extern "C" fn start(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            arguments.at_most(0, "start_recording_metrics")?;
            record(Reader::Application);
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn process_metrics(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            arguments.at_most(0, "process_metrics")?;
            let recorder = recorder().filter(|recorder| recorder.is_for_application());
            recorder.map_or(Value::Nothing, |recorder| of_process(&recorder.totals(), Usage::now())).object(attached)
        })
    }
}

unsafe extern "C" fn request_metrics(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            arguments.at_most(0, "request_metrics")?;
            let recorder = recorder().filter(|recorder| recorder.is_for_application());
            recorder.map_or(Value::Nothing, |recorder| of_requests(&recorder.snapshot())).object(attached)
        })
    }
}

unsafe extern "C" fn server_metrics(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            arguments.at_most(0, "server_metrics")?;
            attached.detached(of_server).object(attached)
        })
    }
}

fn seconds(time: Duration) -> Value {
    Value::Number(time.as_secs_f64())
}

fn of_process(totals: &Totals, usage: Usage) -> Value {
    let (begun, now) = (process_begun(), now());
    let threads = totals.threads.iter().enumerate().map(|(place, requests)| {
        Value::Dict(vec![("thread_id", count(place as u64 + 1)), ("request_count", count(*requests))])
    });
    Value::Dict(vec![
        ("pid", count(std::process::id().into())),
        ("restart_time", moment(begun)),
        ("current_time", moment(now)),
        ("running_time", count(now.saturating_sub(begun) / 1_000_000)),
        ("request_count", count(totals.requests)),
        ("request_busy_time", seconds(totals.busy)),
        ("active_requests", count(totals.active as u64)),
        ("request_threads", count(totals.threads.len() as u64)),
        ("threads", Value::List(threads.collect())),
        ("memory_rss", count(usage.memory)),
        ("memory_max_rss", count(usage.most_memory)),
        ("cpu_user_time", seconds(usage.cpu.user)),
        ("cpu_system_time", seconds(usage.cpu.system)),
        ("cpu_time", seconds(usage.cpu.total())),
    ])
}

/// The four names of a phase.
macro_rules! names {
    ($name:literal) => {
        [$name, concat!($name, "_min_us"), concat!($name, "_max_us"), concat!($name, "_buckets")]
    };
}

fn of_requests(snapshot: &Snapshot) -> Value {
    let (interval, period, threads) = (&snapshot.interval, snapshot.period, &snapshot.threads);
    let per_second = |time: Duration| Value::Number(rate(time.as_secs_f64(), period));
    let maximum = threads.len() as u64;
    let mut all = vec![
        ("pid", count(std::process::id().into())),
        ("start_time", moment(interval.start)),
        ("stop_time", moment(interval.start + period.as_micros() as u64)),
        ("sample_period", seconds(period)),
        ("cpu_user_time", seconds(snapshot.cpu.user)),
        ("cpu_system_time", seconds(snapshot.cpu.system)),
        ("cpu_time", seconds(snapshot.cpu.total())),
        ("cpu_user_utilization", per_second(snapshot.cpu.user)),
        ("cpu_system_utilization", per_second(snapshot.cpu.system)),
        ("cpu_utilization", per_second(snapshot.cpu.total())),
        ("memory_rss", count(snapshot.usage.memory)),
        ("memory_max_rss", count(snapshot.usage.most_memory)),
        ("request_threads_maximum", count(maximum)),
        ("request_threads_started", count(maximum)),
        ("request_threads_active", count(snapshot.active_threads() as u64)),
        ("request_threads_buckets", Value::counts(threads.iter().map(|thread| thread.completed))),
        ("request_threads_completed", Value::counts(threads.iter().map(|thread| thread.completed))),
        ("request_threads_busy_time", Value::numbers(threads.iter().map(|thread| thread.busy.as_secs_f64()))),
        ("request_threads_cpu_time", Value::numbers(threads.iter().map(|thread| thread.cpu.as_secs_f64()))),
        ("request_threads_current_elapsed", Value::numbers(threads.iter().map(|thread| thread.elapsed.as_secs_f64()))),
        ("request_threads_max_duration", Value::numbers(threads.iter().map(|thread| thread.longest.as_secs_f64()))),
        ("capacity_utilization", Value::Number(snapshot.utilization())),
        ("request_count", count(interval.requests)),
        ("request_throughput", Value::Number(snapshot.throughput())),
        ("input_bytes", count(interval.input.bytes)),
        ("input_reads", count(interval.input.times)),
        ("output_bytes", count(interval.output.bytes)),
        ("output_writes", count(interval.output.times)),
        ("gil_wait_count", count(interval.gil_waits)),
    ];
    let classes = ["status_1xx", "status_2xx", "status_3xx", "status_4xx", "status_5xx"];
    all.extend(classes.into_iter().zip(interval.status.map(count)));
    let daemon = !settings().process_group.is_empty();
    for (names, phase, known) in [
        (names!("server_time"), &interval.server, true),
        (names!("queue_time"), &interval.queue, daemon),
        (names!("daemon_time"), &interval.daemon, daemon),
        (names!("application_time"), &interval.application, true),
        (names!("request_time"), &interval.request, true),
        (names!("gil_wait_time"), &interval.gil_wait, true),
        (names!("input_read_time"), &interval.input_read, true),
        (names!("output_write_time"), &interval.output_write, true),
    ] {
        all.extend(names.into_iter().zip(of_phase(phase, known)));
    }
    Value::Dict(all)
}

fn of_phase(phase: &Phase, known: bool) -> [Value; 4] {
    let microseconds = |time: Option<Duration>| time.map_or(Value::Nothing, |time| count(time.as_micros() as u64));
    let bounds = phase.bounds();
    [
        if known { Value::Number(phase.mean()) } else { Value::Nothing },
        microseconds(bounds.map(|(least, _)| least)),
        microseconds(bounds.map(|(_, most)| most)),
        Value::counts(phase.buckets().iter().map(|requests| u64::from(*requests))),
    ]
}
