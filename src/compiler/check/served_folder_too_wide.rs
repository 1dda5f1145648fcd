//! A folder of the system is no folder of a site.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, without_trailing_slash};

pub(super) const CHECK: Check = Check { code: &SERVED_FOLDER_TOO_WIDE, run };

static SERVED_FOLDER_TOO_WIDE: Code = Code::warning(
    "served-folder-too-wide",
    "a folder of the system is served as files",
    include_str!("served_folder_too_wide.md"),
);

/// Folders that hold far more than any site.
const OF_THE_SYSTEM: [&str; 11] =
    ["/", "/bin", "/boot", "/dev", "/etc", "/home", "/proc", "/root", "/sys", "/usr", "/var"];

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let targets = host.document_root.iter().chain(host.aliases.iter().map(|alias| &alias.target));
        for target in targets.filter(|target| OF_THE_SYSTEM.contains(&without_trailing_slash(&target.value))) {
            let found = SERVED_FOLDER_TOO_WIDE.at(target.span, "a folder of the system");
            report.push(found.help("name the folder of the site, such as `/srv/shop/static`"));
        }
    }
}
