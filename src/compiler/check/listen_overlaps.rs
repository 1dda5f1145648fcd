//! A port of all addresses and the same port of one of them cannot both be opened.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Listen, Server};
use std::collections::HashMap;

pub(super) const CHECK: Check = Check { code: &LISTEN_OVERLAPS, run };

static LISTEN_OVERLAPS: Code = Code::error(
    "listen-overlaps",
    "a port is listened on at all addresses and at one of them",
    include_str!("listen_overlaps.md"),
)
.predicts(&["AH00072"]);

fn run(server: &Server, report: &mut Report) {
    let everywhere: HashMap<u16, &Listen> =
        server.listeners.iter().filter(|listen| is_everywhere(listen)).map(|listen| (listen.port, listen)).collect();
    for listen in server.listeners.iter().filter(|listen| !is_everywhere(listen) && listen.port != 0) {
        // All addresses of IPv6, opened first, leave those of IPv4 to the other line: the server starts.
        let first = |all: &&&Listen| is_all_of_ipv6(listen) && listen.span.start < all.span.start;
        if let Some(all) = everywhere.get(&listen.port).filter(|all| !first(all)) {
            let found = LISTEN_OVERLAPS.at(listen.span, "already taken");
            report.push(found.and(all.span, "takes all addresses").help("delete this line"));
        }
    }
}

/// All addresses of IPv4 as of IPv6. `0.0.0.0` alone leaves those of IPv6 free.
fn is_everywhere(listen: &Listen) -> bool {
    listen.address.is_none()
}

fn is_all_of_ipv6(listen: &Listen) -> bool {
    listen
        .address
        .as_deref()
        .is_some_and(|address| matches!(address.trim_matches(['[', ']']), "::" | "0:0:0:0:0:0:0:0"))
}
