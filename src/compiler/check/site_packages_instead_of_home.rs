//! `python-home` names a virtual environment as a whole.

use super::Check;
use super::python_paths::lists;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &SITE_PACKAGES_INSTEAD_OF_HOME, run };

static SITE_PACKAGES_INSTEAD_OF_HOME: Code = Code::info(
    "site-packages-instead-of-home",
    "the modules of a virtual environment are named, and not the environment",
    include_str!("site_packages_instead_of_home.md"),
)
.pedantic();

fn run(server: &Server, report: &mut Report) {
    for list in lists(server) {
        let folder = list.value.split(':').find(|folder| folder.trim_end_matches('/').ends_with("/site-packages"));
        if let Some((home, _)) = folder.and_then(|folder| folder.split_once("/lib/python")) {
            let found = SITE_PACKAGES_INSTEAD_OF_HOME.at(list.span, "a part of an environment");
            report.push(found.help(format!("write `python-home={home}`")));
        }
    }
}
