//! A WSGI script as requests reach it: its process group, its interpreter and what else is known before a request.

use std::env;
use std::sync::Arc;

use hyper::StatusCode;

use super::environ;
use crate::decision::group::{Asked, application_group, callable_object, expand};
use crate::plan::sections::Settings;
use crate::plan::{ApplicationGroup, Mount, Plan, ProcessGroupName};
use crate::runtime::exchange::Target;

/// A script with all that its requests have in common.
#[derive(Debug)]
pub(super) struct Script {
    /// What the application side gets.
    pub(super) target: Arc<Target>,
    /// Where it runs.
    pub(super) runs: Runs,
    /// What holds there.
    pub(super) settings: Settings,
    /// `WSGIPassAuthorization`, of the mount or the settings.
    pub(super) pass_authorization: bool,
}

/// Where a script runs.
#[derive(Debug, Clone)]
pub(super) enum Runs {
    /// In this process.
    Embedded,
    /// In a process of a group: an index into [`Plan::process_groups`].
    Daemon(usize),
    /// Nowhere.
    Refused(Refusal),
}

/// Why a request gets no application.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// The answer.
    pub(super) status: StatusCode,
    /// What the error log says.
    pub(super) message: String,
}

/// What a mount says by its options. They beat the directives.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chosen<'a> {
    pub(super) process_group: Option<&'a ProcessGroupName>,
    pub(super) application_group: Option<&'a ApplicationGroup>,
    /// Taken as it stands.
    pub(super) callable_object: Option<&'a str>,
    pub(super) pass_authorization: Option<bool>,
}

impl<'a> Chosen<'a> {
    /// The options of a mount.
    pub(super) fn by_mount(mount: &'a Mount) -> Self {
        Self {
            process_group: mount.process_group.as_ref(),
            application_group: mount.application_group.as_ref(),
            callable_object: mount.callable_object.as_deref(),
            pass_authorization: mount.pass_authorization,
        }
    }
}

/// Where a script was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    /// The file.
    pub(super) file: &'a [u8],
    /// `SCRIPT_NAME`, if it is the same for all its requests.
    pub(super) script_name: Option<&'a [u8]>,
    /// What stands in `%{RESOURCE}`.
    pub(super) resource: &'a [u8],
    /// The local port.
    pub(super) port: u16,
    /// The host name that counts; `None` where no group is called after it.
    pub(super) host: Option<&'a str>,
}

impl Script {
    /// Finds out all that is known before a request.
    pub(super) fn new(plan: &Plan, host_index: usize, settings: Settings, chosen: Chosen<'_>, at: At<'_>) -> Self {
        let host = &plan.hosts[host_index];
        let variable = |name: &str| variable(&settings, name);
        let server = host.server_name.as_deref().unwrap_or_default();
        let asked = Asked {
            server,
            // That of `ServerName` or of the listener, never the client's: a client must not be able to make interpreters.
            port: host.server_port.unwrap_or(at.port),
            host: at.host.unwrap_or(server),
            script_name: &String::from_utf8_lossy(at.resource),
            variable: &variable,
        };
        let process_group = chosen.process_group.or(settings.process_group.as_ref());
        let runs = runs(plan, host_index, process_group, &settings, &asked);
        let (group, threads, multiprocess) = match runs {
            Runs::Daemon(index) => {
                let group = &plan.process_groups[index];
                (group.name.as_str(), group.threads, group.multiprocess)
            }
            Runs::Embedded | Runs::Refused(_) => ("", plan.embedded.threads, plan.embedded.processes > 1),
        };
        let target = Target {
            script: at.file.to_vec(),
            process_group: group.to_owned(),
            application_group: application_group(
                chosen.application_group.or(settings.application_group.as_ref()),
                &asked,
            ),
            callable_object: match chosen.callable_object {
                Some(name) => name.to_owned(),
                None => callable_object(settings.callable_object.as_deref(), &variable),
            },
            script_reloading: settings.script_reloading.unwrap_or(true),
            multithread: threads > 1,
            multiprocess,
            environ: environ::constant(host, &settings, at.script_name.map(|name| (at.file, name))),
        };
        Self {
            target: Arc::new(target),
            runs,
            pass_authorization: chosen.pass_authorization.or(settings.pass_authorization).unwrap_or(false),
            settings,
        }
    }
}

/// A variable of the request, else of this process.
fn variable(settings: &Settings, name: &str) -> Option<String> {
    let set = settings.set_env.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    set.map(|(_, value)| value.clone()).or_else(|| env::var(name).ok())
}

/// mod_wsgi's checks of a process group, in its order.
fn runs(
    plan: &Plan,
    host: usize,
    process_group: Option<&ProcessGroupName>,
    settings: &Settings,
    asked: &Asked<'_>,
) -> Runs {
    let name = match process_group {
        None | Some(ProcessGroupName::Embedded) => String::new(),
        Some(ProcessGroupName::Daemon(index)) => plan.process_groups[*index].name.clone(),
        Some(ProcessGroupName::Token(token)) => expand(token, asked),
    };
    if settings.restrict_process.as_ref().is_some_and(|allowed| !allowed.contains(&name)) {
        let what = if name.is_empty() { "embedded mode".to_owned() } else { format!("process group '{name}'") };
        return refused(500, format!("WSGI0149: {what} is not listed by WSGIRestrictProcess"));
    }
    if name.is_empty() {
        return embedded(plan);
    }
    let Some(index) = plan.process_groups.iter().position(|group| group.name == name) else {
        return refused(500, format!("WSGI0151: no WSGIDaemonProcess defines process group '{name}'"));
    };
    let group = &plan.process_groups[index];
    if group.host != 0 && group.host != host && plan.hosts[group.host].server_name != plan.hosts[host].server_name {
        let owner = &plan.hosts[group.host].place;
        return refused(500, format!("WSGI0152: process group '{name}' belongs to another virtual host, at {owner}"));
    }
    if group.threads == 0 {
        return refused(503, format!("process group '{name}' has no threads ({}): it serves no requests", group.place));
    }
    Runs::Daemon(index)
}

fn embedded(plan: &Plan) -> Runs {
    let embedded = &plan.embedded;
    match (embedded.needed, embedded.restricted) {
        (_, true) => refused(500, "WSGI0143: embedded mode is refused by WSGIRestrictEmbedded".to_owned()),
        (false, false) => refused(500, "WSGI0210: no line of the configuration asks for embedded mode".to_owned()),
        (true, false) => Runs::Embedded,
    }
}

fn refused(status: u16, message: String) -> Runs {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Runs::Refused(Refusal { status, message })
}
