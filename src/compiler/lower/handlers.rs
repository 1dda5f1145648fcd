//! Handlers that are named and that wsgi-serve does not have. Which there are is known once every line was read.

use crate::compiler::diagnostic::{Report, Severity};
use crate::compiler::directive::UNSUPPORTED_VALUE;
use crate::compiler::model::Server;
use crate::compiler::source::Spanned;

/// What files and WSGI scripts are answered by.
const OURS: [&str; 5] = ["", "none", "default-handler", "wsgi-script", "application/x-httpd-wsgi"];

/// Names the handlers of others.
pub(super) fn report_others(server: &Server, lenient: bool, report: &mut Report) {
    let mut named: Vec<&Spanned<String>> = Vec::new();
    let mut own: Vec<&str> = Vec::new();
    server.visit(&mut |_, _, settings| {
        named.extend(&settings.handler);
        named.extend(settings.handlers.iter().map(|(_, handler)| handler));
        own.extend(settings.handler_scripts.iter().map(|handler| handler.name.value.as_str()));
    });
    named.dedup_by_key(|name| name.span);
    for name in named {
        if !OURS.iter().any(|known| name.value.eq_ignore_ascii_case(known)) && !own.contains(&name.value.as_str()) {
            let severity = if lenient { Severity::Warning } else { Severity::Error };
            report.push(UNSUPPORTED_VALUE.at(name.span, "a handler that wsgi-serve does not have").graded(severity));
        }
    }
}
