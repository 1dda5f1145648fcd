//! `<Location>` is compared with the path of the URL, which begins with a slash.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Server};
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &LOCATION_NEVER_MATCHES, run };

static LOCATION_NEVER_MATCHES: Code = Code::warning(
    "location-never-matches",
    "a `<Location>` is no URL path and never matches",
    include_str!("location_never_matches.md"),
);

fn run(server: &Server, report: &mut Report) {
    let proxies_others = server.lines("ProxyRequests").iter().any(|line| line.is_on());
    for section in server.hosts.iter().flat_map(|host| &host.sections) {
        let Matcher::Plain(Match::Location(path)) = &section.matcher else { continue };
        if path.starts_with('/') || path.contains("${") || proxies_others && path.contains(":/") {
            continue;
        }
        let found = LOCATION_NEVER_MATCHES.at(section.span, "does not begin with `/`");
        let path = match path.split_once(":/") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => path.as_str(),
        };
        report.push(found.help(format!("write `<Location /{}>`", path.trim_start_matches('/'))));
    }
}
