//! The first `LoadModule` of a name counts.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};
use std::collections::HashMap;

pub(super) const CHECK: Check = Check { code: &MODULE_LOADED_TWICE, run };

static MODULE_LOADED_TWICE: Code = Code::warning(
    "module-loaded-twice",
    "a module is loaded twice, and only the first one counts",
    include_str!("module_loaded_twice.md"),
)
.predicts(&["AH01574"]);

fn run(server: &Server, report: &mut Report) {
    let mut first_of: HashMap<&str, &Line> = HashMap::new();
    for line in server.lines("LoadModule") {
        let Some(first) = first_of.get(line.word(0)).copied() else {
            first_of.insert(line.word(0), line);
            continue;
        };
        let found = MODULE_LOADED_TWICE.at(line.span, "skipped by Apache");
        let found = found.and(first.span, "this one is loaded");
        let help =
            if first.word(1) == line.word(1) { "delete one of the two" } else { "delete the one that is not meant" };
        report.push(found.help(help));
    }
}
