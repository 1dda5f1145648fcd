//! Rules do nothing before `RewriteEngine On`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};

pub(super) const CHECK: Check = Check { code: &REWRITE_ENGINE_OFF, run };

static REWRITE_ENGINE_OFF: Code = Code::warning(
    "rewrite-engine-off",
    "a rewriting rule does nothing, because no line switches rewriting on",
    include_str!("rewrite_engine_off.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    if server.beyond.macros {
        return;
    }
    let main = on(&server.main().settings.lines);
    let options = server.lines("RewriteOptions");
    let inherits =
        options.iter().any(|line| line.words.iter().any(|word| word.value.to_ascii_lowercase().starts_with("inherit")));
    for (index, host) in server.hosts.iter().enumerate() {
        let mut inside = Vec::new();
        host.visit(&mut |section, settings| inside.push((section.is_some(), &settings.lines)));
        // A fragment may be included where rewriting is on.
        let fragment = index == 0 && !server.beyond.stands_alone;
        // The rules of the main server may be applied in hosts.
        let inherited = index == 0 && inherits && server.lines("RewriteEngine").iter().any(|line| line.is_on());
        if fragment || inherited || main || inside.iter().any(|(_, lines)| on(lines)) {
            continue;
        }
        let rule = inside.iter().filter(|(section, _)| !section).flat_map(|(_, lines)| lines.iter());
        if let Some(rule) = rule.into_iter().find(|line| line.name == "RewriteRule") {
            let found = REWRITE_ENGINE_OFF.at(rule.span, "never applied");
            report.push(found.help("add `RewriteEngine On` before it"));
        }
    }
}

fn on(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.name == "RewriteEngine" && line.is_on())
}
