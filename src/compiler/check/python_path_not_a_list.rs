//! Folders are separated by colons, and nothing else separates them.

use super::Check;
use super::python_paths::lists;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PYTHON_PATH_NOT_A_LIST, run };

static PYTHON_PATH_NOT_A_LIST: Code = Code::warning(
    "python-path-not-a-list",
    "folders of Python's modules are separated by something that is no colon",
    include_str!("python_path_not_a_list.md"),
)
.predicts(&["WSGI0109"]);

fn run(server: &Server, report: &mut Report) {
    for list in lists(server) {
        let separated = [",/", ", /", ";/", "; /", " /"].into_iter().find(|separator| list.value.contains(separator));
        if let Some(separator) = separated {
            let found = PYTHON_PATH_NOT_A_LIST.at(list.span, "taken for one folder");
            let right = list.value.replace(separator, ":/");
            report.push(found.help(format!("write `{right}`")));
        }
    }
}
