//! One thread keeps all timers of a daemon process, and it is not always started.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Judge, Server};

pub(super) const CHECK: Check = Check { code: &TIMERS_NEVER_RUN, run };

static TIMERS_NEVER_RUN: Code = Code::warning(
    "timers-never-run",
    "a time limit is never kept, because `deadlock-timeout` is switched off",
    include_str!("timers_never_run.md"),
);

/// The options that need the thread which watches the clock.
const TIMERS: [&str; 4] = ["request-timeout", "startup-timeout", "restart-interval", "eviction-timeout"];

fn run(server: &Server, report: &mut Report) {
    // wsgi-serve keeps each timer for itself.
    if server.judge == Judge::WsgiServe {
        return;
    }
    for group in &server.process_groups {
        let inactivity = group.number("inactivity-timeout").is_some_and(|seconds| seconds.value > 0);
        let off = group.number("deadlock-timeout").filter(|seconds| seconds.value == 0 && !inactivity);
        let timer = TIMERS.iter().find_map(|name| {
            let seconds = group.number(name).filter(|seconds| seconds.value > 0)?;
            Some((name, seconds))
        });
        if let (Some(off), Some((name, seconds))) = (off, timer) {
            let found = TIMERS_NEVER_RUN.at(seconds.span, format!("`{name}` is never kept"));
            let found = found.and(off.span, "this stops all timers");
            report.push(found.help("write `deadlock-timeout=300`, which is the default"));
        }
    }
}
