//! [`Machine`]: the machine that a configuration is for, as far as checks may look at it: who owns what, who may do what,
//! who there is. This file and `files.rs` alone may touch the world outside.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::files::{Disk, FileKind, Files};

/// How many links are followed, as in Linux.
const MOST_LINKS: usize = 40;

/// What may be asked of a machine.
pub trait Machine: Files {
    /// What stands at a path, links followed.
    fn look(&self, path: &Path) -> Look;

    /// Where a link leads, as it is written in it; `None` when the path is no link.
    fn link(&self, path: &Path) -> Option<PathBuf>;

    /// The account of that name.
    ///
    /// # Errors
    /// When the machine cannot say.
    fn user(&self, name: &str) -> io::Result<Option<Account>>;

    /// The number of the group of that name.
    ///
    /// # Errors
    /// When the machine cannot say.
    fn group(&self, name: &str) -> io::Result<Option<u32>>;
}

/// What one sees at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Something is there.
    There(Status),
    /// Nothing is there.
    Missing,
    /// Whoever runs the check may not see it.
    Hidden,
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub kind: FileKind,
    /// The permission bits.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// An access control list says more than the permission bits.
    pub acl: bool,
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name, for messages.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// All groups.
    pub groups: Vec<u32>,
}

impl Machine for Disk {
    fn look(&self, path: &Path) -> Look {
        match std::fs::metadata(path) {
            Ok(found) => Look::There(Status {
                kind: self.kind(path).unwrap_or(FileKind::Other),
                mode: found.mode() & 0o7777,
                uid: found.uid(),
                gid: found.gid(),
                acl: has_acl(path),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Missing,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Look::Missing,
            Err(_) => Look::Hidden,
        }
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        std::fs::read_link(path).ok()
    }

    fn user(&self, name: &str) -> io::Result<Option<Account>> {
        let Some(user) = nix::unistd::User::from_name(name)? else { return Ok(None) };
        let name = std::ffi::CString::new(user.name.clone())?;
        let groups = nix::unistd::getgrouplist(&name, user.gid)?;
        Ok(Some(Account {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            groups: groups.into_iter().map(nix::unistd::Gid::as_raw).collect(),
        }))
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        Ok(nix::unistd::Group::from_name(name)?.map(|group| group.gid.as_raw()))
    }
}

/// Whether a file has an access control list; where nobody can tell, it may have one.
fn has_acl(path: &Path) -> bool {
    use rustix::io::Errno;
    match rustix::fs::getxattr(path, "system.posix_acl_access", &mut [0_u8; 0]) {
        Ok(_) => true,
        Err(error) => !matches!(error, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS),
    }
}

/// A machine that exists only here: for tests. Every folder above a file is there, root's and open to all.
#[derive(Debug, Clone, Default)]
pub struct MemoryMachine {
    nodes: BTreeMap<PathBuf, Node>,
    users: BTreeMap<String, Account>,
    groups: BTreeMap<String, u32>,
}

#[derive(Debug, Clone)]
struct Node {
    content: Content,
    mode: u32,
    uid: u32,
    gid: u32,
}

#[derive(Debug, Clone)]
enum Content {
    File(Vec<u8>),
    Folder,
    Link(PathBuf),
}

/// Who owns something in memory, and who may do what with it.
#[derive(Debug, Clone, Copy)]
pub struct Owned {
    /// The permission bits.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl MemoryMachine {
    /// Puts a file on it.
    pub fn add_file(&mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>, owned: Owned) {
        self.add(path.into(), Content::File(bytes.into()), owned);
    }

    /// Puts a folder on it.
    pub fn add_folder(&mut self, path: impl Into<PathBuf>, owned: Owned) {
        self.add(path.into(), Content::Folder, owned);
    }

    /// Puts a link on it.
    pub fn add_link(&mut self, path: impl Into<PathBuf>, target: impl Into<PathBuf>) {
        self.add(path.into(), Content::Link(target.into()), Owned { mode: 0o777, uid: 0, gid: 0 });
    }

    /// Lets somebody have an account, and a group of the same name.
    pub fn add_user(&mut self, name: &str, uid: u32, groups: &[u32]) {
        let account = Account { name: name.to_owned(), uid, gid: uid, groups: [&[uid], groups].concat() };
        self.users.insert(name.to_owned(), account);
        self.groups.insert(name.to_owned(), uid);
    }

    fn add(&mut self, path: PathBuf, content: Content, Owned { mode, uid, gid }: Owned) {
        for above in path.ancestors().skip(1) {
            let folder = Node { content: Content::Folder, mode: 0o755, uid: 0, gid: 0 };
            self.nodes.entry(above.to_owned()).or_insert(folder);
        }
        self.nodes.insert(path, Node { content, mode, uid, gid });
    }

    /// The path without links; `None` when nothing is there.
    fn resolve(&self, path: &Path, links: usize) -> Option<PathBuf> {
        let mut resolved = PathBuf::from("/");
        let mut components = path.components();
        while let Some(component) = components.next() {
            match component {
                Component::ParentDir => _ = resolved.pop(),
                Component::Normal(name) => resolved.push(name),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
            }
            if let Content::Link(target) = &self.nodes.get(&resolved)?.content {
                let folder = resolved.parent().unwrap_or(Path::new("/"));
                let further = folder.join(target).join(components.as_path());
                return (links < MOST_LINKS).then(|| self.resolve(&further, links + 1))?;
            }
        }
        Some(resolved)
    }

    fn node(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(&self.resolve(path, 0)?)
    }
}

impl Files for MemoryMachine {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.node(path).map(|node| &node.content) {
            Some(Content::File(bytes)) => Ok(bytes.clone()),
            Some(_) => Err(io::Error::other("it is a folder")),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "No such file or directory")),
        }
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        Some(match self.node(path)?.content {
            Content::File(_) => FileKind::File,
            Content::Folder | Content::Link(_) => FileKind::Folder,
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let folder = self.resolve(folder, 0).ok_or(io::ErrorKind::NotFound)?;
        let inside = self.nodes.keys().filter(|path| path.parent() == Some(&folder));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        self.resolve(path, 0).unwrap_or_else(|| path.to_owned())
    }

    fn machine(&self) -> Option<&dyn Machine> {
        Some(self)
    }
}

impl Machine for MemoryMachine {
    fn look(&self, path: &Path) -> Look {
        match (self.node(path), self.kind(path)) {
            (Some(node), Some(kind)) => {
                Look::There(Status { kind, mode: node.mode, uid: node.uid, gid: node.gid, acl: false })
            }
            _ => Look::Missing,
        }
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        let folder = self.resolve(path.parent()?, 0)?;
        match &self.nodes.get(&folder.join(path.file_name()?))?.content {
            Content::Link(target) => Some(target.clone()),
            _ => None,
        }
    }

