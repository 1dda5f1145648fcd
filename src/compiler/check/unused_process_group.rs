//! A process group that no line chooses: its processes start and idle.

use std::collections::HashSet;

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity};
use crate::compiler::model::{GroupName, Server};

pub(super) const CHECK: Check = Check { code: &UNUSED_PROCESS_GROUP, run };

static UNUSED_PROCESS_GROUP: Code = Code {
    name: "unused-process-group",
    severity: Severity::Warning,
    summary: "a process group is defined that nothing runs in",
    explain: include_str!("unused_process_group.md"),
};

fn run(server: &Server, report: &mut Report) {
    let used = server.used_process_groups();
    let by_token = used.iter().any(|(_, name)| matches!(name.value, GroupName::Token(_)));
    let names: HashSet<&str> = used
        .iter()
        .filter_map(|(_, used)| match &used.value {
            GroupName::Named(name) => Some(name.as_str()),
            GroupName::Embedded | GroupName::Token(_) => None,
        })
        .collect();
    let misspelt = |name: &GroupName| matches!(name, GroupName::Named(name) if server.process_group(name).is_none());
    let unclear = by_token || used.iter().any(|(_, name)| misspelt(&name.value));
    if unclear || server.beyond.macros || server.mounts().next().is_none() {
        return;
    }
    for group in &server.process_groups {
        let name = &group.name.value;
        let chosen = names.contains(name.as_str());
        // Without threads it serves no requests: it is there for what it imports.
        let serves = group.threads.as_ref().is_none_or(|threads| threads.value > 0);
        if !chosen
            && serves
            && !server.beyond.process_groups.iter().any(|used| used.value == *name)
            && !looks_like_option(name)
        {
            let found = UNUSED_PROCESS_GROUP.at(group.name.span, "never chosen");
            report.push(
                found.help(format!("add `WSGIProcessGroup {name}`, or `process-group={name}` to the WSGIScriptAlias")),
            );
        }
    }
}

/// That is reported on its own.
fn looks_like_option(name: &str) -> bool {
    name.contains('=')
}
