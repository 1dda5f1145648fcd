//! A file of `sites-available`, opened alone, is a part of a configuration that we cannot see. What the rest of it may answer is
//! not asked. So it is with a `.htaccess` file.

use super::names::Kind;
use super::project::Project;
use crate::compiler::diagnostic::Diagnostic;
use crate::compiler::syntax;

/// Findings that only say that something is not defined in what was read.
const UNDEFINED: [&str; 1] = ["undefined-variable"];

/// Findings that need nothing but the line.
const IN_HTACCESS: [&str; 2] = ["unknown-directive", "removed-directive"];

/// Whether a finding in a part may vanish in the whole.
pub(super) fn may_answer(found: &Diagnostic, project: &Project) -> bool {
    match found.code.name {
        // Who defines groups of its own hardly uses those of others as well.
        "unknown-process-group" => !project.names().defines(Kind::ProcessGroup),
        // A relative path begins at a `ServerRoot` that is not known.
        "include-not-found" => {
            !project.compiled.sources.text(found.span()).trim_start_matches(['"', '\'']).starts_with('/')
        }
        name => UNDEFINED.contains(&name),
    }
}

/// Whether a finding is one in a `.htaccess` file too. The compiler takes every file for one that Apache is started with, where
/// other directives are allowed.
pub(super) fn holds_in_htaccess(found: &Diagnostic) -> bool {
    syntax::CODES.contains(&found.code) || IN_HTACCESS.contains(&found.code.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_findings_exist() {
        let codes = crate::compiler::explain::codes();
        for name in UNDEFINED.iter().chain(&IN_HTACCESS).chain(&["unknown-process-group", "include-not-found"]) {
            assert!(codes.iter().any(|code| code.name == *name), "there is no finding named {name}");
        }
    }
}
