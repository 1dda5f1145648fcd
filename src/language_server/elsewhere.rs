//! A file of `sites-available`, opened alone, is a part of a configuration that we cannot see. What the rest of it may answer is
//! not asked.

use std::path::Path;

use super::names::{Kind, variables};
use super::project::Project;
use crate::compiler::diagnostic::Diagnostic;

/// Findings that only say that something is not defined in what was read.
const UNDEFINED: [&str; 4] =
    ["missing-listen", "undefined-variable", "unknown-log-format", "virtual-host-port-not-listened"];

/// Findings that are about a variable itself.
const ABOUT_VARIABLES: [&str; 3] = ["dollar-instead-of-percent", "undefined-variable", "variable-makes-no-directive"];

/// Folders whose files are there to be included: `sites-available`, `conf.d`.
const FOLDERS_OF_PARTS: [&str; 3] = ["-available", "-enabled", ".d"];

/// Whether a file is a part by where it lies, although it says what only a whole configuration needs to say.
pub(super) fn is_part(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    FOLDERS_OF_PARTS.iter().any(|ending| folder.ends_with(ending)) || path.extension().is_some_and(|end| end == "load")
}

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

/// Whether a finding is about a word that holds a variable whose value we do not know. The environment of an editor is not that
/// of a server.
pub(super) fn follows_from_variable(found: &Diagnostic, project: &Project) -> bool {
    let text = project.compiled.sources.text(found.span());
    let known = |name: &str| {
        let mut defined = project.names().definitions(Kind::Variable);
        project.environment.contains_key(name) || defined.any(|defined| defined.text.eq_ignore_ascii_case(name))
    };
    !ABOUT_VARIABLES.contains(&found.code.name) && variables(text).any(|range| !known(&text[range]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_folders() {
        for path in ["/etc/apache2/sites-available/a.conf", "/etc/httpd/conf.d/a.conf", "/etc/apache2/ssl.load"] {
            assert!(is_part(Path::new(path)), "{path}");
        }
        assert!(!is_part(Path::new("/etc/apache2/apache2.conf")) && !is_part(Path::new("httpd.conf")));
    }

    #[test]
    fn the_findings_exist() {
        let codes = crate::compiler::explain::codes();
        for name in
            [&UNDEFINED[..], &ABOUT_VARIABLES].concat().iter().chain(&["unknown-process-group", "include-not-found"])
        {
            assert!(codes.iter().any(|code| code.name == *name), "there is no finding named {name}");
        }
    }
}
