//! `interrupt-timeout` says how a `request-timeout` is carried out.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &INTERRUPT_TIMEOUT_WITHOUT_EFFECT, run };

static INTERRUPT_TIMEOUT_WITHOUT_EFFECT: Code = Code::warning(
    "interrupt-timeout-without-effect",
    "`interrupt-timeout` does nothing without `request-timeout`",
    include_str!("interrupt_timeout_without_effect.md"),
);

fn run(server: &Server, report: &mut Report) {
    for group in &server.process_groups {
        let limited = group.number("request-timeout").is_some_and(|seconds| seconds.value > 0);
        if let Some(interrupt) = group.number("interrupt-timeout").filter(|seconds| seconds.value > 0 && !limited) {
            let found = INTERRUPT_TIMEOUT_WITHOUT_EFFECT.at(interrupt.span, "no request is ever interrupted");
            report.push(found.help("add `request-timeout=60`"));
        }
    }
}
