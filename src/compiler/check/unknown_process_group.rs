//! A process group is used that is not defined.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity, nearest};
use crate::compiler::model::{GroupName, Server};

pub(super) const CHECK: Check = Check { code: &UNKNOWN_PROCESS_GROUP, run };

static UNKNOWN_PROCESS_GROUP: Code = Code {
    name: "unknown-process-group",
    severity: Severity::Error,
    summary: "a process group is used that no WSGIDaemonProcess defines",
    explain: include_str!("unknown_process_group.md"),
};

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros || server.beyond.failed.contains("WSGIDaemonProcess") {
        return;
    }
    for (_, used) in server.used_process_groups() {
        let GroupName::Named(name) = &used.value else { continue };
        // `${GROUP}` that stayed in the text was reported as such.
        if server.process_group(name).is_some() || name.contains("${") {
            continue;
        }
        let mut found = UNKNOWN_PROCESS_GROUP.at(used.span, "no such process group");
        let names = server.process_groups.iter().map(|group| group.name.value.as_str());
        if let Some(group) = nearest(name, names).and_then(|near| server.process_group(near)) {
            found = found.and(group.name.span, "the nearest name is defined here");
        } else {
            found = found.help(format!("add `WSGIDaemonProcess {name}`"));
        }
        report.push(found);
    }
}
