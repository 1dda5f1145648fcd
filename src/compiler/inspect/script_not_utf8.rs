//! Scripts in another encoding than the one that Python takes them for.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &SCRIPT_NOT_UTF8, run };

static SCRIPT_NOT_UTF8: Code = Code::error(
    "script-not-utf8",
    "a script is not written in UTF-8 and does not say in what",
    include_str!("script_not_utf8.md"),
)
.predicts(&["WSGI0105"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let Some(bytes) = deployment.read_script(application.script_path()) else { continue };
        let Err(error) = std::str::from_utf8(&bytes) else { continue };
        if names_encoding(&bytes) {
            continue;
        }
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        let found = SCRIPT_NOT_UTF8.at(application.mount.script.span, format!("not UTF-8 in line {line}"));
        report.push(found.help("save it as UTF-8, or name its encoding in the first line: `# coding: latin-1`"));
    }
}

/// Whether one of the first two lines is a comment that names an encoding, as Python looks for it.
fn names_encoding(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').take(2).map(String::from_utf8_lossy);
    lines.any(|line| line.trim_start().starts_with('#') && (line.contains("coding:") || line.contains("coding=")))
}
