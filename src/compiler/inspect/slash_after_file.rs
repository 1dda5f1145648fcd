//! `Alias` to a file, with a slash at its end.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &SLASH_AFTER_FILE, run };

static SLASH_AFTER_FILE: Code =
    Code::warning("slash-after-file", "an alias to a file ends in a slash", include_str!("slash_after_file.md"))
        .predicts(&["AH00128"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for alias in deployment.server.hosts.iter().flat_map(|host| &host.aliases) {
        let Some(path) = deployment.path(&alias.target.value) else { continue };
        if deployment.is_file_with_slash(&path) {
            let found = SLASH_AFTER_FILE.at(alias.target.span, "a file, not a folder");
            report.push(found.help(format!("write `{}`", alias.target.value.trim_end_matches('/'))));
        }
    }
}
