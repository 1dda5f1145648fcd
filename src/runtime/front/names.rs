//! The names that clients bring and that interpreters may be called after. mod_wsgi takes whatever a client sends; here a client
//! cannot make interpreters without end.

use std::collections::HashSet;
use std::sync::Mutex;

use hyper::StatusCode;

use super::script::Refusal;
use crate::decision::group::with_port;
use crate::decision::hosts::{alias_covers, requested_name};
use crate::plan::sections::Settings;
use crate::plan::{ApplicationGroup, Host, Plan, ProcessGroupName};

/// So many names that only clients bring get an interpreter of their own, in each host.
const MOST_NAMES: usize = 64;
/// What the interpreter is called after for all further names.
const SHARED: &str = "*";

/// The names of one host.
#[derive(Debug)]
pub(super) struct Names {
    /// Names of groups depend on the host name that a client asks for.
    by_host: bool,
    /// Names of groups depend on `SCRIPT_NAME`.
    by_resource: bool,
    /// `WSGICaseSensitivity Off`.
    case_insensitive: bool,
    hosts: Mutex<HashSet<String>>,
    resources: Mutex<HashSet<Vec<u8>>>,
}

impl Names {
    /// The names of a host.
    pub(super) fn new(plan: &Plan, host: &Host) -> Self {
        let depends = |on: Depends| uses(host).any(on) || uses_process(host).any(|token| may_be(token, "%{HOST}"));
        let by_resource = |group: Option<&ApplicationGroup>| match group {
            Some(ApplicationGroup::Resource) | None => true,
            Some(ApplicationGroup::Token(token)) => may_be(token, "%{RESOURCE}"),
            Some(_) => false,
        };
        let dispatched = settings(host).any(|settings| settings.dispatch_script.is_some());
        Self {
            by_host: dispatched
                || depends(|group| matches!(group, ApplicationGroup::Token(token) if may_be(token, "%{HOST}"))),
            by_resource: dispatched
                || host.settings.application_group.is_none()
                || uses(host).any(|group| by_resource(Some(group)))
                || uses_process(host).any(|token| may_be(token, "%{RESOURCE}")),
            case_insensitive: plan.interpreters.case_insensitive,
            hosts: Mutex::default(),
            resources: Mutex::default(),
        }
    }

    /// The host name that counts for a request, if any group is called after it: a name of the configuration, or one that a
    /// `ServerAlias` with `*` or `?` covers. Any other name is that of nobody, and the host's own counts.
    ///
    /// # Errors
    /// When such a `ServerAlias` has covered too many names.
    pub(super) fn host(&self, plan: &Plan, host: &Host, authority: Option<&str>) -> Result<Option<String>, Refusal> {
        if !self.by_host {
            return Ok(None);
        }
        let own = || host.server_name.clone().unwrap_or_default();
        let Some(name) = authority.map(requested_name) else { return Ok(Some(own())) };
        let named = host.server_name.as_ref() == Some(&name) || host.server_aliases.contains(&name);
        if named || plan.process_groups.iter().any(|group| is_called(&group.name, &name)) {
            return Ok(Some(name));
        }
        if !host.server_aliases.iter().any(|alias| alias_covers(alias, &name)) {
            return Ok(Some(own()));
        }
        if admit(&self.hosts, &name) { Ok(Some(name)) } else { Err(too_many(host)) }
    }

    /// The `SCRIPT_NAME` that an interpreter is called after, where the client chooses it: one that is its own, or the one that
    /// all further ones share. Empty where no interpreter is called after it.
    pub(super) fn resource(&self, script_name: &[u8]) -> Vec<u8> {
        if !self.by_resource {
            return Vec::new();
        }
        let mut script_name = script_name.to_vec();
        if self.case_insensitive {
            script_name.make_ascii_lowercase();
        }
        if admit(&self.resources, script_name.as_slice()) { script_name } else { SHARED.into() }
    }
}

fn too_many(host: &Host) -> Refusal {
    let name = host.server_name.as_deref().unwrap_or_default();
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        message: format!(
            "%{{HOST}}: the patterns of ServerAlias of '{name}' have covered too many names: no interpreter is left"
        ),
    }
}

fn admit<T, Q>(known: &Mutex<HashSet<T>>, name: &Q) -> bool
where
    T: std::borrow::Borrow<Q> + std::hash::Hash + Eq,
    Q: std::hash::Hash + Eq + ToOwned<Owned = T> + ?Sized,
{
    let mut known = known.lock().expect("no panic while it is held");
    known.contains(name) || known.len() < MOST_NAMES && known.insert(name.to_owned())
}

/// Whether a process group is called after a host name, with or without a port.
fn is_called(group: &str, name: &str) -> bool {
    let port = group.strip_prefix(name).and_then(|rest| rest.strip_prefix(':'));
    group == name || port.and_then(|port| port.parse().ok()).is_some_and(|port| with_port(name, port) == group)
}

type Depends = fn(&ApplicationGroup) -> bool;

fn settings(host: &Host) -> impl Iterator<Item = &Settings> {
    std::iter::once(&host.settings).chain(host.sections.iter().map(|section| &section.settings))
}

/// Every application group that may hold in a host.
fn uses(host: &Host) -> impl Iterator<Item = &ApplicationGroup> {
    let handlers = settings(host).flat_map(|settings| &settings.handler_scripts);
    let set = settings(host).filter_map(|settings| settings.application_group.as_ref());
    let mounts = host.mounts.iter().filter_map(|mount| mount.application_group.as_ref());
    set.chain(mounts).chain(handlers.filter_map(|handler| handler.application_group.as_ref()))
}

/// Every process group whose name a request tells.
fn uses_process(host: &Host) -> impl Iterator<Item = &str> {
    let handlers = settings(host).flat_map(|settings| &settings.handler_scripts);
    let set = settings(host).filter_map(|settings| settings.process_group.as_ref());
    let mounts = host.mounts.iter().filter_map(|mount| mount.process_group.as_ref());
    let all = set.chain(mounts).chain(handlers.filter_map(|handler| handler.process_group.as_ref()));
    all.filter_map(|name| match name {
        ProcessGroupName::Token(token) => Some(token.as_str()),
        _ => None,
    })
}

/// Whether a token is this one, or a variable that may hold it.
fn may_be(token: &str, wanted: &str) -> bool {
    token == wanted || token.starts_with("%{ENV:")
}
