//! mod_wsgi looks up the process group of a mount at once when both groups are options of it.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{ApplicationGroupName, GroupName, Server};
use crate::plan::ApplicationGroup;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_DEFINED_LATER, run };

static PROCESS_GROUP_DEFINED_LATER: Code = Code::error(
    "process-group-defined-later",
    "a mount with both groups comes before the process group that it names",
    include_str!("process_group_defined_later.md"),
);

fn run(server: &Server, report: &mut Report) {
    for mount in server.mounts() {
        let (Some(group), Some(application)) = (&mount.process_group, &mount.application_group) else { continue };
        let literal = matches!(
            application.value,
            ApplicationGroupName::Plain(ApplicationGroup::Global | ApplicationGroup::Named(_))
        );
        let GroupName::Named(name) = &group.value else { continue };
        let index = server.process_group_index(name);
        if let Some(index) = index.filter(|index| literal && *index >= mount.groups_before) {
            let found = PROCESS_GROUP_DEFINED_LATER.at(group.span, "not defined up to here");
            let found = found.and(server.process_groups[index].name.span, "defined here");
            report.push(found.help("move the WSGIDaemonProcess before the WSGIScriptAlias"));
        }
    }
}
