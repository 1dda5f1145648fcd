//! Apache compares the path as it is written, not where links lead.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, path_is_within};
use crate::plan::sections::Match;
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &DIRECTORY_SECTION_BEHIND_LINK, run };

static DIRECTORY_SECTION_BEHIND_LINK: Code = Code::warning(
    "directory-section-behind-link",
    "a `<Directory>` names the real folder of a script that is mounted through a link",
    include_str!("directory_section_behind_link.md"),
)
.predicts(&["AH01630"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let sections = deployment.server.hosts.iter().flat_map(|host| &host.sections);
    for section in sections {
        let Matcher::Plain(Match::Directory(path)) = &section.matcher else { continue };
        if path == "/" || has_use(deployment, path) {
            continue;
        }
        let real = deployment.machine.identity(Path::new(path));
        let through_link = deployment.scripts().find(|application| {
            let script = Path::new(application.script_path());
            deployment.machine.identity(script).starts_with(&real)
        });
        if let Some(application) = through_link {
            let found = DIRECTORY_SECTION_BEHIND_LINK.at(section.span, "where the link leads");
            let found = found.and(application.mount.script.span, "reached through a link");
            let mut folders = Path::new(application.script_path()).ancestors().skip(1);
            let written = folders.find(|folder| deployment.machine.identity(folder) == real);
            report.push(found.maybe_help(written.map(|folder| format!("write `<Directory {}>`", folder.display()))));
        }
    }
}

/// Whether something that the configuration names lies in the folder, or around it.
fn has_use(deployment: &Deployment<'_>, folder: &str) -> bool {
    let scripts = deployment.applications.iter().map(|application| application.script_path().to_owned());
    let mut served = scripts.chain(deployment.served().into_iter().map(|(_, _, path)| path));
    served.any(|path| {
        let path = path.trim_end_matches('/');
        path == folder || path_is_within(path, folder) || path_is_within(folder, path)
    })
}
