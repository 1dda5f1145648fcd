//! From root to an account, for good, before anything of the account is read.

use std::ffi::CString;
use std::io;
use std::path::Path;

use nix::unistd::{
    Gid, ResGid, ResUid, Uid, getgroups, getresgid, getresuid, initgroups, setgroups, setresgid, setresuid, setuid,
};

use super::handoff::Account;

/// Takes the supplementary groups of an account, in place of root's.
///
/// # Errors
/// When they cannot be had. The process must end then.
pub fn take_groups(account: &Account) -> io::Result<()> {
    let gid = Gid::from_raw(account.gid);
    match (&account.groups, &account.user) {
        (Some(groups), _) => {
            let all: Vec<_> = std::iter::once(gid).chain(groups.iter().copied().map(Gid::from_raw)).collect();
            setgroups(&all)?;
            let had = getgroups()?;
            if had.iter().any(|group| !all.contains(group)) {
                return Err(io::Error::other("the list of groups is not what was asked for"));
            }
        }
        (None, Some(user)) => {
            let user = CString::new(user.as_str()).map_err(|_| io::Error::other("a user name with a NUL"))?;
            initgroups(&user, gid)?;
        }
        (None, None) => setgroups(&[gid])?,
    }
    Ok(())
}

/// Makes a folder the root folder of this process, and its working directory.
///
/// # Errors
/// When it cannot be. The process must end then.
pub fn enter_root(folder: &Path) -> io::Result<()> {
    rustix::process::chdir(folder)?;
    rustix::process::chroot(".")?;
    rustix::process::chdir("/")?;
    Ok(())
}

/// Becomes the account in this process, which has one thread and the account's supplementary groups already, and proves it.
///
/// # Errors
/// The step that failed. The process must end then: it has more rights than it was given.
pub fn become_account(account: &Account) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    let step = |what: &'static str| move |error: nix::Error| io::Error::other(format!("{what}: {error}"));
    setresgid(gid, gid, gid).map_err(step("group id"))?;
    // EAGAIN, at the account's limit of processes, is a failure like any other (CVE-2014-0240).
    setresuid(uid, uid, uid).map_err(step("user id"))?;
    verify(uid, gid)
}

fn verify(uid: Uid, gid: Gid) -> io::Result<()> {
    let wrong = |what: &str| Err(io::Error::other(format!("{what} is not what was asked for")));
    let ResUid { real, effective, saved } = getresuid()?;
    if [real, effective, saved] != [uid; 3] {
        return wrong("the user id");
    }
    let ResGid { real, effective, saved } = getresgid()?;
    if [real, effective, saved] != [gid; 3] {
        return wrong("the group id");
    }
    if getgroups()?.iter().any(|group| group.as_raw() == 0) {
        return wrong("the list of groups");
    }
    if setuid(Uid::from_raw(0)).is_ok() {
        return wrong("the loss of root's rights");
    }
    Ok(())
}
