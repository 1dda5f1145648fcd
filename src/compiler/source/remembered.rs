//! A machine whose answers are remembered while one configuration is looked at: a thousand hosts may ask for the same folder.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{FileKind, Files};
use super::machine::{Account, Look, Machine};

/// A machine, asked once for each path.
pub(crate) struct Remembered<'a> {
    machine: &'a dyn Machine,
    kinds: Answers<Option<FileKind>>,
    identities: Answers<PathBuf>,
    looks: Answers<Look>,
    links: Answers<Option<PathBuf>>,
}

type Answers<T> = RefCell<HashMap<PathBuf, T>>;

impl<'a> Remembered<'a> {
    /// A machine of which nothing is known yet.
    pub(crate) fn new(machine: &'a dyn Machine) -> Self {
        Self {
            machine,
            kinds: RefCell::default(),
            identities: RefCell::default(),
            looks: RefCell::default(),
            links: RefCell::default(),
        }
    }
}

fn remember<T: Clone>(answers: &Answers<T>, path: &Path, ask: impl FnOnce(&Path) -> T) -> T {
    if let Some(answer) = answers.borrow().get(path) {
        return answer.clone();
    }
    let answer = ask(path);
    answers.borrow_mut().insert(path.to_owned(), answer.clone());
    answer
}

impl Files for Remembered<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.machine.read(path)
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        remember(&self.kinds, path, |path| self.machine.kind(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.machine.list(folder)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        remember(&self.identities, path, |path| self.machine.identity(path))
    }
}

impl Machine for Remembered<'_> {
    fn look(&self, path: &Path) -> Look {
        remember(&self.looks, path, |path| self.machine.look(path))
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        remember(&self.links, path, |path| self.machine.link(path))
    }

    fn user(&self, name: &str) -> io::Result<Option<Account>> {
        self.machine.user(name)
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        self.machine.group(name)
    }
}
