//! Without a limit a request that hangs holds its thread for ever.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{ProcessGroup, Server};

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_WITHOUT_TIME_LIMIT, run };

static PROCESS_GROUP_WITHOUT_TIME_LIMIT: Code = Code::info(
    "process-group-without-time-limit",
    "a process group has no limit for requests that hang",
    include_str!("process_group_without_time_limit.md"),
)
.predicts(&["WSGI0116", "WSGI0145"])
.pedantic();

fn run(server: &Server, report: &mut Report) {
    for group in server.process_groups.iter().filter(|group| !is_limited(group)) {
        let found = PROCESS_GROUP_WITHOUT_TIME_LIMIT.at(group.name.span, "no limit for its requests");
        report.push(found.help("add `request-timeout=60`"));
    }
}

/// Whether a request that hangs is ended, or the process gets a successor. One without threads has no requests.
fn is_limited(group: &ProcessGroup) -> bool {
    let serves = group.threads.as_ref().is_none_or(|threads| threads.value > 0);
    let above_0 = |name: &str| group.number(name).is_some_and(|limit| limit.value > 0);
    !serves || ["request-timeout", "inactivity-timeout", "restart-interval"].into_iter().any(above_0)
}
