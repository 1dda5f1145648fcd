//! Whether an account may reach a path, by owners and permission bits. Where an access control list speaks, nothing is said.

use std::path::{Path, PathBuf};

use crate::compiler::source::{Account, FileKind, Look, Machine, Status};

/// What somebody wants to do with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Read a file, list a folder.
    Read,
    /// Enter a folder.
    Enter,
}

/// What stands in the way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Barrier {
    /// A folder on the way, which the account may not enter.
    Folder(PathBuf),
    /// The thing itself.
    Itself,
}

/// What keeps an account from a path; `None` when nothing does, and when that cannot be said.
pub(super) fn barrier(machine: &dyn Machine, account: &Account, path: &Path, want: Want) -> Option<Barrier> {
    let real = machine.identity(path);
    let mut folders: Vec<&Path> = path.ancestors().skip(1).chain(real.ancestors().skip(1)).collect();
    folders.sort_by_key(|folder| folder.components().count());
    for folder in folders {
        match machine.look(folder) {
            Look::There(status) if !may(account, status, Want::Enter) => {
                return Some(Barrier::Folder(folder.to_owned()));
            }
            Look::There(_) => {}
            Look::Missing | Look::Hidden => return None,
        }
    }
    match machine.look(path) {
        Look::There(status) => (!may(account, status, want)).then_some(Barrier::Itself),
        Look::Missing | Look::Hidden => None,
    }
}

/// What the permission bits let an account do.
fn may(account: &Account, status: Status, want: Want) -> bool {
    if account.uid == 0 || status.acl {
        return true;
    }
    let bits = if status.uid == account.uid {
        status.mode >> 6
    } else if account.groups.contains(&status.gid) {
        status.mode >> 3
    } else {
        status.mode
    };
    let wanted = match want {
        Want::Read if status.kind == FileKind::Folder => 0o5,
        Want::Read => 0o4,
        Want::Enter => 0o1,
    };
    bits & wanted == wanted
}

/// Whether everybody may write there. Who may do so in a folder with the sticky bit may not replace what is in it.
pub(super) fn is_world_writable(status: Status) -> bool {
    status.mode & 0o002 != 0 && !(status.kind == FileKind::Folder && status.mode & 0o1000 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::source::{MemoryMachine, Owned};

    #[test]
    fn the_first_bits_that_fit_decide() {
        let mut machine = MemoryMachine::default();
        machine.add_user("web", 33, &[50]);
        machine.add_folder("/srv/own", Owned { mode: 0o077, uid: 33, gid: 33 });
        machine.add_folder("/srv/team", Owned { mode: 0o750, uid: 0, gid: 50 });
        machine.add_folder("/srv/far", Owned { mode: 0o750, uid: 0, gid: 0 });
        for (path, free) in [("/srv/own/a", false), ("/srv/team/a", true), ("/srv/far/a", false)] {
            machine.add_file(path, "", Owned { mode: 0o644, uid: 0, gid: 0 });
            let web = Account { name: "web".to_owned(), uid: 33, gid: 33, groups: vec![33, 50] };
            assert_eq!(barrier(&machine, &web, Path::new(path), Want::Read).is_none(), free, "{path}");
        }
    }
}
