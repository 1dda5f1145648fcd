//! Folders that everybody may read over HTTP, for certain.

use std::path::PathBuf;

use regex::Regex;

use super::Deployment;
use crate::compiler::model::{Host, Matcher, Section, path_is_within, without_trailing_slash};
use crate::compiler::source::{FileKind, Span, Spanned};
use crate::plan::sections::{Match, Require};

/// A folder that is handed out.
pub(super) struct Served<'a> {
    /// The folder.
    pub folder: PathBuf,
    /// Where it was written.
    pub target: &'a Spanned<String>,
    /// The line that grants.
    pub granted: Span,
    denied_files: Vec<Regex>,
    denied_paths: Vec<Regex>,
}

impl Served<'_> {
    /// Whether a section keeps something in the folder from visitors.
    pub(super) fn is_denied(&self, path: &str, name: &str) -> bool {
        let whole = self.folder.join(path).to_string_lossy().into_owned();
        self.denied_files.iter().any(|pattern| pattern.is_match(name))
            || self.denied_paths.iter().any(|pattern| pattern.is_match(&whole))
    }
}

/// Every folder of which it is certain that everybody may read it.
pub(super) fn granted_folders<'a>(deployment: &Deployment<'a>) -> Vec<Served<'a>> {
    let server = deployment.server;
    let beyond = &server.beyond;
    // Rewriting and redirects take URLs away from files.
    let rewritten = ["RedirectMatch", "RewriteRule"].iter().any(|name| !server.lines(name).is_empty());
    if beyond.macros || beyond.other_scripts || rewritten {
        return Vec::new();
    }
    let granted = deployment.served().into_iter().filter_map(|(host, target, path)| {
        let is_root = host.document_root.as_ref().is_some_and(|root| std::ptr::eq(root, target));
        let is_taken = is_root && server.mounts_of(host).any(|mount| mount.url_path.value == "/");
        let folder = PathBuf::from(without_trailing_slash(&path));
        let is_folder = deployment.machine.kind(&folder) == Some(FileKind::Folder);
        (is_folder && !is_taken).then(|| served(deployment, host, target, folder))?
    });
    granted.collect()
}

/// The folder, if the last section that holds for it grants to all; `None` too where that is not certain.
fn served<'a>(
    deployment: &Deployment<'a>,
    host: &'a Host,
    target: &'a Spanned<String>,
    folder: PathBuf,
) -> Option<Served<'a>> {
    let path = folder.to_string_lossy().into_owned();
    let (mut granted, mut denied_files, mut denied_paths) = (None, Vec::new(), Vec::new());
    for merged in deployment.server.sections_of(host) {
        let section = merged.section;
        if section.settings.access_is_more || !section.settings.allow.is_empty() || !section.settings.deny.is_empty() {
            return None;
        }
        if section.settings.require.is_empty() {
            continue;
        }
        match &section.matcher {
            Matcher::Plain(Match::Directory(directory)) if merged.around.is_empty() => {
                if *directory == path || path_is_within(&path, directory) {
                    granted = grants(section);
                } else if path_is_within(directory, &path) {
                    denied_paths.push(Regex::new(&format!("^{}/", regex::escape(directory))).ok()?);
                }
            }
            Matcher::Plain(Match::DirectoryRegex(pattern)) => denied_paths.push(Regex::new(pattern).ok()?),
            Matcher::Plain(Match::FilesRegex(pattern)) => denied_files.push(Regex::new(pattern).ok()?),
            Matcher::Plain(Match::Files(name)) => denied_files.push(of_glob(name)?),
            _ => return None,
        }
    }
    Some(Served { folder, target, granted: granted?, denied_files, denied_paths })
}

/// The line by which a section lets everybody in.
fn grants(section: &Section) -> Option<Span> {
    let all: Vec<Span> = section.settings.require.iter().map(|require| require.span).collect();
    let open = section.settings.require.iter().all(|require| require.value == Require::AllGranted);
    all.first().copied().filter(|_| open)
}

fn of_glob(name: &str) -> Option<Regex> {
    let pattern = regex::escape(name).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("^{pattern}$")).ok()
}
