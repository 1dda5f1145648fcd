//! mod_wsgi's handler is called `wsgi-script`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &UNKNOWN_HANDLER, run };

static UNKNOWN_HANDLER: Code = Code::error(
    "unknown-handler",
    "a handler is named that nobody has, so the source of the scripts is sent",
    include_str!("unknown_handler.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros {
        return;
    }
    // These two define handlers.
    let lines = ["WSGIHandlerScript", "Action"].into_iter().flat_map(|name| server.lines(name));
    let own: Vec<&str> = lines.map(|line| line.word(0)).collect();
    for name in ["SetHandler", "AddHandler"] {
        for line in
            server.lines(name).into_iter().filter(|line| is_nearly_wsgi(line.word(0)) && !own.contains(&line.word(0)))
        {
            let found = UNKNOWN_HANDLER.at(line.words[0].span, "no such handler");
            report.push(found.help("write `wsgi-script`"));
        }
    }
}

/// What people write who mean mod_wsgi's handler.
fn is_nearly_wsgi(handler: &str) -> bool {
    let handler = handler.to_ascii_lowercase();
    let known = matches!(handler.as_str(), "wsgi-script" | "application/x-httpd-wsgi");
    !known
        && (handler.contains("wsgi") && !handler.contains("uwsgi") && !handler.starts_with("proxy:")
            || matches!(handler.as_str(), "mod_python" | "python-program" | "python-script"))
}
