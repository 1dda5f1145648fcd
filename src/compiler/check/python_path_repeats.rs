//! A folder counts once in `sys.path`.

use super::Check;
use super::python_paths::lists;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PYTHON_PATH_REPEATS, run };

static PYTHON_PATH_REPEATS: Code = Code::warning(
    "python-path-repeats",
    "a folder stands twice in the path of Python's modules",
    include_str!("python_path_repeats.md"),
);

fn run(server: &Server, report: &mut Report) {
    for list in lists(server) {
        let folders: Vec<&str> = list.value.split(':').map(|folder| folder.trim_end_matches('/')).collect();
        let again =
            folders.iter().enumerate().find(|(index, folder)| !folder.is_empty() && folders[..*index].contains(folder));
        if let Some((_, folder)) = again {
            let found = PYTHON_PATH_REPEATS.at(list.span, format!("`{folder}` is there twice"));
            report.push(found.help("delete one of the two"));
        }
    }
}
