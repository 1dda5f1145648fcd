//! Apache compares the path as it is written, not where links lead.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::deployment::Application;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Matcher;
use crate::plan::sections::Match;

pub(super) const INSPECTION: Inspection = Inspection { code: &DIRECTORY_SECTION_BEHIND_LINK, run };

static DIRECTORY_SECTION_BEHIND_LINK: Code = Code::warning(
    "directory-section-behind-link",
    "a `<Directory>` names the real folder of a script that is mounted through a link",
    include_str!("directory_section_behind_link.md"),
)
.predicts(&["AH01630"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let used = Used::of(deployment);
    let scripts: OnceCell<Vec<(&Application<'_>, PathBuf)>> = OnceCell::new();
    let sections = deployment.server.hosts.iter().flat_map(|host| &host.sections);
    let named: HashSet<&Path> = sections
        .filter_map(|section| match &section.matcher {
            Matcher::Plain(Match::Directory(path)) => Some(Path::new(path)),
            _ => None,
        })
        .collect();
    for section in deployment.server.hosts.iter().flat_map(|host| &host.sections) {
        let Matcher::Plain(Match::Directory(path)) = &section.matcher else { continue };
        if path == "/" || used.touches(Path::new(path)) {
            continue;
        }
        let scripts = scripts.get_or_init(|| {
            let identity = |script: &str| deployment.machine.identity(Path::new(script));
            deployment.scripts().map(|application| (application, identity(application.script_path()))).collect()
        });
        let real = deployment.machine.identity(Path::new(path));
        if let Some((application, _)) = scripts.iter().find(|(_, script)| script.starts_with(&real)) {
            let mut folders = Path::new(application.script_path()).ancestors().skip(1);
            let written = folders.find(|folder| deployment.machine.identity(folder) == real);
            // The folder may have a section under each of its names.
            if written.is_some_and(|folder| named.contains(folder)) {
                continue;
            }
            let found = DIRECTORY_SECTION_BEHIND_LINK.at(section.span, "where the link leads");
            let found = found.and(application.mount.script.span, "reached through a link");
            report.push(found.maybe_help(written.map(|folder| format!("write `<Directory {}>`", folder.display()))));
        }
    }
}

/// What the configuration names: scripts, and what is handed out.
struct Used {
    paths: HashSet<PathBuf>,
    /// They, and all folders that they lie in.
    around: HashSet<PathBuf>,
}

impl Used {
    fn of(deployment: &Deployment<'_>) -> Self {
        let scripts = deployment.applications.iter().map(|application| PathBuf::from(application.script_path()));
        let paths: HashSet<PathBuf> =
            scripts.chain(deployment.served().into_iter().map(|(_, _, path)| PathBuf::from(path))).collect();
        let around = paths.iter().flat_map(|path| path.ancestors()).map(Path::to_owned).collect();
        Self { paths, around }
    }

    /// Whether something of it lies in the folder, or around it.
    fn touches(&self, folder: &Path) -> bool {
        self.around.contains(folder) || folder.ancestors().any(|around| self.paths.contains(around))
    }
}
