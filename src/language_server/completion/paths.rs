//! Names of files and folders.

use std::path::Path;

use gen_lsp_types as lsp;

use super::{Completion, Item};
use crate::compiler::source::{FileKind, Files};

/// How many names are offered: a folder with more is none that a person chooses from.
const MOST: usize = 500;

impl Completion<'_> {
    /// What lies in the folder that is typed so far; the last part of the path is replaced.
    pub(super) fn paths(&self, start: usize, typed: &str) -> Vec<lsp::CompletionItem> {
        let (folder, name) = typed.rsplit_once('/').map_or(("", typed), |(folder, name)| (folder, name));
        let rooted =
            if typed.starts_with('/') { format!("/{}", folder.trim_start_matches('/')) } else { folder.to_owned() };
        let folder = self.spot.project.server_root.join(Path::new(&rooted));
        let files = &self.workspace.documents;
        let names = files.list(&folder).unwrap_or_default();
        let shown = names.into_iter().filter(|other| name.starts_with('.') || !other.starts_with('.')).take(MOST);
        let item = |name: String| match files.kind(&folder.join(&name)) {
            Some(FileKind::Folder) => Item::new(name.clone() + "/", lsp::CompletionItemKind::Folder, ""),
            _ => Item::new(name, lsp::CompletionItemKind::File, ""),
        };
        self.edits(start + typed.len() - name.len(), shown.map(item).collect())
    }
}
