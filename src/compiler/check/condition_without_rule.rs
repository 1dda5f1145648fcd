//! A `RewriteCond` belongs to the next `RewriteRule`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};

pub(super) const CHECK: Check = Check { code: &CONDITION_WITHOUT_RULE, run };

static CONDITION_WITHOUT_RULE: Code = Code::warning(
    "condition-without-rule",
    "a rewriting condition has no rule after it",
    include_str!("condition_without_rule.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    // Rules and conditions may come from a macro, and a part of a configuration may be included between the two.
    if server.beyond.macros {
        return;
    }
    server.visit(&mut |_, _, settings| {
        let rewriting = |line: &&Line| line.name == "RewriteCond" || line.name == "RewriteRule";
        let last = settings.lines.iter().rfind(rewriting);
        if let Some(condition) = last.filter(|line| line.name == "RewriteCond") {
            let found = CONDITION_WITHOUT_RULE.at(condition.span, "belongs to no rule");
            report.push(found.help("put it before the `RewriteRule` that it is for"));
        }
    });
}
