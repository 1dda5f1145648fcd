//! `threads=0` makes processes that serve no request.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{GroupName, Server};

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_WITHOUT_THREADS, run };

static PROCESS_GROUP_WITHOUT_THREADS: Code = Code::error(
    "process-group-without-threads",
    "applications are sent to a process group that has no threads",
    include_str!("process_group_without_threads.md"),
)
.predicts(&["WSGI0145"]);

fn run(server: &Server, report: &mut Report) {
    let used = server.used_process_groups();
    for group in &server.process_groups {
        let Some(threads) = group.threads.as_ref().filter(|threads| threads.value == 0) else { continue };
        let chosen = used.iter().find(|(_, used)| used.value == GroupName::Named(group.name.value.clone()));
        if let Some((_, chosen)) = chosen {
            let found = PROCESS_GROUP_WITHOUT_THREADS.at(threads.span, "serves no request");
            report.push(found.and(chosen.span, "requests are sent there").help("write `threads=1` or more"));
        }
    }
}
