//! `<Directory>` is compared with the folders above a file.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, Severity};
use crate::compiler::model::{Matcher, Server, without_trailing_slash};
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &DIRECTORY_SECTION_NAMES_SCRIPT, run };

static DIRECTORY_SECTION_NAMES_SCRIPT: Code = Code {
    name: "directory-section-names-script",
    severity: Severity::Error,
    summary: "a `<Directory>` names a script, and matches folders only",
    explain: include_str!("directory_section_names_script.md"),
};

fn run(server: &Server, report: &mut Report) {
    for section in server.hosts.iter().flat_map(|host| &host.sections) {
        let Matcher::Plain(Match::Directory(path)) = &section.matcher else { continue };
        // A target without an ending may be a folder of scripts.
        let script = server.mounts().find(|mount| {
            mount.script.value == *path && path.ends_with(".wsgi")
                || mount.script.value == *path && path.ends_with(".py")
        });
        if let Some(mount) = script {
            let found = DIRECTORY_SECTION_NAMES_SCRIPT.at(section.span, "never matches");
            let found = found.and(mount.script.span, "the script");
            let folder = path.rsplit_once('/').map_or("/", |(folder, _)| without_trailing_slash(folder));
            report.push(found.help(format!("write `<Directory {folder}>`")));
        }
    }
}
