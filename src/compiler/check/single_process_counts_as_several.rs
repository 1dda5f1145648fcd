//! With `processes=1` an application is told that it has several processes.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &SINGLE_PROCESS_COUNTS_AS_SEVERAL, run };

static SINGLE_PROCESS_COUNTS_AS_SEVERAL: Code = Code::info(
    "single-process-counts-as-several",
    "`processes=1` tells the application that there are several processes",
    include_str!("single_process_counts_as_several.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    for group in &server.process_groups {
        if let Some(processes) = group.processes.as_ref().filter(|processes| processes.value == 1) {
            let found = SINGLE_PROCESS_COUNTS_AS_SEVERAL.at(processes.span, "makes `wsgi.multiprocess` true");
            report.push(found.help("delete the option: one process is the default"));
        }
    }
}
