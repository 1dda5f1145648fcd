//! `%{ENV:NAME}` stays as it is where nothing sets the variable.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{GroupName, Server};
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &ENVIRONMENT_TOKEN_UNSET, run };

static ENVIRONMENT_TOKEN_UNSET: Code = Code::warning(
    "environment-token-unset",
    "`%{ENV:…}` names a variable that nothing in the configuration sets",
    include_str!("environment_token_unset.md"),
)
.of_absence()
.predicts(&["WSGI0151"]);

/// Directives that may set a variable of a request. What their words hold is not read, only whether it holds the name.
const SETTERS: [&str; 7] =
    ["SetEnvIf", "SetEnvIfNoCase", "SetEnvIfExpr", "BrowserMatch", "BrowserMatchNoCase", "PassEnv", "RewriteRule"];

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros || server.lines("AllowOverride").iter().any(|line| line.allows("FileInfo")) {
        return;
    }
    let used = server.used_process_groups();
    for (_, group) in used {
        let GroupName::Token(token) = &group.value else { continue };
        let Some(name) = token.strip_prefix("%{ENV:").and_then(|rest| rest.strip_suffix('}')) else { continue };
        if !is_set(server, name) {
            report_unset(&Spanned::new(name, group.span), report);
        }
    }
}

fn is_set(server: &Server, name: &str) -> bool {
    // What Apache's own process has in its environment is found as well: the distributions' `envvars` set these.
    let mut set = name.starts_with("SSL_") || name.starts_with("APACHE_") || matches!(name, "LANG" | "PATH");
    let names = |word: &str| word.to_ascii_lowercase().contains(&name.to_ascii_lowercase());
    server.visit(&mut |_, _, settings| {
        set |= settings.set_env.iter().any(|variable| variable.value.0.eq_ignore_ascii_case(name));
        let mut setters = settings.lines.iter().filter(|line| SETTERS.contains(&line.name));
        set |= setters.any(|line| line.words.iter().any(|word| names(&word.value)));
    });
    set
}

fn report_unset(name: &Spanned<&str>, report: &mut Report) {
    let found = ENVIRONMENT_TOKEN_UNSET.at(name.span, "stays as it stands");
    report.push(found.help(format!("add `SetEnv {} GROUP`", name.value)));
}
