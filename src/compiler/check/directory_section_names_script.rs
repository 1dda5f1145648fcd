//! `<Directory>` is compared with the folders above a file.

use std::collections::HashMap;

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Server, without_trailing_slash};
use crate::compiler::source::Span;
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &DIRECTORY_SECTION_NAMES_SCRIPT, run };

static DIRECTORY_SECTION_NAMES_SCRIPT: Code = Code::warning(
    "directory-section-names-script",
    "a `<Directory>` names a script, and matches folders only",
    include_str!("directory_section_names_script.md"),
)
.predicts(&["AH01630"]);

fn run(server: &Server, report: &mut Report) {
    let scripts: HashMap<&str, Span> =
        server.mounts().map(|mount| (mount.script.value.as_str(), mount.script.span)).collect();
    for section in server.hosts.iter().flat_map(|host| &host.sections) {
        let Matcher::Plain(Match::Directory(path)) = &section.matcher else { continue };
        // A target without such an ending may be a folder of scripts.
        let is_script = [".wsgi", ".py"].iter().any(|ending| path.ends_with(ending));
        if let Some(script) = scripts.get(path.as_str()).filter(|_| is_script) {
            let found = DIRECTORY_SECTION_NAMES_SCRIPT.at(section.span, "never matches");
            let folder = path.rsplit_once('/').map_or("/", |(folder, _)| without_trailing_slash(folder));
            report.push(found.and(*script, "the script").help(format!("write `<Directory {folder}>`")));
        }
    }
}
