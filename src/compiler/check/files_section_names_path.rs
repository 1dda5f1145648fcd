//! `<Files>` is compared with the last part of a path.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Server};
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &FILES_SECTION_NAMES_PATH, run };

static FILES_SECTION_NAMES_PATH: Code = Code::warning(
    "files-section-names-path",
    "a `<Files>` names a path, and is compared with names only",
    include_str!("files_section_names_path.md"),
);

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, section, _| {
        let Some(section) = section else { return };
        let Matcher::Plain(Match::Files(name)) = &section.matcher else { return };
        if let Some((folder, file)) = name.rsplit_once('/') {
            let found = FILES_SECTION_NAMES_PATH.at(section.span, "never matches");
            let folder = if folder.is_empty() { "/" } else { folder };
            report.push(found.help(format!("write `<Files {file}>`, in a `<Directory {folder}>`")));
        }
    });
}
