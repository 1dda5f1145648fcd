//! A WSGI script as requests reach it: its process group, its interpreter and what else is known before a request.

use std::env;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use hyper::StatusCode;

use super::environ;
use super::guard::Guard;
use super::proxies::Proxies;
use crate::decision::group::{Asked, application_group, callable_object, expand};
use crate::plan::sections::{HandlerScript, Settings, is_wsgi};
use crate::plan::{ApplicationGroup, Mount, Plan, ProcessGroupName};
use crate::runtime::exchange::{Dispatched, Target};

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
    /// The handler that is set here in the place of mod_wsgi's own.
    pub(super) diverted: bool,
    /// `WSGIDispatchScript`.
    pub(super) dispatch: Option<Box<Dispatch>>,
    /// Who is asked before it runs.
    pub(super) guard: Option<Arc<Guard>>,
    /// What is believed of what proxies say.
    pub(super) proxies: Option<Box<Proxies>>,
    /// `SetEnv HTTPS On`: URLs are `https`, unless a proxy says otherwise.
    pub(super) https: bool,
}

/// What is asked before each request of a script which groups it gets.
#[derive(Debug)]
pub(super) struct Dispatch {
    /// The script that is asked.
    pub(super) target: Arc<Target>,
    /// How the asking script came about.
    origin: Origin,
}

/// What a script was made of, for making another like it.
#[derive(Debug)]
struct Origin {
    file: Vec<u8>,
    script_name: Option<Vec<u8>>,
    resource: Vec<u8>,
    port: u16,
    host: Option<String>,
    handler: Option<(String, String)>,
    pass_authorization: bool,
    callable_object: String,
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
    /// The handler's name and script, where a `WSGIHandlerScript` answers.
    pub(super) handler: Option<(&'a str, &'a str)>,
}

impl<'a> Chosen<'a> {
    /// The options of a `WSGIHandlerScript`.
    pub(super) fn by_handler(handler: &'a HandlerScript) -> Self {
        Self {
            process_group: handler.process_group.as_ref(),
            application_group: handler.application_group.as_ref(),
            callable_object: Some(HANDLE_REQUEST),
            pass_authorization: handler.pass_authorization,
        }
    }
}

/// The function of a `WSGIHandlerScript` that answers.
const HANDLE_REQUEST: &str = "handle_request";

