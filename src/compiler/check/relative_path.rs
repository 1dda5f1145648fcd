//! Neither `<Directory>` nor `WSGIScriptAlias` begins relative paths at `ServerRoot`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Server};
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &RELATIVE_PATH, run };

static RELATIVE_PATH: Code =
    Code::error("relative-path", "a path must be absolute here", include_str!("relative_path.md"))
        .predicts(&["AH01630", "WSGI0135"]);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        for mount in host.mounts.iter().filter(|mount| is_relative(&mount.script.value)) {
            let found = RELATIVE_PATH.at(mount.script.span, "does not begin with `/`");
            report.push(found.help("write the whole path of the script"));
        }
        for section in &host.sections {
            let Matcher::Plain(Match::Directory(path) | Match::DirectoryPattern(path)) = &section.matcher else {
                continue;
            };
            if is_relative(path) && !path.starts_with('*') {
                let found = RELATIVE_PATH.at(section.span, "begins where the server was started");
                report.push(found.help("write the whole path of the folder"));
            }
        }
    }
}

/// A path with a variable in it that nobody defined is reported for that.
fn is_relative(path: &str) -> bool {
    !path.starts_with('/') && !path.starts_with("${")
}
