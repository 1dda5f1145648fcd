//! The pages about the server tell who asks it for what.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;
use crate::plan::sections::Require;

pub(super) const CHECK: Check = Check { code: &STATUS_PAGE_OPEN, run };

static STATUS_PAGE_OPEN: Code = Code::warning(
    "status-page-open",
    "a page about the server itself is open to everybody",
    include_str!("status_page_open.md"),
);

/// Handlers that show the state or the configuration of the server, or change it.
const HANDLERS: [&str; 4] = ["server-status", "server-info", "balancer-manager", "ldap-status"];

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, _, settings| {
        let handler = settings.line("SetHandler").filter(|line| HANDLERS.contains(&line.word(0)));
        let granted = settings.require.iter().find(|one| one.value == Require::AllGranted);
        if let (Some(handler), Some(granted)) = (handler, granted) {
            let found = STATUS_PAGE_OPEN.at(granted.span, "open to everybody");
            report.push(found.and(handler.span, "shows the server").help("write `Require local`"));
        }
    });
}
