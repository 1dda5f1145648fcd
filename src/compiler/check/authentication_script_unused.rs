//! `WSGIAuthUserScript` is asked by the provider `wsgi` only.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &AUTHENTICATION_SCRIPT_UNUSED, run };

static AUTHENTICATION_SCRIPT_UNUSED: Code = Code::warning(
    "authentication-script-unused",
    "a script that checks passwords is never asked",
    include_str!("authentication_script_unused.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    let providers = ["AuthBasicProvider", "AuthDigestProvider"].map(|name| server.lines(name)).concat();
    let asks = providers.iter().flat_map(|line| &line.words).any(|word| word.value.eq_ignore_ascii_case("wsgi"));
    if asks || server.beyond.macros {
        return;
    }
    for line in server.lines("WSGIAuthUserScript") {
        let found = AUTHENTICATION_SCRIPT_UNUSED.at(line.span, "no provider asks it");
        report.push(found.help("add `AuthBasicProvider wsgi`"));
    }
}