    fn user(&self, name: &str) -> io::Result<Option<Account>> {
        Ok(self.users.get(name).cloned())
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        Ok(self.groups.get(name).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNED: Owned = Owned { mode: 0o644, uid: 0, gid: 0 };

    #[test]
    fn links_are_followed_in_memory() {
        let mut machine = MemoryMachine::default();
        machine.add_file("/srv/releases/2/app.wsgi", "", OWNED);
        machine.add_link("/srv/current", "releases/2");
        machine.add_link("/srv/ring", "/srv/ring");
        assert_eq!(machine.identity(Path::new("/srv/current/app.wsgi")), Path::new("/srv/releases/2/app.wsgi"));
        assert_eq!(machine.list(Path::new("/srv/current")).ok(), Some(vec!["app.wsgi".to_owned()]));
        assert_eq!(machine.look(Path::new("/srv/ring/app.wsgi")), Look::Missing);
    }

    #[test]
    fn the_disk_knows_root() {
        let root = Disk.user("root").ok().flatten().map(|account| account.uid);
        assert_eq!(root, Some(0));
        assert_eq!(Disk.user("nobody-of-that-name").ok(), Some(None));
        assert!(matches!(Disk.look(Path::new("/")), Look::There(Status { kind: FileKind::Folder, uid: 0, .. })));
        assert_eq!(Disk.look(Path::new("/no/such/path")), Look::Missing);
    }
}
