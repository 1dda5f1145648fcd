//! The provider `wsgi` asks a script.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};
use crate::plan::sections::Require;

pub(super) const CHECK: Check = Check { code: &AUTHENTICATION_SCRIPT_MISSING, run };

static AUTHENTICATION_SCRIPT_MISSING: Code = Code::error(
    "authentication-script-missing",
    "a user or a group is to be checked by a script, and no line names the script",
    include_str!("authentication_script_missing.md"),
)
.of_absence()
.predicts(&["WSGI0041", "WSGI0044", "WSGI0047", "WSGI0058"]);

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros {
        return;
    }
    if server.lines("WSGIAuthUserScript").is_empty() {
        for name in ["AuthBasicProvider", "AuthDigestProvider"] {
            for line in server.lines(name).into_iter().filter(|line| names_wsgi(line)) {
                let found = AUTHENTICATION_SCRIPT_MISSING.at(line.span, "asks a script");
                report.push(found.help("add `WSGIAuthUserScript /…/auth.wsgi`"));
            }
        }
    }
    if server.lines("WSGIAuthGroupScript").is_empty() {
        let mut groups = Vec::new();
        server.visit(&mut |_, _, settings| {
            let asked = |one: &Require| matches!(one, Require::WsgiGroup(_));
            groups.extend(settings.require.iter().filter(|one| asked(&one.value)).map(|one| one.span));
        });
        for span in groups {
            let found = AUTHENTICATION_SCRIPT_MISSING.at(span, "asks a script");
            report.push(found.help("add `WSGIAuthGroupScript /…/groups.wsgi`"));
        }
    }
}

fn names_wsgi(line: &Line) -> bool {
    line.words.iter().any(|word| word.value.eq_ignore_ascii_case("wsgi"))
}
