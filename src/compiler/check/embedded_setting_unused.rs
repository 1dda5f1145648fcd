//! Some directives of mod_wsgi act on embedded mode only.

use super::Check;
use super::chosen::{Application, applications};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};

pub(super) const CHECK: Check = Check { code: &EMBEDDED_SETTING_UNUSED, run };

static EMBEDDED_SETTING_UNUSED: Code = Code::warning(
    "embedded-setting-unused",
    "a directive for embedded mode is given, and every application runs in a process group",
    include_str!("embedded_setting_unused.md"),
)
.predicts(&["WSGI0109"]);

/// Each with the option of `WSGIDaemonProcess` that takes its place.
const EMBEDDED_ONLY: [(&str, Option<&str>); 4] = [
    ("WSGIPythonPath", Some("python-path")),
    ("WSGIPythonEggs", Some("python-eggs")),
    ("WSGIServerMetrics", Some("server-metrics")),
    ("WSGIPassApacheRequest", None),
];

/// Scripts that run in Apache's own processes wherever the application runs.
const SCRIPTS_IN_APACHE: [&str; 4] =
    ["WSGIAccessScript", "WSGIAuthUserScript", "WSGIAuthGroupScript", "WSGIHandlerScript"];

fn run(server: &Server, report: &mut Report) {
    let applications = applications(server);
    let all_in_daemons = !applications.is_empty() && applications.iter().all(Application::is_in_daemon);
    let imports = server.lines("WSGIImportScript");
    let others = server.beyond.other_scripts
        || SCRIPTS_IN_APACHE.iter().any(|name| !server.lines(name).is_empty())
        || imports.iter().any(|line| line.option("process-group").is_none_or(|group| group.value == "%{GLOBAL}"));
    if !all_in_daemons || others {
        return;
    }
    for (name, option) in EMBEDDED_ONLY {
        for line in server.lines(name).into_iter().filter(|line| asks_for_something(line)) {
            let found = EMBEDDED_SETTING_UNUSED.at(line.span, "no application runs embedded");
            let help = match option {
                Some(option) => format!("write `{option}={}` in the WSGIDaemonProcess", line.word(0)),
                None => "delete the line: daemon processes have no request_rec".to_owned(),
            };
            report.push(found.help(help));
        }
    }
}

fn asks_for_something(line: &Line) -> bool {
    !line.word(0).is_empty() && !line.word(0).eq_ignore_ascii_case("off")
}
