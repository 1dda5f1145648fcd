//! A process group is used that is not defined.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity};
use crate::compiler::model::{GroupName, Judge, Server};
use crate::compiler::source::Span;

pub(super) const CHECK: Check = Check { code: &UNKNOWN_PROCESS_GROUP, run };

pub(in crate::compiler) static UNKNOWN_PROCESS_GROUP: Code = Code::error(
    "unknown-process-group",
    "a process group is used that no WSGIDaemonProcess defines",
    include_str!("unknown_process_group.md"),
)
.predicts(&["WSGI0150", "WSGI0151"]);

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros || server.beyond.failed.contains("WSGIDaemonProcess") {
        return;
    }
    let used = server.used_process_groups();
    let named = used.iter().filter_map(|(_, used)| match &used.value {
        GroupName::Named(name) => Some((name, used.span)),
        GroupName::Embedded | GroupName::Token(_) => None,
    });
    let elsewhere = server.beyond.process_groups.iter().filter(|used| !used.value.starts_with("%{"));
    for (name, span) in named.chain(elsewhere.map(|used| (&used.value, used.span))) {
        // `${GROUP}` that stayed in the text was reported as such, and so was a misspelt `%{GLOBAL}`.
        let reported = name.contains("${") || name.starts_with("%{") || name.ends_with('}');
        if !reported && server.process_group(name).is_none() {
            report_unknown(server, name, span, report);
        }
    }
}

fn report_unknown(server: &Server, name: &str, span: Span, report: &mut Report) {
    let found = UNKNOWN_PROCESS_GROUP.at(span, "no such process group");
    let names = server.process_groups.iter().map(|group| group.name.value.as_str());
    let near = report.nearest(name, names).and_then(|near| server.process_group(near));
    // A file that defines none of its own may be a part: then they are defined in another file.
    let part = server.judge == Judge::Apache && !server.beyond.stands_alone && server.process_groups.is_empty();
    report.push(match near {
        Some(group) => found.and(group.name.span, "the nearest name is defined here"),
        None if part => {
            let help = format!("add `WSGIDaemonProcess {name}`, unless another file of the server has it");
            found.help(help).graded(Severity::Warning)
        }
        None => found.help(format!("add `WSGIDaemonProcess {name}`")),
    });
}
