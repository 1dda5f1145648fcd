//! Without `WSGIRestrictEmbedded` each process of Apache starts a Python that nothing uses.

use super::Check;
use super::chosen::{Application, applications};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &EMBEDDED_MODE_NOT_RESTRICTED, run };

static EMBEDDED_MODE_NOT_RESTRICTED: Code = Code::info(
    "embedded-mode-not-restricted",
    "all applications have a process group, and Apache's own processes start Python all the same",
    include_str!("embedded_mode_not_restricted.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    let applications = applications(server);
    let all = !applications.is_empty() && applications.iter().all(Application::is_in_daemon);
    if !all || server.beyond.other_scripts || server.restrict_embedded.is_some() {
        return;
    }
    let found = EMBEDDED_MODE_NOT_RESTRICTED.at(applications[0].mount.script.span, "none runs embedded");
    report.push(found.help("add `WSGIRestrictEmbedded On`"));
}
