//! Folders of scripts without a slash at the end.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::{FileKind, Look};

pub(super) const INSPECTION: Inspection = Inspection { code: &FOLDER_MOUNTED_AS_SCRIPT, run };

static FOLDER_MOUNTED_AS_SCRIPT: Code = Code::warning(
    "folder-mounted-as-script",
    "a folder is mounted as if it were a script",
    include_str!("folder_mounted_as_script.md"),
)
.predicts(&["WSGI0136"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in &deployment.applications {
        let mount = application.mount;
        let path = application.script_path();
        let is_folder = matches!(deployment.look(path), Look::There(status) if status.kind == FileKind::Folder);
        // With a slash at the end of both it says that it means the folder.
        if is_folder && !path.ends_with('/') {
            let found = FOLDER_MOUNTED_AS_SCRIPT.at(mount.script.span, "a folder");
            let url_path = mount.url_path.value.trim_end_matches('/');
            report
                .push(found.help(format!("name a script in it, or write `{url_path}/ {path}/` to mount all of them")));
        }
    }
}
