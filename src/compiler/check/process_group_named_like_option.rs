//! The first word after `WSGIDaemonProcess` is always the name.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_NAMED_LIKE_OPTION, run };

static PROCESS_GROUP_NAMED_LIKE_OPTION: Code = Code::warning(
    "process-group-named-like-option",
    "the name of a process group looks like an option",
    include_str!("process_group_named_like_option.md"),
)
.predicts(&["WSGI0151"]);

fn run(server: &Server, report: &mut Report) {
    for group in &server.process_groups {
        let Some((option, _)) = group.name.value.split_once('=') else { continue };
        let found = PROCESS_GROUP_NAMED_LIKE_OPTION.at(group.name.span, "taken for the name of the group");
        report
            .push(found.help(format!("put a name before `{option}=`: `WSGIDaemonProcess NAME {}`", group.name.value)));
    }
}
