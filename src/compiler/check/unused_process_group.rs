//! A process group that no line chooses: its processes start and idle.

use std::collections::HashSet;

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{GroupName, Server};

pub(super) const CHECK: Check = Check { code: &UNUSED_PROCESS_GROUP, run };

static UNUSED_PROCESS_GROUP: Code = Code::warning(
    "unused-process-group",
    "a process group is defined that nothing runs in",
    include_str!("unused_process_group.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    let mut chosen = HashSet::new();
    for (_, name) in server.used_process_groups() {
        match &name.value {
            GroupName::Embedded => {}
            GroupName::Named(name) if server.process_group(name).is_some() => {
                chosen.insert(name.as_str());
            }
            // A misspelt name is reported on its own; a token may stand for any group.
            GroupName::Named(_) | GroupName::Token(_) => return,
        }
    }
    chosen.extend(server.beyond.process_groups.iter().map(|used| used.value.as_str()));
    // Its `process_group()` may choose any.
    let dispatched = !server.lines("WSGIDispatchScript").is_empty();
    if server.beyond.macros || dispatched || server.mounts().next().is_none() {
        return;
    }
    for group in &server.process_groups {
        let name = group.name.value.as_str();
        // Without threads it serves no requests: it is there for what it imports.
        let answers = group.threads.as_ref().is_none_or(|threads| threads.value > 0);
        // A name like an option is reported on its own.
        if answers && !chosen.contains(name) && !name.contains('=') {
            let found = UNUSED_PROCESS_GROUP.at(group.name.span, "never chosen");
            let help = format!("add `WSGIProcessGroup {name}`, or `process-group={name}` to the WSGIScriptAlias");
            report.push(found.help(help));
        }
    }
}
