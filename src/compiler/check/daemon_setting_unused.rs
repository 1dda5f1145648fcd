//! Some directives of mod_wsgi act on daemon processes only.

use super::Check;
use super::chosen::{Application, applications};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &DAEMON_SETTING_UNUSED, run };

static DAEMON_SETTING_UNUSED: Code = Code::warning(
    "daemon-setting-unused",
    "a directive for daemon mode is given, and every application runs embedded",
    include_str!("daemon_setting_unused.md"),
);

fn run(server: &Server, report: &mut Report) {
    let applications = applications(server);
    if applications.is_empty() || server.beyond.other_scripts || !applications.iter().all(Application::is_embedded) {
        return;
    }
    for name in ["WSGIErrorOverride", "WSGIIgnoreActivity"] {
        for line in server.lines(name).into_iter().filter(|line| line.is_on()) {
            let found = DAEMON_SETTING_UNUSED.at(line.span, "no application has a process group");
            report.push(found.help("delete the line, or choose a process group with `WSGIProcessGroup`"));
        }
    }
}
