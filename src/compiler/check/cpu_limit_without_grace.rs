//! Beyond `cpu-time-limit` a process is to end gracefully.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Judge, Server};

pub(super) const CHECK: Check = Check { code: &CPU_LIMIT_WITHOUT_GRACE, run };

static CPU_LIMIT_WITHOUT_GRACE: Code = Code::warning(
    "cpu-limit-without-grace",
    "a process at its `cpu-time-limit` hangs until the kernel kills it, because `graceful-timeout` is 0",
    include_str!("cpu_limit_without_grace.md"),
);

fn run(server: &Server, report: &mut Report) {
    // wsgi-serve keeps each timer for itself.
    if server.judge == Judge::WsgiServe {
        return;
    }
    for group in &server.process_groups {
        let limit = group.number("cpu-time-limit").filter(|seconds| seconds.value > 0);
        let grace = group.number("graceful-timeout").filter(|seconds| seconds.value == 0);
        if let (Some(limit), Some(grace)) = (limit, grace) {
            let found = CPU_LIMIT_WITHOUT_GRACE.at(grace.span, "nothing ends the process");
            report.push(found.and(limit.span, "when this limit is reached").help("write `graceful-timeout=15`"));
        }
    }
}
