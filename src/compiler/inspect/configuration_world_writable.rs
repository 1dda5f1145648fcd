//! Files of the configuration that anybody may write.

use super::access::is_world_writable;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::{FileKind, Look, Span};
use std::collections::HashSet;
use std::path::PathBuf;

pub(super) const INSPECTION: Inspection = Inspection { code: &CONFIGURATION_WORLD_WRITABLE, run };

static CONFIGURATION_WORLD_WRITABLE: Code = Code::warning(
    "configuration-world-writable",
    "everybody on the machine may change the configuration",
    include_str!("configuration_world_writable.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let mut seen = HashSet::new();
    for (path, span, is_main) in texts(deployment) {
        if let Look::There(status) = deployment.machine.look(&path)
            && status.kind == FileKind::File
            && is_world_writable(status)
            && seen.insert(path.clone())
        {
            let label = if is_main {
                "this file is writable for everybody"
            } else {
                "what it brings is writable for everybody"
            };
            let found = CONFIGURATION_WORLD_WRITABLE.at(span, label);
            report.push(found.help(format!("`chmod o-w {}`", path.display())));
        }
    }
}

/// Every file that was read, with the place to point at.
fn texts(deployment: &Deployment<'_>) -> Vec<(PathBuf, Span, bool)> {
    let sources = deployment.sources.borrow();
    let all = sources.ids().filter(|(_, source)| source.path.is_absolute());
    all.map(|(id, source)| {
        let start = Span { source: id, start: 0, end: 0 };
        (source.path.clone(), source.included_at.unwrap_or(start), source.included_at.is_none())
    })
    .collect()
}
