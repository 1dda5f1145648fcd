//! The pages about the server tell who asks it for what.

use std::net::IpAddr;

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Server};
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
    server.visit(&mut |index, _, settings| {
        // `Order` and `Deny` restrict beside `Require`.
        let old_style = settings.order.is_some() || !settings.deny.is_empty() || settings.access_is_more;
        if old_style || is_local(&server.hosts[index], server) {
            return;
        }
        let handler = settings.line("SetHandler").filter(|line| HANDLERS.contains(&line.word(0)));
        let granted = settings.require.iter().find(|one| one.value == Require::AllGranted);
        if let (Some(handler), Some(granted)) = (handler, granted) {
            let found = STATUS_PAGE_OPEN.at(granted.span, "open to everybody");
            report.push(found.and(handler.span, "shows the server").help("write `Require local`"));
        }
    });
}

/// Whether only the machine itself can reach a host.
fn is_local(host: &Host, server: &Server) -> bool {
    let listeners = &server.listeners;
    let by_address =
        !host.addresses.is_empty() && host.addresses.iter().all(|one| is_loopback(one.value.address.as_deref()));
    by_address || !listeners.is_empty() && listeners.iter().all(|one| is_loopback(one.address.as_deref()))
}

fn is_loopback(address: Option<&str>) -> bool {
    let number = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    address.is_some_and(|text| text == "localhost" || number(text).is_some_and(|number| number.is_loopback()))
}
