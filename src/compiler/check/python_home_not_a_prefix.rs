//! The home of a Python is the folder above `bin`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PYTHON_HOME_NOT_A_PREFIX, run };

static PYTHON_HOME_NOT_A_PREFIX: Code = Code::error(
    "python-home-not-a-prefix",
    "`python-home` names a part of a Python installation and not the whole",
    include_str!("python_home_not_a_prefix.md"),
)
.predicts(&["WSGI0100", "WSGI0101"]);

fn run(server: &Server, report: &mut Report) {
    let of_groups = server.process_groups.iter().filter_map(|group| group.python_home.as_ref());
    for home in of_groups.chain(&server.python_home) {
        let path = home.value.trim_end_matches('/');
        let (folder, last) = path.rsplit_once('/').unwrap_or_default();
        let prefix = if last == "bin" {
            folder
        } else if (last.starts_with("python") || last == "activate") && folder.ends_with("/bin") {
            folder.trim_end_matches("/bin")
        } else {
            continue;
        };
        let prefix = if prefix.is_empty() { "/" } else { prefix };
        let found = PYTHON_HOME_NOT_A_PREFIX.at(home.span, "not the folder above `bin`");
        report.push(found.help(format!("write `{prefix}`")));
    }
}
