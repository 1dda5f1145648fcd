//! `<Directory />` is every file of the machine.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Section, Server};
use crate::plan::sections::{Match, Require};

pub(super) const CHECK: Check = Check { code: &ROOT_DIRECTORY_GRANTED, run };

static ROOT_DIRECTORY_GRANTED: Code = Code::warning(
    "root-directory-granted",
    "every file of the machine is granted to everybody",
    include_str!("root_directory_granted.md"),
);

fn run(server: &Server, report: &mut Report) {
    for section in server.hosts.iter().flat_map(|host| &host.sections) {
        if matches!(&section.matcher, Matcher::Plain(Match::Directory(path)) if path == "/") {
            judge(section, report);
        }
    }
}

fn judge(section: &Section, report: &mut Report) {
    if let Some(granted) = section.settings.require.iter().find(|one| one.value == Require::AllGranted) {
        let found = ROOT_DIRECTORY_GRANTED.at(granted.span, "of the whole machine");
        let found = found.and(section.span, "this is the root folder");
        report.push(found.help("write `Require all denied`, and grant the folders that are meant"));
    }
}
