//! `CustomLog` takes an unknown nickname for the format itself.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, nearest};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &UNKNOWN_LOG_FORMAT, run };

static UNKNOWN_LOG_FORMAT: Code = Code::warning(
    "unknown-log-format",
    "a log format is given by a nickname that no LogFormat defines, and is written as it stands",
    include_str!("unknown_log_format.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    // A file that others include has its LogFormat elsewhere.
    if server.beyond.macros || !server.beyond.stands_alone {
        return;
    }
    for host in &server.hosts {
        for format in host.access_logs.iter().filter_map(|log| log.format.as_ref()) {
            let known =
                || host.log_formats.iter().chain(&server.main().log_formats).map(|known| known.nickname.value.as_str());
            if format.value.contains(['%', ' ']) || format.value == "CLF" || known().any(|name| name == format.value) {
                continue;
            }
            let near = nearest(&format.value, known()).map(|near| format!("did you mean `{near}`?"));
            report.push(UNKNOWN_LOG_FORMAT.at(format.span, "every line of the log is this word").maybe_help(near));
        }
    }
}
