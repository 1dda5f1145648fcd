//! A virtual host without a name answers to that of the main server.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Server};
use std::collections::HashMap;

pub(super) const CHECK: Check = Check { code: &VIRTUAL_HOST_WITHOUT_NAME, run };

static VIRTUAL_HOST_WITHOUT_NAME: Code = Code::warning(
    "virtual-host-without-name",
    "a virtual host has no name, and is not the first one of its address",
    include_str!("virtual_host_without_name.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros || server.beyond.failed.contains("ServerName") {
        return;
    }
    // It answers to the name of the main server, unless another one of its address does.
    let inherited = server.main().server_name.as_ref().map(|name| name.value.name.as_str());
    let mut answering: HashMap<_, bool> = HashMap::new();
    let mut first_of: HashMap<_, &Host> = HashMap::new();
    for host in &server.hosts[1..] {
        let addresses: Vec<_> =
            host.addresses.iter().map(|address| &address.value).map(|one| (&one.address, one.port)).collect();
        // What Apache would look up in the DNS is not known here.
        let any_address = !addresses.is_empty() && addresses.iter().all(|(address, _)| address.is_none());
        let named = host.server_name.is_some() || !host.server_aliases.is_empty();
        let answered = answering.entry(addresses.clone()).or_insert(inherited.is_none());
        let was_answered = std::mem::replace(answered, *answered || inherited.is_some_and(|name| answers(host, name)));
        match first_of.get(&addresses) {
            Some(first) if !named && any_address && was_answered => {
                let found = VIRTUAL_HOST_WITHOUT_NAME.at(host.span, "no request comes here");
                let found = found.and(first.span, "takes those without a match");
                report.push(found.help("add `ServerName`"));
            }
            Some(_) => {}
            None => {
                first_of.insert(addresses, host);
            }
        }
    }
}

/// Whether a host answers to the name of the main server, which is its own where it has none.
fn answers(host: &Host, inherited: &str) -> bool {
    let own = host.server_name.as_ref().is_none_or(|name| name.value.name == inherited);
    own || host.server_aliases.iter().any(|alias| alias.value.eq_ignore_ascii_case(inherited))
}
