//! What the machine has to say about a plan that can run all the same: said when all is up, and in the error log.

use std::path::Path;

use nix::unistd::{Uid, User};

use crate::plan::{Mount, Plan};

/// One line each, with file, line and what to do.
pub(super) fn remarks(plan: &Plan) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut seen: Vec<&Mount> = Vec::new();
    for mount in plan.hosts.iter().flat_map(|host| &host.mounts) {
        // A virtual host repeats the mounts that it inherits.
        if !mount.regex && !seen.contains(&mount) {
            seen.push(mount);
            remarks.extend(missing_script(mount));
        }
    }
    let mounted =
        |script: &Path| plan.hosts.iter().flat_map(|host| &host.mounts).any(|mount| Path::new(&mount.target) == script);
    for preload in plan.preloads.iter().filter(|preload| !mounted(&preload.script)) {
        if let Ok(false) = preload.script.try_exists() {
            remarks.push(format!("{}: there is no script {} to load", preload.place, preload.script.display()));
        }
    }
    remarks.extend(other_accounts(plan));
    remarks
}

fn missing_script(mount: &Mount) -> Option<String> {
    let Mount { url_path, target, place, .. } = mount;
    match Path::new(target).try_exists() {
        Ok(false) => Some(format!(
            "{place}: there is no WSGI script {target}: requests below {url_path} get 404 until it is there"
        )),
        _ => None,
    }
}

/// Without root's rights nobody becomes somebody else (mod_wsgi ignores `user=` then, too).
fn other_accounts(plan: &Plan) -> Vec<String> {
    if Uid::effective().is_root() {
        return Vec::new();
    }
    let own = User::from_uid(Uid::effective()).ok().flatten().map(|user| user.name).unwrap_or_default();
    let groups = plan.process_groups.iter().map(|group| group.user.as_ref());
    let named = std::iter::once(plan.user.as_ref()).chain(groups).flatten();
    named
        .filter(|user| user.name != own)
        .map(|user| {
            format!(
                "{}: not started by root, so the process stays `{own}` and does not become `{}`",
                user.place, user.name
            )
        })
        .collect()
}
