//! Names of users and groups to numbers, while the account database can still be read by all.

use nix::unistd::{Gid, Group, Uid, User};

use super::StartError;
use crate::plan::{Name, Place, Plan, ProcessGroup};
use crate::runtime::handoff::{Account, ScriptOwner};

/// The account of the front and the embedded processes; `None` when not started by root.
///
/// # Errors
/// An unknown name, also where it would not be needed; root itself, or no `User` although started by root.
pub(super) fn of_server(plan: &Plan, allow_root: bool) -> Result<Option<Account>, StartError> {
    are_known(plan.user.as_ref(), plan.group.as_ref())?;
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    match &plan.user {
        Some(user) => resolve(user, plan.group.as_ref()).map(Some),
        None if allow_root => Ok(None),
        None => Err(StartError::NoUser),
    }
}

/// The account of a process group's processes; `None` when not started by root.
///
/// # Errors
/// An unknown name, also where it would not be needed, or root itself.
pub(super) fn of_group(
    plan: &Plan,
    group: &ProcessGroup,
    server: Option<&Account>,
) -> Result<Option<Account>, StartError> {
    are_known(group.user.as_ref(), group.group.as_ref())?;
    let groups = group.confinement.supplementary_groups.as_ref();
    let groups = groups.map(|groups| groups.iter().map(supplementary).collect::<Result<Vec<_>, _>>()).transpose()?;
    if !Uid::effective().is_root() {
        if group.confinement.chroot.is_some() {
            return Err(StartError::ChrootNeedsRoot(group.place.clone()));
        }
        return Ok(None);
    }
    let account = own_account(plan, group, server)?;
    Ok(account.map(|account| Account { groups, ..account }))
}

fn own_account(plan: &Plan, group: &ProcessGroup, server: Option<&Account>) -> Result<Option<Account>, StartError> {
    match (&group.user, &group.group) {
        (Some(user), own) => resolve(user, own.as_ref()).map(Some),
        (None, Some(own)) => match &plan.user {
            Some(user) => resolve(user, Some(own)).map(Some),
            // The server's `Group`, which without `User` says nothing of the server either.
            None if group.group == plan.group => Ok(server.cloned()),
            None => Err(StartError::GroupWithoutUser(own.place.clone())),
        },
        (None, None) => Ok(server.cloned()),
    }
}

/// The number of a supplementary group, which must not be root's.
fn supplementary(name: &Name) -> Result<u32, StartError> {
    match group_number(name)? {
        0 => Err(StartError::Root { place: name.place.clone(), what: "group" }),
        gid => Ok(gid),
    }
}

/// Whose the scripts of a group must be.
///
/// # Errors
/// An unknown name.
pub(super) fn of_scripts(group: &ProcessGroup) -> Result<ScriptOwner, StartError> {
    let user = |name: &Name| match number(&name.name) {
        Some(uid) => Ok(uid),
        None => find_user(name).map(|user| user.uid.as_raw()),
    };
    Ok(ScriptOwner {
        user: group.confinement.script_user.as_ref().map(user).transpose()?,
        group: group.confinement.script_group.as_ref().map(group_number).transpose()?,
    })
}

/// A name that the machine does not know is a mistake of the configuration, whoever starts it. A number is always taken.
fn are_known(user: Option<&Name>, group: Option<&Name>) -> Result<(), StartError> {
    if let Some(user) = user.filter(|user| number(&user.name).is_none()) {
        find_user(user)?;
    }
    if let Some(group) = group.filter(|group| number(&group.name).is_none()) {
        find_group(group)?;
    }
    Ok(())
}

fn find_user(name: &Name) -> Result<User, StartError> {
    User::from_name(&name.name).ok().flatten().ok_or_else(|| unknown(name, "user"))
}

fn find_group(name: &Name) -> Result<Gid, StartError> {
    let found = Group::from_name(&name.name).ok().flatten();
    found.map(|group| group.gid).ok_or_else(|| unknown(name, "group"))
}

fn group_number(name: &Name) -> Result<u32, StartError> {
    number(&name.name).map_or_else(|| find_group(name).map(Gid::as_raw), Ok)
}

fn unknown(name: &Name, what: &'static str) -> StartError {
    StartError::Unknown { place: name.place.clone(), what, name: name.name.clone() }
}

fn resolve(user: &Name, group: Option<&Name>) -> Result<Account, StartError> {
    let account = match number(&user.name) {
        Some(uid) => {
            let known = User::from_uid(Uid::from_raw(uid)).ok().flatten();
            known.ok_or(uid)
        }
        None => Ok(find_user(user)?),
    };
    let gid = match group {
        Some(group) => group_number(group)?,
        None => match &account {
            Ok(account) => account.gid.as_raw(),
            Err(_) => return Err(StartError::NoGroup(user.place.clone())),
        },
    };
    let account = match account {
        Ok(user) => Account { uid: user.uid.as_raw(), gid, user: Some(user.name), groups: None, home: Some(user.dir) },
        Err(uid) => Account { uid, gid, user: None, groups: None, home: None },
    };
    not_root(&account, user, group.map_or(&user.place, |group| &group.place))?;
    Ok(account)
}

fn not_root(account: &Account, user: &Name, group: &Place) -> Result<(), StartError> {
    if account.uid == Uid::from_raw(0).as_raw() {
        return Err(StartError::Root { place: user.place.clone(), what: "user" });
    }
    if account.gid == Gid::from_raw(0).as_raw() {
        return Err(StartError::Root { place: group.clone(), what: "group" });
    }
    Ok(())
}

/// `#1000` is a number.
fn number(name: &str) -> Option<u32> {
    name.strip_prefix('#')?.parse().ok()
}
