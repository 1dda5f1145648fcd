//! `user=` alone leaves the processes in the group of Apache.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &USER_WITHOUT_GROUP, run };

static USER_WITHOUT_GROUP: Code = Code::info(
    "user-without-group",
    "a process group has a user of its own and the group of Apache",
    include_str!("user_without_group.md"),
)
.of_absence()
.pedantic();

fn run(server: &Server, report: &mut Report) {
    for group in server.process_groups.iter().filter(|group| group.group.is_none()) {
        if let Some(user) = &group.user {
            let found = USER_WITHOUT_GROUP.at(user.span, "no `group=` beside it");
            report.push(found.help(format!("add `group={}`", user.value)));
        }
    }
}
