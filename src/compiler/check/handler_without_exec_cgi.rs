//! A script that is reached by a handler needs `Options ExecCGI`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};

pub(super) const CHECK: Check = Check { code: &HANDLER_WITHOUT_EXEC_CGI, run };

static HANDLER_WITHOUT_EXEC_CGI: Code = Code::warning(
    "handler-without-exec-cgi",
    "a handler runs scripts where running them is not allowed",
    include_str!("handler_without_exec_cgi.md"),
)
.predicts(&["WSGI0134"]);

fn run(server: &Server, report: &mut Report) {
    let options = server.lines("Options");
    // Where it is allowed anywhere, the request has to tell whether it is allowed here.
    if server.beyond.macros || options.iter().any(|line| allows(line)) {
        return;
    }
    for (name, at) in [("SetHandler", 0), ("AddHandler", 0), ("AddType", 0), ("ForceType", 0)] {
        for line in server.lines(name).into_iter().filter(|line| is_wsgi(line.word(at))) {
            let found = HANDLER_WITHOUT_EXEC_CGI.at(line.words[at].span, "every script is refused");
            report.push(found.help("add `Options +ExecCGI`"));
        }
    }
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
