//! A user is asked for by `AuthType` under the name of `AuthName`.

use super::Check;
use super::access::asks_for_user;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;
use crate::compiler::source::Span;

pub(super) const CHECK: Check = Check { code: &AUTHENTICATION_INCOMPLETE, run };

static AUTHENTICATION_INCOMPLETE: Code = Code::warning(
    "authentication-incomplete",
    "a user is required, and nothing says how to find out who it is",
    include_str!("authentication_incomplete.md"),
)
.of_absence()
.predicts(&["AH00027", "AH01615"]);

fn run(server: &Server, report: &mut Report) {
    let types = server.lines("AuthType");
    // Lines like these may stand in any section that matches too, so the first one anywhere is enough.
    let by_certificate = ["SSLUserName", "SSLVerifyClient"].iter().any(|name| !server.lines(name).is_empty());
    let elsewhere = server.lines("AllowOverride").iter().any(|line| line.allows("AuthConfig"));
    if server.beyond.macros || by_certificate || elsewhere {
        return;
    }
    if types.iter().all(|line| line.word(0).eq_ignore_ascii_case("none")) {
        let mut required: Vec<Span> = Vec::new();
        server.visit(&mut |_, _, settings| {
            // Modules of others know the user without a type.
            if settings.line("AuthType").is_some() {
                return;
            }
            required.extend(settings.require.iter().find(|one| asks_for_user(one)).map(|one| one.span));
        });
        for span in required {
            let found = AUTHENTICATION_INCOMPLETE.at(span, "nobody is ever asked");
            report.push(found.help("add `AuthType Basic`, `AuthName \"…\"` and `AuthUserFile …`"));
        }
    } else if server.lines("AuthName").is_empty() {
        let needs_name = |name: &str| name.eq_ignore_ascii_case("basic") || name.eq_ignore_ascii_case("digest");
        for line in types.iter().filter(|line| needs_name(line.word(0))) {
            let found = AUTHENTICATION_INCOMPLETE.at(line.span, "there is no `AuthName`");
            let found = found.says("a password is asked for, and nothing says for what");
            report.push(found.help("add `AuthName \"…\"`"));
        }
    }
}
