//! Names of process groups are global: over all virtual hosts and files.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &DUPLICATE_PROCESS_GROUP, run };

static DUPLICATE_PROCESS_GROUP: Code = Code::error(
    "duplicate-process-group",
    "two process groups have the same name",
    include_str!("duplicate_process_group.md"),
)
.predicts(&["AH00526"]);

fn run(server: &Server, report: &mut Report) {
    for (index, group) in server.process_groups.iter().enumerate() {
        let name = &group.name.value;
        if let Some(first) = server.process_group_index(name).filter(|first| *first < index) {
            let first = &server.process_groups[first];
            let found = DUPLICATE_PROCESS_GROUP.at(group.name.span, "defined again");
            let found = found.and(first.name.span, "first defined here");
            report.push(found.help("names are global over all virtual hosts: give one of the two another name"));
        }
    }
}
