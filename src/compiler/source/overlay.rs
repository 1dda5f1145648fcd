//! Files with other texts in the place of some: from standard input, or changed and not saved.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{FileKind, Files};
use super::machine::Machine;

/// Texts that stand before those of other files.
pub struct Overlay<'a> {
    below: &'a dyn Files,
    /// By identity.
    texts: BTreeMap<PathBuf, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// Nothing but the other files.
    pub fn new(below: &'a dyn Files) -> Self {
        Self { below, texts: BTreeMap::new() }
    }

    /// Puts a text in the place of a file, or where there is none.
    pub fn put(&mut self, path: &Path, text: Vec<u8>) {
        self.texts.insert(self.below.identity(path), text);
    }

    /// Takes a text away again.
    pub fn remove(&mut self, path: &Path) {
        self.texts.remove(&self.below.identity(path));
    }

    /// Every text, with the file that it stands for.
    pub fn texts(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.texts.iter().map(|(path, text)| (path.as_path(), text.as_slice()))
    }

    fn text(&self, path: &Path) -> Option<&Vec<u8>> {
        if self.texts.is_empty() { None } else { self.texts.get(&self.below.identity(path)) }
    }
}

impl Files for Overlay<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.text(path).map_or_else(|| self.below.read(path), |text| Ok(text.clone()))
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        self.text(path).map_or_else(|| self.below.kind(path), |_| Some(FileKind::File))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.below.list(folder)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.below.identity(path)
    }

    fn machine(&self) -> Option<&dyn Machine> {
        self.below.machine()
    }
}
