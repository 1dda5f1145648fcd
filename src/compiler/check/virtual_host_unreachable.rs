//! The first virtual host of an address that has the name wins.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Server, ServerName};
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &VIRTUAL_HOST_UNREACHABLE, run };

static VIRTUAL_HOST_UNREACHABLE: Code = Code::warning(
    "virtual-host-unreachable",
    "a virtual host has the address and the name of an earlier one, which takes all its requests",
    include_str!("virtual_host_unreachable.md"),
);

fn run(server: &Server, report: &mut Report) {
    let mut first_of: HashMap<_, &Spanned<ServerName>> = HashMap::new();
    for host in &server.hosts[1..] {
        let Some(name) = &host.server_name else { continue };
        match first_of.entry((&name.value.name, addresses(host))) {
            Entry::Vacant(place) => {
                place.insert(name);
            }
            // With an alias of its own it can still be reached.
            Entry::Occupied(first) if host.server_aliases.is_empty() => {
                let found = VIRTUAL_HOST_UNREACHABLE.at(name.span, "never reached");
                report.push(found.and(first.get().span, "the same name at the same address"));
            }
            Entry::Occupied(_) => {}
        }
    }
}

fn addresses(host: &Host) -> Vec<(Option<&str>, Option<u16>)> {
    host.addresses.iter().map(|address| (address.value.address.as_deref(), address.value.port)).collect()
}
