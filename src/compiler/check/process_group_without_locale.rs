//! Without a locale Python may take ASCII for the names of files and the output.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_WITHOUT_LOCALE, run };

static PROCESS_GROUP_WITHOUT_LOCALE: Code = Code::info(
    "process-group-without-locale",
    "a process group has the locale of whoever started Apache",
    include_str!("process_group_without_locale.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    for group in server.process_groups.iter().filter(|group| group.lang.is_none() && group.locale.is_none()) {
        let found = PROCESS_GROUP_WITHOUT_LOCALE.at(group.name.span, "no `locale`");
        report.push(found.help("add `locale=C.UTF-8`"));
    }
}
