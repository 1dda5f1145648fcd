//! The first virtual host that has a name in any way takes it.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Server};
use crate::compiler::source::Spanned;
use std::collections::HashMap;

pub(super) const CHECK: Check = Check { code: &HOST_NAME_TAKEN, run };

static HOST_NAME_TAKEN: Code = Code::warning(
    "host-name-taken",
    "the name of a virtual host belongs to an alias of an earlier one, which takes its requests",
    include_str!("host_name_taken.md"),
);

/// The aliases at an address up to some line: the plain ones by name, and the patterns.
#[derive(Default)]
struct Aliases<'a> {
    plain: HashMap<&'a str, &'a Spanned<String>>,
    patterns: Vec<&'a Spanned<String>>,
}

/// Nobody writes more patterns for one address by hand.
const MOST_PATTERNS: usize = 100;

fn run(server: &Server, report: &mut Report) {
    let mut at_address: HashMap<Vec<_>, Aliases<'_>> = HashMap::new();
    for host in &server.hosts[1..] {
        let addresses = host.addresses.iter().map(|address| (address.value.address.as_deref(), address.value.port));
        let earlier = at_address.entry(addresses.collect()).or_default();
        if let Some(taken) = host.server_name.as_ref().and_then(|name| earlier.having(&name.value.name)) {
            report_taken(host, taken, report);
        }
        for alias in &host.server_aliases {
            if alias.value.contains(['*', '?']) {
                earlier.patterns.push(alias);
            } else {
                earlier.plain.entry(alias.value.as_str()).or_insert(alias);
            }
        }
    }
}

impl<'a> Aliases<'a> {
    fn having(&self, name: &str) -> Option<&'a Spanned<String>> {
        let matches =
            |alias: &&&Spanned<String>| glob::Pattern::new(&alias.value).is_ok_and(|alias| alias.matches(name));
        self.plain.get(name).or_else(|| self.patterns.iter().take(MOST_PATTERNS).find(matches)).copied()
    }
}

fn report_taken(host: &Host, taken: &Spanned<String>, report: &mut Report) {
    let Some(name) = &host.server_name else { return };
    let found = HOST_NAME_TAKEN.at(name.span, "answered by another host");
    let found = found.and(taken.span, format!("`{}` has this name too", taken.value));
    let help = if taken.value.contains(['*', '?']) {
        "move this virtual host before the one with the pattern"
    } else {
        "delete the alias"
    };
    report.push(found.help(help));
}
