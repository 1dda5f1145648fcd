//! `script-user` and `script-group`: whose a script must be before a process group runs it, and that nobody else may change it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat, stat};

use crate::plan::ProcessGroup;
use crate::runtime::handoff::ScriptOwner;

const GROUP_MAY_WRITE: u32 = 0o020;
const ALL_MAY_WRITE: u32 = 0o002;

/// What the scripts of a process group must be.
#[derive(Debug)]
pub(super) struct Owner {
    wanted: ScriptOwner,
    chroot: Option<PathBuf>,
}

impl Owner {
    /// `None` where nothing is asked of them.
    pub(super) fn new(group: &ProcessGroup, wanted: ScriptOwner) -> Option<Self> {
        (wanted != ScriptOwner::default()).then(|| Self { wanted, chroot: group.confinement.chroot.clone() })
    }

    /// Looks at a script, whose path is the one inside of a chroot.
    ///
    /// # Errors
    /// What the error log says: the answer is 403.
    pub(super) fn check(&self, script: &[u8]) -> Result<(), String> {
        let script = Path::new(OsStr::from_bytes(script));
        let script = match &self.chroot {
            Some(chroot) => chroot.join(script.strip_prefix("/").unwrap_or(script)),
            None => script.to_owned(),
        };
        let shown = script.display();
        if let Some(group) = self.wanted.group {
            let refused = |code: &str, what: &str| Err(format!("WSGI{code}: script-group: {what}: {shown}"));
            let Ok(file) = stat(&script) else { return refused("0153", "the script cannot be examined") };
            if file.st_gid != group {
                return refused("0155", "the script has another group");
            }
            if may(&file, ALL_MAY_WRITE) {
                return refused("0157", "everybody may write to the script");
            }
            let Some(folder) = folder(&script) else {
                return refused("0158", "the script's folder cannot be examined");
            };
            if folder.st_gid != group {
                return refused("0160", "the script's folder has another group");
            }
            if may(&folder, ALL_MAY_WRITE) {
                return refused("0161", "everybody may write to the script's folder");
            }
        }
        if let Some(user) = self.wanted.user {
            let refused = |code: &str, what: &str| Err(format!("WSGI{code}: script-user: {what}: {shown}"));
            let Ok(file) = stat(&script) else { return refused("0162", "the script cannot be examined") };
            if file.st_uid != user {
                return refused("0164", "the script has another owner");
            }
            if may(&file, GROUP_MAY_WRITE) {
                return refused("0166", "the script's group may write to it");
            }
            if may(&file, ALL_MAY_WRITE) {
                return refused("0168", "everybody may write to the script");
            }
            let Some(folder) = folder(&script) else {
                return refused("0169", "the script's folder cannot be examined");
            };
            if folder.st_uid != user {
                return refused("0171", "the script's folder has another owner");
            }
            if may(&folder, ALL_MAY_WRITE) {
                return refused("0172", "everybody may write to the script's folder");
            }
            if may(&folder, GROUP_MAY_WRITE) {
                return refused("0173", "the group of the script's folder may write to it");
            }
        }
        Ok(())
    }
}

fn may(status: &Stat, what: u32) -> bool {
    status.st_mode & what != 0
}

fn folder(script: &Path) -> Option<Stat> {
    let folder = stat(script.parent()?).ok()?;
    FileType::from_raw_mode(folder.st_mode).is_dir().then_some(folder)
}
