//! Of two lines in one place the last one counts.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server, Settings};
use std::collections::HashMap;

pub(super) const CHECK: Check = Check { code: &SETTING_REPEATED, run };

static SETTING_REPEATED: Code = Code::warning(
    "setting-repeated",
    "a setting is given twice in one place, and only the last one counts",
    include_str!("setting_repeated.md"),
);

/// Settings of which a second one is taken for an addition.
const SINGLE: [&str; 5] =
    ["ServerName", "WSGIApplicationGroup", "WSGIProcessGroup", "WSGIPythonHome", "WSGIPythonPath"];

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, _, settings| judge(settings, report));
}

fn judge(settings: &Settings, report: &mut Report) {
    let mut last_of: HashMap<&str, &Line> = HashMap::new();
    for line in settings.lines.iter().rev().filter(|line| SINGLE.contains(&line.name)) {
        let Some(last) = last_of.get(line.name) else {
            last_of.insert(line.name, line);
            continue;
        };
        // What another file overrides is meant to be overridden.
        if line.word(0) != last.word(0) && line.span.source == last.span.source {
            let found = SETTING_REPEATED.at(line.span, "does not count");
            let help = match line.name {
                "ServerName" => format!("write `ServerAlias {}`", line.word(0)),
                "WSGIPythonPath" => format!("write `WSGIPythonPath {}:{}` once", line.word(0), last.word(0)),
                _ => "delete one of the two".to_owned(),
            };
            report.push(found.and(last.span, "this one counts").help(help));
        }
    }
}
