//! What is open in the editor, saved or not. It wins over the disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use gen_lsp_types::TextDocumentContentChangeEvent as Change;

use super::position::{Encoding, Text};
use super::uri;
use crate::compiler::source::{Disk, FileKind, Files, Machine};

/// One text that is open.
#[derive(Debug)]
pub(super) struct Document {
    /// As the client writes it.
    pub(super) uri: String,
    pub(super) path: PathBuf,
    pub(super) version: i32,
    pub(super) text: Text,
}

/// Every text that is open, by the name of its file that all paths to it share.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<PathBuf, Document>);

impl Documents {
    pub(super) fn open(&mut self, uri: &str, version: i32, text: &str, encoding: Encoding) {
        let path = uri::path(uri);
        let text = Text::new(text, encoding);
        self.0.insert(Disk.identity(&path), Document { uri: uri.to_owned(), path, version, text });
    }

    /// Applies changes, each to what the one before it left.
    pub(super) fn change(&mut self, uri: &str, version: i32, changes: Vec<Change>, encoding: Encoding) {
        let Some(document) = self.0.values_mut().find(|document| document.uri == uri) else { return };
        for change in changes {
            document.text = match change {
                Change::TextDocumentContentChangePartial(change) => document.text.replaced(change.range, &change.text),
                Change::TextDocumentContentChangeWholeDocument(change) => Text::new(change.text, encoding),
            };
        }
        document.version = version;
    }

    pub(super) fn close(&mut self, uri: &str) {
        self.0.retain(|_, document| document.uri != uri);
    }

    /// The document of a URI of the client's.
    pub(super) fn get(&self, uri: &str) -> Option<&Document> {
        self.0.values().find(|document| document.uri == uri)
    }

    /// The document that stands for a file, whichever path names it.
    pub(super) fn of_file(&self, path: &Path) -> Option<&Document> {
        self.0.get(path).or_else(|| self.0.get(&Disk.identity(path)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Document> {
        self.0.values()
    }
}

impl Files for Documents {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.of_file(path) {
            Some(document) => Ok(document.text.as_str().as_bytes().to_vec()),
            None => Disk.read(path),
        }
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        Disk.kind(path).or_else(|| self.of_file(path).map(|_| FileKind::File))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Disk.list(folder)?;
        // A file that was never saved is no less there.
        let unsaved = self.iter().filter(|document| document.path.parent() == Some(folder));
        names.extend(unsaved.filter_map(|document| Some(document.path.file_name()?.to_string_lossy().into_owned())));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        Disk.identity(path)
    }

    fn machine(&self) -> Option<&dyn Machine> {
        Disk.machine()
    }
}
