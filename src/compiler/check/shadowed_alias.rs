//! The first `Alias` that matches wins.

use super::Check;
use super::prefixes::Prefixes;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &SHADOWED_ALIAS, run };

static SHADOWED_ALIAS: Code = Code::warning(
    "shadowed-alias",
    "an alias is never reached, because an earlier one takes its URLs",
    include_str!("shadowed_alias.md"),
)
.predicts(&["AH00671"]);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let mut earlier = Prefixes::default();
        for alias in &host.aliases {
            let path = &alias.url_path;
            if let Some(first) = earlier.taking(&path.value) {
                let found = SHADOWED_ALIAS.at(path.span, "never reached");
                let found = found.and(first.span, format!("`{}` takes it first", first.value));
                report.push(found.help("move the longer path before the shorter one"));
            }
            earlier.add(path);
        }
    }
}
