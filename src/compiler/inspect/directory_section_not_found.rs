//! `<Directory>` of a folder that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Matcher;
use crate::plan::sections::Match;

pub(super) const INSPECTION: Inspection = Inspection { code: &DIRECTORY_SECTION_NOT_FOUND, run };

static DIRECTORY_SECTION_NOT_FOUND: Code = Code::warning(
    "directory-section-not-found",
    "a `<Directory>` is for a folder that is not there",
    include_str!("directory_section_not_found.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let sections = deployment.server.hosts.iter().flat_map(|host| &host.sections);
    for section in sections {
        let Matcher::Plain(Match::Directory(path)) = &section.matcher else { continue };
        let settings = &section.settings;
        let matters = settings.access_span().is_some()
            || settings.process_group.is_some()
            || settings.application_group.is_some();
        if !matters || !path.starts_with('/') || path.contains("${") || !deployment.is_missing(path) {
            continue;
        }
        // Only a likeness shows that another folder was meant: packages bring sections for folders that come later.
        // Versions come and go: what differs in its digits only is another version.
        let another_version = |near: &String| letters(near).eq(letters(path));
        if let Some(near) = deployment.nearest_entry(path).filter(|near| !another_version(near)) {
            let found = DIRECTORY_SECTION_NOT_FOUND.at(section.span, "no such folder");
            report.push(found.help(format!("write `<Directory {near}>`")));
        }
    }
}

fn letters(path: &str) -> impl Iterator<Item = char> {
    path.trim_end_matches('/').chars().filter(|letter| !letter.is_ascii_digit())
}
