//! A virtual host whose port no `Listen` opens is never reached.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Judge, Server};

pub(super) const CHECK: Check = Check { code: &VIRTUAL_HOST_PORT_NOT_LISTENED, run };

static VIRTUAL_HOST_PORT_NOT_LISTENED: Code = Code::warning(
    "virtual-host-port-not-listened",
    "a virtual host waits on a port that nothing listens on",
    include_str!("virtual_host_port_not_listened.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    let whole = server.beyond.stands_alone || server.judge == Judge::WsgiServe;
    let Some(first) = server.listeners.first() else { return };
    if !whole || server.beyond.macros || server.beyond.failed.contains("Listen") {
        return;
    }
    for address in server.hosts.iter().flat_map(|host| &host.addresses) {
        let Some(port) = address.value.port else { continue };
        // Port 0 is whichever is free.
        if server.listeners.iter().all(|listen| listen.port != port && listen.port != 0) {
            let found = VIRTUAL_HOST_PORT_NOT_LISTENED.at(address.span, format!("nothing listens on {port}"));
            let found = found.and(first.span, "the server listens here");
            report.push(found.help(format!("add `Listen {port}`")));
        }
    }
}
