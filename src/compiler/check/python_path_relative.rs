//! A relative folder begins where the process happens to be.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PYTHON_PATH_RELATIVE, run };

static PYTHON_PATH_RELATIVE: Code = Code::warning(
    "python-path-relative",
    "a folder of Python's modules is relative, and found from some working folders only",
    include_str!("python_path_relative.md"),
)
.predicts(&["WSGI0109"]);

fn run(server: &Server, report: &mut Report) {
    // With `home=` the processes have changed to that folder before.
    let homeless = server.process_groups.iter().filter(|group| group.home.is_none());
    for list in homeless.filter_map(|group| group.python_path.as_ref()).chain(&server.python_path) {
        let relative = list.value.split(':').find(|folder| {
            // A variable that nobody defined is reported for that.
            !folder.is_empty() && !folder.starts_with('/') && !folder.starts_with("${")
        });
        if let Some(folder) = relative {
            let found = PYTHON_PATH_RELATIVE.at(list.span, format!("`{folder}` is no whole path"));
            report.push(found.help(format!("write the whole path: `/…/{}`", folder.trim_start_matches("./"))));
        }
    }
}
