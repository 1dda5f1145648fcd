//! One multi-processing module runs the server.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &SEVERAL_MPMS, run };

static SEVERAL_MPMS: Code =
    Code::error("several-mpms", "more than one multi-processing module is loaded", include_str!("several_mpms.md"))
        .predicts(&["AH00534"]);

fn run(server: &Server, report: &mut Report) {
    let lines = server.lines("LoadModule");
    let mut modules = lines.into_iter().filter(|line| is_mpm(line.word(0)));
    let Some(first) = modules.next() else { return };
    if let Some(other) = modules.find(|other| other.word(0) != first.word(0)) {
        let found = SEVERAL_MPMS.at(other.span, "a second one");
        report.push(found.and(first.span, "the first one").help("delete one of the two"));
    }
}

/// mpm-itk is loaded beside prefork, which it works on.
fn is_mpm(module: &str) -> bool {
    module.starts_with("mpm_") && module != "mpm_itk_module"
}
