//! `WSGIRestrictProcess` lists the process groups that may be used.

use super::Check;
use super::chosen::applications;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_FORBIDDEN, run };

static PROCESS_GROUP_FORBIDDEN: Code = Code::error(
    "process-group-forbidden",
    "a process group is used that WSGIRestrictProcess does not list",
    include_str!("process_group_forbidden.md"),
)
.of_absence()
.predicts(&["WSGI0149"]);

fn run(server: &Server, report: &mut Report) {
    let mut in_sections = false;
    server.visit(&mut |_, section, settings| {
        in_sections |= section.is_some() && settings.line("WSGIRestrictProcess").is_some();
    });
    if in_sections {
        return;
    }
    for application in applications(server) {
        let main = &server.main().settings;
        let restriction = application.host.settings.line("WSGIRestrictProcess").or(main.line("WSGIRestrictProcess"));
        let (Some(restriction), Some(group)) = (restriction, application.process_group(server)) else { continue };
        let name = group.name.value.as_str();
        // As in mod_wsgi, case does not matter here.
        if restriction.words.iter().all(|word| !word.value.eq_ignore_ascii_case(name)) {
            let Ok(Some(chosen)) = application.chosen else { continue };
            let found = PROCESS_GROUP_FORBIDDEN.at(chosen.span, "refused with 500");
            let found = found.and(restriction.span, "these groups may be used");
            report.push(found.help(format!("add `{name}` to the WSGIRestrictProcess")));
        }
    }
}
