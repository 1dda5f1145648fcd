//! A process group with `chroot` sees one folder only.

use super::Check;
use super::chosen::applications;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, path_is_within};

pub(super) const CHECK: Check = Check { code: &SCRIPT_OUTSIDE_CHROOT, run };

static SCRIPT_OUTSIDE_CHROOT: Code = Code::error(
    "script-outside-chroot",
    "a script lies outside of the folder that its process group is locked into",
    include_str!("script_outside_chroot.md"),
)
.predicts(&["WSGI0081"]);

fn run(server: &Server, report: &mut Report) {
    for application in applications(server) {
        let Some(chroot) = application.process_group(server).and_then(|group| group.other("chroot")) else { continue };
        let script = &application.mount.script;
        if script.value.starts_with('/') && !path_is_within(&script.value, &chroot.value) {
            let found = SCRIPT_OUTSIDE_CHROOT.at(script.span, "not in the chroot");
            let found = found.and(chroot.span, "all that its processes see");
            let folder = chroot.value.trim_end_matches('/');
            report.push(found.help(format!("write `{folder}{}`, and put the script there", script.value)));
        }
    }
}
