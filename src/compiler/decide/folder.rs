//! From a file name to what lies there: the longest leading part that exists, and `PATH_INFO`.

use std::path::Path;

use super::layers::Layers;
use super::{Ended, Walk};
use crate::compiler::source::FileKind;

/// What a file name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What lies there; `None` is nothing.
    pub(super) kind: Option<FileKind>,
    /// The leading part of the name up to it, as Apache has it: a folder ends in a slash if the path did.
    pub(super) file: String,
    /// What follows.
    pub(super) path_info: String,
    /// The folders on the way, each without a slash at its end but `/`.
    pub(super) folders: Vec<String>,
}

impl Found {
    /// What `<Directory>` is compared with: a folder counts as lying in itself.
    pub(super) fn walked(&self) -> String {
        let folder = self.kind == Some(FileKind::Folder) && !self.file.ends_with('/');
        if folder { format!("{}/", self.file) } else { self.file.clone() }
    }

    /// A file, and nothing behind it.
    pub(super) fn is_whole_file(&self) -> bool {
        self.kind == Some(FileKind::File) && self.path_info.is_empty()
    }
}

impl Walk<'_> {
    /// Walks a file name from the root, as Apache does: it stops at the first part that is no folder.
    pub(super) fn find(&self, name: &str) -> Found {
        let mut folders = vec!["/".to_owned()];
        let mut file = String::new();
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
        for (index, part) in parts.iter().enumerate() {
            file.push('/');
            file.push_str(part);
            let kind = self.files.kind(Path::new(&file));
            if kind == Some(FileKind::Folder) {
                folders.push(file.clone());
                continue;
            }
            let mut path_info: String = parts[index + 1..].iter().flat_map(|part| ["/", part]).collect();
            if name.ends_with('/') {
                path_info.push('/');
            }
            return Found { kind, file, path_info, folders };
        }
        if name.ends_with('/') {
            file.push('/');
        }
        Found { kind: Some(FileKind::Folder), file, path_info: String::new(), folders }
    }

    /// Whether the links on the way may be followed.
    pub(super) fn links(&mut self, found: &Found, layers: &Layers) -> Result<(), Ended> {
        let file = found.kind.map(|_| found.file.trim_end_matches('/').to_owned());
        let mut seen: Vec<&str> = found.folders.iter().map(String::as_str).skip(1).collect();
        if let Some(file) = file.as_deref().filter(|file| !seen.contains(file) && !file.is_empty()) {
            seen.push(file);
        }
        for (depth, path) in seen.into_iter().enumerate() {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = if folder.is_empty() { "/" } else { folder };
            if self.files.identity(Path::new(path)) == self.files.identity(Path::new(folder)).join(name) {
                continue;
            }
            // Apache follows links unless an `Options` without FollowSymLinks holds for the folder.
            let Some((false, span)) = layers.option_to("FollowSymLinks", depth) else { continue };
            if layers.option_to("SymLinksIfOwnerMatch", depth).is_some_and(|(on, _)| on) {
                let why = format!("{path} is a link, and who owns it is not looked at");
                self.not_followed_at("Options SymLinksIfOwnerMatch".to_owned(), span, &why);
                continue;
            }
            let reason = format!("{path} is a link, and Options does not allow to follow it");
            return Err(self.error(403, reason, Some(span)));
        }
        Ok(())
    }

    /// Names the `.htaccess` files that would be read.
    pub(super) fn overrides(&mut self, found: &Found, layers: &Layers) {
        let file_name = layers.last("AccessFileName").and_then(|kept| kept.word(0)).unwrap_or(".htaccess").to_owned();
        for (depth, folder) in found.folders.iter().enumerate() {
            let within = layers.0.iter().filter(|layer| layer.depth.is_some_and(|own| own <= depth));
            let mut lines = within.flat_map(|layer| layer.kept.iter());
            let allowed = lines.rfind(|kept| kept.name.starts_with("AllowOverride"));
            let Some(allowed) =
                allowed.filter(|kept| !kept.word(0).is_none_or(|word| word.eq_ignore_ascii_case("none")))
            else {
                continue;
            };
            let path = format!("{}/{file_name}", folder.trim_end_matches('/'));
            if self.files.kind(Path::new(&path)) == Some(FileKind::File) {
                self.not_followed(allowed, &format!("it lets {path} change what holds, which is not read"));
            }
        }
    }
}
