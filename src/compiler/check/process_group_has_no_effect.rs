//! `WSGIProcessGroup` in a section that matches no script: the application silently runs in embedded mode.

use super::Check;
use super::effect::without_effect;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_HAS_NO_EFFECT, run };

static PROCESS_GROUP_HAS_NO_EFFECT: Code = Code::warning(
    "process-group-has-no-effect",
    "a process group is chosen in a section that no mounted script lies in",
    include_str!("process_group_has_no_effect.md"),
);

fn run(server: &Server, report: &mut Report) {
    for (group, section, mount) in
        without_effect(server, |settings| settings.process_group.as_ref().map(|group| group.span))
    {
        let found = PROCESS_GROUP_HAS_NO_EFFECT.at(group, "chosen for no script");
        let found = found.and(section.span, "the section matches no mounted script");
        let found = found.and(mount.script.span, "the script lies here");
        report.push(found.help("move the line out of the section, or let the section match the script"));
    }
}
