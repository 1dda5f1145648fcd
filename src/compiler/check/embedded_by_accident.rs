//! Beside applications in process groups stands one that no line sends to one.

use super::Check;
use super::chosen::applications;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &EMBEDDED_BY_ACCIDENT, run };

static EMBEDDED_BY_ACCIDENT: Code = Code::warning(
    "embedded-by-accident",
    "an application runs embedded in Apache's processes, while others of its host have a process group",
    include_str!("embedded_by_accident.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    // Where a line chooses a group in vain, that line is the mistake.
    if server.restrict_embedded.as_ref().is_some_and(|state| state.value) || chooses_in_sections(server) {
        return;
    }
    let mut applications = applications(server);
    applications.retain(|one| !one.inherited);
    for of_host in applications.chunk_by(|one, next| std::ptr::eq(one.host, next.host)) {
        let beside = of_host.iter().find_map(|other| Some((other.process_group(server)?, other.chosen.ok()??)));
        let Some((group, chosen)) = beside else { continue };
        for application in of_host.iter().filter(|one| matches!(one.chosen, Ok(None))) {
            let found = EMBEDDED_BY_ACCIDENT.at(application.mount.script.span, "runs in Apache's own processes");
            let found = found.and(chosen.span, "this one has a process group");
            let name = &group.name.value;
            report.push(found.help(format!("add `process-group={name}`, or `process-group=%{{GLOBAL}}`")));
        }
    }
}

fn chooses_in_sections(server: &Server) -> bool {
    let mut chooses = false;
    server.visit(&mut |_, section, settings| chooses |= section.is_some() && settings.process_group.is_some());
    chooses
}
