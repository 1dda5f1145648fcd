//! Without `Listen` the server does not start.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Judge, Server};

pub(super) const CHECK: Check = Check { code: &MISSING_LISTEN, run };

static MISSING_LISTEN: Code =
    Code::error("missing-listen", "nothing listens: there is no Listen", include_str!("missing_listen.md"))
        .of_absence()
        .predicts(&["AH00451"]);

fn run(server: &Server, report: &mut Report) {
    // A file that others include has its Listen elsewhere.
    let whole = server.beyond.stands_alone || server.judge == Judge::WsgiServe;
    if whole && server.listeners.is_empty() && !server.beyond.macros && !server.beyond.failed.contains("Listen") {
        let port = server.hosts.iter().flat_map(|host| &host.addresses).find_map(|address| address.value.port);
        let found = MISSING_LISTEN.at(server.main().span, "no Listen in this file");
        report.push(found.help(format!("add `Listen {}`", port.unwrap_or(80))));
    }
}
