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
        if let Some(all) = everywhere.get(&listen.port) {
            let found = LISTEN_OVERLAPS.at(listen.span, "already taken");
            report.push(found.and(all.span, "takes all addresses").help("delete this line"));
        }
    }
}

/// All addresses of IPv4 as of IPv6. `0.0.0.0` alone leaves those of IPv6 free.
fn is_everywhere(listen: &Listen) -> bool {
    listen.address.is_none()
}
