//! The first `Alias` that matches wins.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity};
use crate::compiler::model::{Server, starts_with_path};

pub(super) const CHECK: Check = Check { code: &SHADOWED_ALIAS, run };

static SHADOWED_ALIAS: Code = Code {
    name: "shadowed-alias",
    severity: Severity::Warning,
    summary: "an alias is never reached, because an earlier one takes its URLs",
    explain: include_str!("shadowed_alias.md"),
};

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        for (index, alias) in host.aliases.iter().enumerate() {
            let path = &alias.url_path;
            let earlier =
                host.aliases[..index].iter().find(|earlier| starts_with_path(&path.value, &earlier.url_path.value));
            if let Some(earlier) = earlier {
                let found = SHADOWED_ALIAS.at(path.span, "never reached");
                let found = found.and(earlier.url_path.span, format!("`{}` takes it first", earlier.url_path.value));
                report.push(found.help("move the longer path before the shorter one"));
            }
        }
    }
}
