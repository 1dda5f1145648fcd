//! What a request costs in the gateway, and whether it leaves anything behind. Run by hand:
//! `cargo test --release --test gateway -- --ignored --nocapture`.

use std::time::Instant;

use crate::harness::{Daemon, Request, Setup, minor, pythons};

const REQUESTS: u32 = 100_000;

#[test]
#[ignore = "takes time, and its figures are for people"]
#[allow(clippy::print_stdout)]
fn requests_a_second_and_memory() {
    for python in pythons() {
        let mut daemon = Setup::new(&python).start();
        for (script, path) in
            [("hello.wsgi", "/"), ("stream.wsgi", "/"), ("stream.wsgi", "/length"), ("echo.wsgi", "/")]
        {
            let mut request = Request::get(script, path);
            for number in 0..12 {
                request = request.with(&format!("HTTP_X_HEADER_{number}"), "a value of some length");
            }
            if script == "echo.wsgi" {
                request = request.post(b"a small body");
            }
            ask(&mut daemon, &request, REQUESTS / 10);
            let (cpu, user, memory) = (cpu_seconds(&daemon), user_seconds(&daemon), memory_of(&daemon));
            let began = Instant::now();
            ask(&mut daemon, &request, REQUESTS);
            let passed = began.elapsed().as_secs_f64();
            println!(
                "3.{:<2} {script:12} {path:8} {:7.0} requests/s {:5.2} \u{b5}s CPU each, {:5.2} outside of the kernel, {} kB more",
                minor(&python),
                f64::from(REQUESTS) / passed,
                (cpu_seconds(&daemon) - cpu) * 1e6 / f64::from(REQUESTS),
                (user_seconds(&daemon) - user) * 1e6 / f64::from(REQUESTS),
                memory_of(&daemon) - memory,
            );
        }
        daemon.end_clean();
    }
}

fn ask(daemon: &mut Daemon, request: &Request, times: u32) {
    for _ in 0..times {
        daemon.thread().ask(request);
    }
}

/// Time on the processor, seconds.
fn cpu_seconds(daemon: &Daemon) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).expect("a process");
    let nanoseconds = |thread: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(thread.expect("a thread").path().join("schedstat")).expect("schedstat");
        text.split(' ').next().and_then(|number| number.parse::<f64>().ok()).expect("a number")
    };
    threads.map(nanoseconds).sum::<f64>() / 1e9
}

/// Time on the processor outside of the kernel, seconds, as the kernel samples it.
fn user_seconds(daemon: &Daemon) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).expect("a process");
    let fields = text.rsplit(')').next().expect("fields behind the name");
    let ticks: f64 = fields.split_whitespace().nth(11).and_then(|number| number.parse().ok()).expect("utime");
    ticks / 100.0
}

/// Resident memory, kB.
fn memory_of(daemon: &Daemon) -> i64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("a process");
    let line = text.lines().find(|line| line.starts_with("VmRSS")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}
