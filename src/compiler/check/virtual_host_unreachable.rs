//! The first virtual host of an address that has the name wins.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity};
use crate::compiler::model::{Host, Server};
use crate::plan::HostAddress;

pub(super) const CHECK: Check = Check { code: &VIRTUAL_HOST_UNREACHABLE, run };

static VIRTUAL_HOST_UNREACHABLE: Code = Code {
    name: "virtual-host-unreachable",
    severity: Severity::Warning,
    summary: "a virtual host has the address and the name of an earlier one, which takes all its requests",
    explain: include_str!("virtual_host_unreachable.md"),
};

fn run(server: &Server, report: &mut Report) {
    let hosts = &server.hosts[1..];
    for (index, host) in hosts.iter().enumerate() {
        let Some(name) = &host.server_name else { continue };
        let earlier = hosts[..index].iter().find(|earlier| {
            addresses(earlier) == addresses(host)
                && earlier.server_name.as_ref().is_some_and(|earlier| earlier.value.name == name.value.name)
        });
        // With an alias of its own it can still be reached.
        if let Some(first) = earlier.and_then(|earlier| earlier.server_name.as_ref())
            && host.server_aliases.is_empty()
        {
            let found = VIRTUAL_HOST_UNREACHABLE.at(name.span, "never reached");
            report.push(found.and(first.span, "the same name at the same address"));
        }
    }
}

fn addresses(host: &Host) -> Vec<&HostAddress> {
    host.addresses.iter().map(|address| &address.value).collect()
}
