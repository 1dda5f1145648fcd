//! `umask` takes rights away; with 0 everybody may write.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &UMASK_OPENS_FILES, run };

static UMASK_OPENS_FILES: Code = Code::warning(
    "umask-opens-files",
    "what the application writes can be changed by every user of the machine",
    include_str!("umask_opens_files.md"),
);

/// That others may write.
const OTHERS_WRITE: u64 = 0o002;

fn run(server: &Server, report: &mut Report) {
    for group in &server.process_groups {
        if let Some(umask) = group.umask.as_ref().filter(|umask| umask.value & OTHERS_WRITE == 0) {
            let found = UMASK_OPENS_FILES.at(umask.span, "lets others write");
            report.push(found.help("write `umask=0027`"));
        }
    }
}