impl Script {
    /// Finds out all that is known before a request.
    pub(super) fn new(plan: &Plan, host_index: usize, settings: Settings, chosen: Chosen<'_>, at: At<'_>) -> Self {
        let host = &plan.hosts[host_index];
        let variable = |name: &str| variable(&settings, name);
        let server = host.server_name.as_deref().unwrap_or_default();
        let mut script_name = String::from_utf8_lossy(at.resource);
        if plan.interpreters.case_insensitive {
            script_name.to_mut().make_ascii_lowercase();
        }
        let asked = Asked {
            server,
            // That of `ServerName` or of the listener, never the client's: a client must not be able to make interpreters.
            port: host.server_port.unwrap_or(at.port),
            host: at.host.unwrap_or(server),
            script_name: &script_name,
            variable: &variable,
        };
        let process_group = chosen.process_group.or(settings.process_group.as_ref());
        let mut runs = runs(plan, host_index, process_group, &settings, &asked);
        // As they are seen from here.
        let (outside, handler, mut at) = (at.file.to_vec(), at.handler, at);
        if let Runs::Daemon(index) = runs {
            let group = &plan.process_groups[index];
            let inside = |file| group.confinement.inside(file);
            if let Some(file) = inside(at.file) {
                at.file = file;
                at.handler = at.handler.map(|(name, script)| {
                    let script = inside(script.as_bytes()).and_then(|script| std::str::from_utf8(script).ok());
                    (name, script.unwrap_or_default())
                });
            } else {
                let (file, group) = (String::from_utf8_lossy(at.file), &group.name);
                runs = refused(
                    500,
                    format!("WSGI0081: script '{file}' is outside of the chroot of process group '{group}'"),
                );
            }
        }
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
            ignores_activity: settings.ignore_activity.unwrap_or(false),
            multithread: threads > 1,
            multiprocess,
            environ: {
                let mut pairs = environ::constant(host, &settings, at.script_name.map(|name| (at.file, name)));
                if let Some((name, script)) = at.handler {
                    pairs.push("mod_wsgi.request_handler", name);
                    pairs.push("mod_wsgi.handler_script", script);
                }
                pairs
            },
        };
        let pass_authorization = chosen.pass_authorization.or(settings.pass_authorization).unwrap_or(false);
        let dispatch = settings.dispatch_script.as_ref().map(|dispatch| {
            Box::new(Dispatch {
                target: Arc::new(Target {
                    script: dispatch.script.as_os_str().as_bytes().to_vec(),
                    process_group: String::new(),
                    application_group: application_group(Some(&dispatch.application_group), &asked),
                    callable_object: String::new(),
                    multithread: true,
                    multiprocess: plan.embedded.processes > 1,
                    ..target.clone()
                }),
                origin: Origin {
                    file: outside,
                    script_name: at.script_name.map(<[u8]>::to_vec),
                    resource: at.resource.to_vec(),
                    port: at.port,
                    host: at.host.map(str::to_owned),
                    handler: handler.map(|(name, script)| (name.to_owned(), script.to_owned())),
                    pass_authorization,
                    callable_object: target.callable_object.clone(),
                },
            })
        });
        let diverted = at.handler.is_none() && handler_of(&settings, at.file, false).is_some_and(|name| !is_wsgi(name));
        let guard = Guard::of(plan, host_index, &settings, at.port);
        let proxies = Proxies::of(&settings);
        let https = environ::is_https(&settings);
        Self { target: Arc::new(target), runs, pass_authorization, diverted, dispatch, guard, proxies, https, settings }
    }

    /// The same script with other groups or another callable, as a dispatch script says. What it leaves out stays.
    pub(super) fn dispatched(&self, plan: &Plan, host: usize, said: &Dispatched) -> Option<Self> {
        let origin = &self.dispatch.as_ref()?.origin;
        let process_group = said.process_group.clone().map(ProcessGroupName::Token);
        let application_group = said.application_group.clone().map(ApplicationGroup::Token);
        let stays = ApplicationGroup::Named(self.target.application_group.clone());
        let own = match &self.runs {
            Runs::Embedded => Some(ProcessGroupName::Embedded),
            Runs::Daemon(index) => Some(ProcessGroupName::Daemon(*index)),
            Runs::Refused(_) => None,
        };
        let mut settings = self.settings.clone();
        if let Some(callable) = &said.callable_object {
            settings.callable_object = Some(callable.clone());
        }
        let chosen = Chosen {
            process_group: process_group.as_ref().or(own.as_ref()),
            application_group: Some(application_group.as_ref().unwrap_or(&stays)),
            callable_object: said.callable_object.is_none().then_some(origin.callable_object.as_str()),
            pass_authorization: Some(origin.pass_authorization),
        };
        let at = At {
            file: &origin.file,
            script_name: origin.script_name.as_deref(),
            resource: &origin.resource,
            port: origin.port,
            host: origin.host.as_deref(),
            handler: origin.handler.as_ref().map(|(name, script)| (name.as_str(), script.as_str())),
        };
        let mut made = Self::new(plan, host, settings, chosen, at);
        if let (Runs::Refused(refusal), None) = (&self.runs, &process_group) {
            made.runs = Runs::Refused(refusal.clone());
        }
        Some(made)
    }

    /// The same script, refused.
    pub(super) fn refused(mut self, status: u16, message: String) -> Self {
        self.runs = refused(status, message);
        self
    }
}

/// The handler of a file; of a folder only `SetHandler`.
pub(super) fn handler_of<'a>(settings: &'a Settings, file: &[u8], is_folder: bool) -> Option<&'a str> {
    if is_folder { settings.set_handler() } else { settings.handler_of(file) }
}

/// A variable of the request, else of this process.
pub(super) fn variable(settings: &Settings, name: &str) -> Option<String> {
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
        let code = if plan.process_groups.is_empty() { "WSGI0150" } else { "WSGI0151" };
        return refused(500, format!("{code}: no WSGIDaemonProcess defines process group '{name}'"));
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
    match (embedded.runs_python(), embedded.restricted) {
        (_, true) => refused(500, "WSGI0143: embedded mode is refused by WSGIRestrictEmbedded".to_owned()),
        (false, false) => refused(500, "WSGI0210: no line of the configuration asks for embedded mode".to_owned()),
        (true, false) => Runs::Embedded,
    }
}

fn refused(status: u16, message: String) -> Runs {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Runs::Refused(Refusal { status, message })
}
