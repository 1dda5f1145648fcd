//! [`Files`]: the only way in which the compiler reads, from the disk or from memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::machine::Machine;

/// The largest file that is read: beyond it is no configuration.
const LARGEST_FILE: u64 = 32 << 20;

/// What the compiler may ask of a file system. All paths are absolute, or relative to where the command was started.
pub trait Files {
    /// The bytes of a regular file.
    ///
    /// # Errors
    /// When it cannot be read, is no regular file, or is larger than 32 MiB.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What stands at a path, links followed; `None` when nothing does.
    fn kind(&self, path: &Path) -> Option<FileKind>;

    /// The names in a folder, in byte order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// A name that two paths share exactly when they are the same file.
    fn identity(&self, path: &Path) -> PathBuf;

    /// The machine that these are the files of, where they are those of one.
    fn machine(&self) -> Option<&dyn Machine> {
        None
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A device, a socket, a pipe.
    Other,
}

/// The main file cannot be read, so that there is nothing to check.
#[derive(Debug)]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: io::Error,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be read: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

/// The disk of this machine. This type alone may touch it in the compiler.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // Without blocking, so that a named pipe put in the place of a file is refused and not waited for.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let found = file.metadata()?;
        if !found.is_file() && path != Path::new("/dev/null") {
            return Err(io::Error::other(if found.is_dir() { "it is a folder" } else { "it is not a regular file" }));
        }
        let mut bytes = Vec::with_capacity(found.len().min(LARGEST_FILE) as usize);
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(io::Error::other("it is larger than 32 MiB"));
        }
        Ok(bytes)
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        let found = std::fs::metadata(path).ok()?.file_type();
        Some(match () {
            () if found.is_file() => FileKind::File,
            () if found.is_dir() => FileKind::Folder,
            () => FileKind::Other,
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    }

    fn machine(&self) -> Option<&dyn Machine> {
        Some(self)
    }
}

/// Files that exist only here: for tests, and for text that is not on a disk.
#[derive(Debug, Clone, Default)]
pub struct Memory(BTreeMap<PathBuf, Option<Vec<u8>>>);

impl Memory {
    /// Puts a file into it.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), Some(text.into()));
    }

    /// Puts something into it that is no regular file.
    pub fn add_device(&mut self, path: impl Into<PathBuf>) {
        self.0.insert(path.into(), None);
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.0.get(path) {
            Some(Some(bytes)) if bytes.len() as u64 > LARGEST_FILE => Err(io::Error::other("it is larger than 32 MiB")),
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(io::Error::other("it is not a regular file")),
            None if self.kind(path).is_some() => Err(io::Error::other("it is a folder")),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "No such file or directory")),
        }
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        if let Some(file) = self.0.get(path) {
            return Some(if file.is_some() { FileKind::File } else { FileKind::Other });
        }
        self.0.keys().any(|file| file.starts_with(path)).then_some(FileKind::Folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let names: BTreeSet<String> = self
            .0
            .keys()
            .filter_map(|file| file.strip_prefix(folder).ok()?.iter().next())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        Ok(names.into_iter().collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }
}
