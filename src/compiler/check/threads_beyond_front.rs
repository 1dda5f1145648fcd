//! A request holds a thread of Apache for as long as it holds one of a daemon process.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};

pub(super) const CHECK: Check = Check { code: &THREADS_BEYOND_FRONT, run };

static THREADS_BEYOND_FRONT: Code = Code::warning(
    "threads-beyond-front",
    "a process group has more threads than Apache can send requests to",
    include_str!("threads_beyond_front.md"),
);

fn run(server: &Server, report: &mut Report) {
    let front = &server.main().settings;
    let Some(line) = front.line("MaxRequestWorkers").or(front.line("MaxClients")) else { return };
    let Some(workers) = workers(line) else { return };
    for group in &server.process_groups {
        let processes = group.processes.as_ref().map_or(1, |processes| processes.value);
        let threads = group.threads.as_ref().map_or(15, |threads| threads.value);
        let capacity = processes.saturating_mul(threads);
        if capacity > workers {
            let at = group.processes.as_ref().or(group.threads.as_ref()).map_or(group.name.span, |count| count.span);
            let found = THREADS_BEYOND_FRONT.at(at, format!("{capacity} threads in all"));
            let found = found.and(line.span, format!("{workers} requests at a time"));
            report.push(found.help(format!("write `MaxRequestWorkers {capacity}`, or fewer threads")));
        }
    }
}

fn workers(line: &Line) -> Option<u64> {
    line.word(0).parse().ok().filter(|workers| *workers > 0)
}
