//! Several `Require` in a section are joined by "or".

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, Settings};
use crate::plan::sections::Require;

pub(super) const CHECK: Check = Check { code: &REQUIREMENT_WITHOUT_EFFECT, run };

static REQUIREMENT_WITHOUT_EFFECT: Code = Code::warning(
    "requirement-without-effect",
    "`Require all granted` stands beside other requirements, which it makes useless",
    include_str!("requirement_without_effect.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, _, settings| section(settings, report));
}

fn section(settings: &Settings, report: &mut Report) {
    let granted = settings.require.iter().find(|one| one.value == Require::AllGranted);
    let other = settings.require.iter().find(|one| one.value != Require::AllGranted);
    // What stands in `<Limit>` may hold for other methods.
    if let (Some(granted), Some(other)) = (granted, other)
        && settings.limits.is_empty()
    {
        let found = REQUIREMENT_WITHOUT_EFFECT.at(granted.span, "lets everybody in");
        report.push(found.and(other.span, "has no effect").help("delete `Require all granted`"));
    }
}
