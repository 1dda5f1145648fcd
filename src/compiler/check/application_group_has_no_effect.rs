//! `WSGIApplicationGroup` in a section that matches no script: the application runs in the interpreter of the default.

use super::Check;
use super::effect::without_effect;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &APPLICATION_GROUP_HAS_NO_EFFECT, run };

static APPLICATION_GROUP_HAS_NO_EFFECT: Code = Code::warning(
    "application-group-has-no-effect",
    "an application group is chosen in a section that no mounted script lies in",
    include_str!("application_group_has_no_effect.md"),
);

fn run(server: &Server, report: &mut Report) {
    let group = without_effect(server, |settings| settings.application_group.as_ref().map(|group| group.span));
    for (group, section, mount) in group {
        let found = APPLICATION_GROUP_HAS_NO_EFFECT.at(group, "chosen for no script");
        let found = found.and(section.span, "the section matches no mounted script");
        let found = found.and(mount.script.span, "the script lies here");
        report.push(found.help("move the line out of the section, or let the section match the script"));
    }
}
