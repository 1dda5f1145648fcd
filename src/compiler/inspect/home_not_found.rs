//! `home` that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::{FileKind, Look};

pub(super) const INSPECTION: Inspection = Inspection { code: &HOME_NOT_FOUND, run };

static HOME_NOT_FOUND: Code = Code::error(
    "home-not-found",
    "the working directory of a process group is not there",
    include_str!("home_not_found.md"),
)
.predicts(&["WSGI0009"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let groups = deployment.server.process_groups.iter().filter(|group| group.other("chroot").is_none());
    for home in groups.filter_map(|group| group.home.as_ref()).filter(|home| !home.value.contains("${")) {
        let label = match deployment.look(&home.value) {
            Look::Missing => "no such folder",
            Look::There(status) if status.kind != FileKind::Folder => "not a folder",
            _ => continue,
        };
        let help = deployment.nearest_entry(&home.value).map(|near| format!("there is `{near}`"));
        report.push(HOME_NOT_FOUND.at(home.span, label).maybe_help(help));
    }
}
