//! Without a name of its own every process is called `apache2`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_WITHOUT_DISPLAY_NAME, run };

static PROCESS_GROUP_WITHOUT_DISPLAY_NAME: Code = Code::info(
    "process-group-without-display-name",
    "the processes of a group cannot be told from those of Apache",
    include_str!("process_group_without_display_name.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    for group in server.process_groups.iter().filter(|group| group.display_name.is_none()) {
        let found = PROCESS_GROUP_WITHOUT_DISPLAY_NAME.at(group.name.span, "no `display-name`");
        report.push(found.help("add `display-name=%{GROUP}`"));
    }
}
