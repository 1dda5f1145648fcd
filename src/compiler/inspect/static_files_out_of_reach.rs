//! Served files and folders that the account of the server may not reach.

use super::access::{Barrier, Want, barrier};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::FileKind;
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &STATIC_FILES_OUT_OF_REACH, run };

static STATIC_FILES_OUT_OF_REACH: Code = Code::warning(
    "static-files-out-of-reach",
    "Apache may not reach files that it is to hand out",
    include_str!("static_files_out_of_reach.md"),
)
.predicts(&["AH00035", "AH00132"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let Some(account) = deployment.server_account() else { return };
    for (_, target, path) in deployment.served() {
        let path = Path::new(&path);
        let is_folder = deployment.machine.kind(path) == Some(FileKind::Folder);
        let want = if is_folder { Want::Enter } else { Want::Read };
        let place = match barrier(deployment.machine, &account, path, want) {
            Some(Barrier::Folder(folder)) => folder.display().to_string(),
            Some(Barrier::Itself) => path.display().to_string(),
            None => continue,
        };
        let found = STATIC_FILES_OUT_OF_REACH.at(target.span, format!("closed to `{}` at `{place}`", account.name));
        let right = if is_folder || place != path.display().to_string() { "o+x" } else { "o+r" };
        report.push(found.help(format!("let `{}` in: `chmod {right} {place}`", account.name)));
    }
}
