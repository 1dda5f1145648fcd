//! Apache waits for a daemon process as long as `socket-timeout` or `Timeout` says.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{ProcessGroup, Server};
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &TIMEOUT_AFTER_ANSWER_WAS_GIVEN_UP, run };

static TIMEOUT_AFTER_ANSWER_WAS_GIVEN_UP: Code = Code::warning(
    "timeout-after-answer-was-given-up",
    "a time limit of a process group is longer than Apache waits for it",
    include_str!("timeout_after_answer_was_given_up.md"),
)
.predicts(&["WSGI0145"]);

fn run(server: &Server, report: &mut Report) {
    for group in &server.process_groups {
        let Some(patience) = patience(server, group) else { continue };
        for name in ["request-timeout", "queue-timeout"] {
            if let Some(limit) = group.number(name).filter(|limit| limit.value > patience.value) {
                let found =
                    TIMEOUT_AFTER_ANSWER_WAS_GIVEN_UP.at(limit.span, format!("{} seconds are too late", limit.value));
                let found = found.and(patience.span, format!("Apache waits {} seconds", patience.value));
                report.push(found.help(format!("write `socket-timeout={}`, or a shorter `{name}`", limit.value)));
            }
        }
    }
}

/// How many seconds Apache waits for the group, where the configuration says it.
fn patience(server: &Server, group: &ProcessGroup) -> Option<Spanned<u64>> {
    let own = group.number("socket-timeout").filter(|seconds| seconds.value > 0);
    // Applications of other hosts may use the group, and each host may have a Timeout of its own.
    let one_timeout = server.hosts.iter().skip(1).all(|host| host.timeout.is_none());
    own.or_else(|| server.main().timeout.clone().filter(|seconds| one_timeout && seconds.value > 0))
}
