//! Repositories, settings, keys and databases in a served folder.

use super::served::{Served, granted_folders};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &SECRETS_IN_SERVED_FOLDER, run };

static SECRETS_IN_SERVED_FOLDER: Code = Code::warning(
    "secrets-in-served-folder",
    "files that nobody should see lie in a folder that the server hands out",
    include_str!("secrets_in_served_folder.md"),
);

/// Names of files and folders that are never meant for visitors.
const SECRET: [&str; 12] = [
    ".env",
    ".git",
    ".hg",
    ".svn",
    ".aws",
    ".ssh",
    "id_rsa",
    "id_ed25519",
    "settings.py",
    "local_settings.py",
    "db.sqlite3",
    "docker-compose.yml",
];

/// Folders beyond this number in one folder are not looked into.
const MOST_FOLDERS: usize = 200;

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for served in granted_folders(deployment) {
        let found = secrets(deployment, &served);
        let Some(first) = found.first() else { continue };
        let label = match found.len() {
            1 => format!("`{first}` lies in it"),
            number => format!("`{first}` and {} more lie in it", number - 1),
        };
        let found = SECRETS_IN_SERVED_FOLDER.at(served.target.span, label).and(served.granted, "everybody may read it");
        report.push(found.help("hand out a folder that holds nothing else than what visitors may have"));
    }
}

/// What should not be there, in the folder and in those right below it.
fn secrets(deployment: &Deployment<'_>, served: &Served<'_>) -> Vec<String> {
    let names = deployment.machine.list(&served.folder).unwrap_or_default();
    // A `.htaccess` may deny what it likes.
    if names.iter().any(|name| name == ".htaccess") {
        return Vec::new();
    }
    let folders = names.iter().filter(|name| !name.contains('.')).take(MOST_FOLDERS);
    let below = folders.flat_map(|folder| {
        let inside = deployment.machine.list(&served.folder.join(folder)).unwrap_or_default();
        inside.into_iter().map(move |name| (format!("{folder}/{name}"), name))
    });
    let below: Vec<(String, String)> = below.collect();
    let here = names.iter().map(|name| (name.clone(), name.clone()));
    let all = here.chain(below).filter(|(_, name)| SECRET.contains(&name.as_str()));
    all.filter(|(path, name)| !served.is_denied(path, name)).map(|(path, _)| path).collect()
}
