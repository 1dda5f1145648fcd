//! A script that is reached by a handler needs `Options ExecCGI`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Mount, Section, Server};

pub(super) const CHECK: Check = Check { code: &HANDLER_WITHOUT_EXEC_CGI, run };

static HANDLER_WITHOUT_EXEC_CGI: Code = Code::warning(
    "handler-without-exec-cgi",
    "a handler runs scripts where running them is not allowed",
    include_str!("handler_without_exec_cgi.md"),
)
.of_absence()
.predicts(&["WSGI0134"]);

fn run(server: &Server, report: &mut Report) {
    let options = server.lines("Options");
    // Where it is allowed anywhere, the request has to tell whether it is allowed here.
    if server.beyond.macros || options.iter().any(|line| allows(line)) {
        return;
    }
    if server.lines("AllowOverride").iter().any(|line| line.allows("Options")) {
        return;
    }
    server.visit(&mut |_, section, settings| {
        let lines = settings.lines.iter().filter(|line| ["SetHandler", "AddHandler"].contains(&line.name));
        for line in lines.filter(|line| is_wsgi(line.word(0)) && !is_mounted(server, section)) {
            let found = HANDLER_WITHOUT_EXEC_CGI.at(line.words[0].span, "every script is refused");
            report.push(found.help("add `Options +ExecCGI`"));
        }
    });
}

/// Whether a mount leads to scripts there: it has a handler of its own, and asks for no `ExecCGI`.
fn is_mounted(server: &Server, section: Option<&Section>) -> bool {
    let reaches = |mount: &Mount| {
        section.is_none_or(|section| section.matches(&mount.url_path.value, &mount.script.value) != Some(false))
    };
    server.mounts().any(reaches) || server.hosts.iter().any(|host| !host.pattern_mounts.is_empty())
}

fn is_wsgi(handler: &str) -> bool {
    handler.eq_ignore_ascii_case("wsgi-script") || handler.eq_ignore_ascii_case("application/x-httpd-wsgi")
}

fn allows(line: &Line) -> bool {
    line.words.iter().any(|word| {
        let option = word.value.trim_start_matches('+');
        option.eq_ignore_ascii_case("ExecCGI") || option.eq_ignore_ascii_case("All")
    })
}
