//! `WSGITrustedProxies` says from whom the fields of `WSGITrustedProxyHeaders` are believed.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &TRUSTED_PROXIES_WITHOUT_HEADERS, run };

static TRUSTED_PROXIES_WITHOUT_HEADERS: Code = Code::warning(
    "trusted-proxies-without-headers",
    "proxies are trusted, and no field of theirs is",
    include_str!("trusted_proxies_without_headers.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    let fields = server.lines("WSGITrustedProxyHeaders");
    if server.beyond.macros || fields.iter().any(|line| !line.words.is_empty()) {
        return;
    }
    for line in server.lines("WSGITrustedProxies").into_iter().filter(|line| !line.words.is_empty()) {
        let found = TRUSTED_PROXIES_WITHOUT_HEADERS.at(line.span, "with nothing to believe");
        report.push(found.help("add `WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto`"));
    }
}
