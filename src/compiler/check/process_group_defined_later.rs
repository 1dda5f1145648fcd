//! mod_wsgi looks up the process group of a mount at once when both groups are options of it, and that of an import always.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{ApplicationGroupName, GroupName, Server};
use crate::compiler::source::Spanned;
use crate::plan::ApplicationGroup;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_DEFINED_LATER, run };

static PROCESS_GROUP_DEFINED_LATER: Code = Code::error(
    "process-group-defined-later",
    "a mount with both groups, or an import, comes before the process group that it names",
    include_str!("process_group_defined_later.md"),
)
.predicts(&["AH00526"]);

fn run(server: &Server, report: &mut Report) {
    for mount in server.mounts() {
        let (Some(group), Some(application)) = (&mount.process_group, &mount.application_group) else { continue };
        let literal = matches!(
            application.value,
            ApplicationGroupName::Plain(ApplicationGroup::Global | ApplicationGroup::Named(_))
        );
        if let GroupName::Named(name) = &group.value
            && literal
        {
            judge(server, &Spanned::new(name.as_str(), group.span), mount.groups_before, report);
        }
    }
    for line in server.lines("WSGIImportScript") {
        if let Some(group) = line.option("process-group") {
            judge(server, &group, line.groups_before, report);
        }
    }
}

fn judge(server: &Server, name: &Spanned<&str>, groups_before: usize, report: &mut Report) {
    let index = server.process_group_index(name.value);
    if let Some(index) = index.filter(|index| *index >= groups_before) {
        let found = PROCESS_GROUP_DEFINED_LATER.at(name.span, "not defined up to here");
        let found = found.and(server.process_groups[index].name.span, "defined here");
        report.push(found.help("move the WSGIDaemonProcess before this line"));
    }
}
