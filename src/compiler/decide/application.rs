//! The application that answers: its process group, its interpreter, its script, and what it sees of the path.

use serde::Serialize;

use super::folder::Found;
use super::layers::Layers;
use super::variables::Variable;
use super::{Answerer, Ended, Outcome, Walk};
use crate::compiler::model::{Host, Kept};
use crate::compiler::source::{FileKind, Span};
use crate::decision::group::{variable_of, with_port};
use crate::decision::hosts::split_authority;
use crate::decision::path::path_info_start;
use crate::plan::Place;

/// `LimitRequestBody`'s default, bytes.
const LIMIT_REQUEST_BODY: u64 = 1 << 30;

/// An application as a request meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Application {
    /// The process group; empty is embedded mode, `None` is not known.
    pub process_group: Option<String>,
    /// The line that chose it.
    pub process_group_place: Option<Place>,
    /// The `WSGIDaemonProcess` that makes it.
    pub defined: Option<Place>,
    /// The interpreter; empty is the main one, `None` is not known.
    pub application_group: Option<String>,
    /// The line that chose it.
    pub application_group_place: Option<Place>,
    /// The WSGI script.
    pub script: String,
    /// The name of the application in it.
    pub callable_object: String,
    /// `SCRIPT_NAME`.
    pub script_name: String,
    /// `PATH_INFO`.
    pub path_info: String,
}

/// A value, and the line that gave it.
type Chosen = (Option<String>, Option<Span>);

impl<'a> Walk<'a> {
    /// Runs the script, unless one of mod_wsgi's own checks refuses the request.
    pub(super) fn application(
        &mut self,
        host: &'a Host,
        found: &Found,
        layers: &Layers,
        mount: Option<&Kept>,
    ) -> Result<Outcome, Ended> {
        self.script_may_run(found, layers, mount)?;
        let path = self.decision.url_path.clone();
        let script_name = path[..path_info_start(path.as_bytes(), found.path_info.as_bytes())].to_owned();
        let (process_group, group_span) =
            self.group("process-group", "WSGIProcessGroup", "%{GLOBAL}", host, layers, mount, &script_name);
        let (interpreter, interpreter_span) =
            self.group("application-group", "WSGIApplicationGroup", "%{RESOURCE}", host, layers, mount, &script_name);
        let callable_object = self.callable(layers, mount);
        let mut application = Application {
            process_group_place: group_span.map(|span| self.place(span)),
            application_group_place: interpreter_span.map(|span| self.place(span)),
            process_group,
            defined: None,
            application_group: interpreter,
            script: found.file.clone(),
            callable_object,
            script_name,
            path_info: found.path_info.clone(),
        };
        let checked = self.tell(&mut application, host, layers, group_span, interpreter_span);
        self.decision.application = Some(application);
        checked?;
        self.body_is_taken(layers)?;
        for kept in layers.all().filter(|kept| kept.is("WSGIDispatchScript")) {
            self.not_followed(kept, "its functions may choose other groups");
        }
        Ok(Outcome { by: Answerer::Application, ..Outcome::default() })
    }

    /// What mod_wsgi looks at before it looks at groups.
    fn script_may_run(&mut self, found: &Found, layers: &Layers, mount: Option<&Kept>) -> Result<(), Ended> {
        let exec = layers.option("ExecCGI");
        if mount.is_none() && exec.is_none_or(|(on, _)| !on) {
            let reason = "WSGI0134: a script that no WSGIScriptAlias mounts needs Options +ExecCGI";
            return Err(self.error(403, reason, exec.map(|(_, span)| span)));
        }
        let span = mount.map(|mount| mount.span);
        match found.kind {
            None => return Err(self.error(404, format!("WSGI0135: there is no script {}", found.file), span)),
            Some(FileKind::Folder) => {
                return Err(self.error(403, format!("WSGI0136: {} is a folder", found.file), span));
            }
            _ => {}
        }
        if !found.path_info.is_empty()
            && let Some(kept) = layers.last("AcceptPathInfo").filter(|kept| says_off(kept))
        {
            return Err(self.error(404, "WSGI0137: AcceptPathInfo allows nothing behind the script", Some(kept.span)));
        }
        Ok(())
    }

    fn body_is_taken(&mut self, layers: &Layers) -> Result<(), Ended> {
        let chunked =
            self.request.header("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let setting = layers.last("WSGIChunkedRequest").map(|kept| kept.span);
        if chunked && layers.flag("WSGIChunkedRequest") != Some(true) {
            return Err(self.error(411, "WSGI0139: WSGIChunkedRequest is off, and the body has no length", setting));
        }
        let Some(length) = self.request.header("Content-Length").filter(|_| !chunked) else { return Ok(()) };
        let Ok(length) = length.parse::<u64>() else {
            return Err(self.error(400, "Content-Length is no number", None));
        };
        let limit = layers.last("LimitRequestBody");
        let most = limit.and_then(|kept| kept.word(0)?.parse().ok()).unwrap_or(LIMIT_REQUEST_BODY);
        let span = limit.map(|kept| kept.span);
        if most > 0 && length > most {
            return Err(self.error(413, format!("LimitRequestBody allows {most} bytes"), span));
        }
        Ok(())
    }

    /// A group by the option of the mount, else by the directive, else by default.
    #[allow(clippy::too_many_arguments, reason = "the two groups are chosen by one rule")]
    fn group(
        &mut self,
        option: &str,
        directive: &str,
        default: &str,
        host: &'a Host,
        layers: &Layers,
        mount: Option<&Kept>,
        script_name: &str,
    ) -> Chosen {
        let by_option = mount.and_then(|mount| Some((option_of(mount, option)?, mount.span)));
        let by_directive = || layers.last(directive).and_then(|kept| Some((kept.word(0)?.to_owned(), kept.span)));
        let (value, span) =
            by_option.or_else(by_directive).map_or((default.to_owned(), None), |(value, span)| (value, Some(span)));
        (self.expanded(&value, host, layers, script_name), span)
    }

    /// A group's name with its token resolved for this request.
    fn expanded(&mut self, value: &str, host: &'a Host, layers: &Layers, script_name: &str) -> Option<String> {
        match value {
            "%{GLOBAL}" => Some(String::new()),
            "%{HOST}" => {
                let asked = self.request.host.as_deref().map(|host| split_authority(host).0.to_ascii_lowercase());
                let name = asked.or_else(|| self.server_name())?;
                Some(with_port(&name, self.server_port(host, layers)))
            }
            "%{SERVER}" => Some(with_port(&self.server_name()?, self.server_port(host, layers))),
            "%{RESOURCE}" => {
                let server = with_port(&self.server_name()?, self.server_port(host, layers));
                let case_insensitive = layers.flag("WSGICaseSensitivity") == Some(false);
                let script_name =
                    if case_insensitive { script_name.to_ascii_lowercase() } else { script_name.to_owned() };
                Some(format!("{server}|{script_name}"))
            }
            token => match variable_of(token) {
                None => Some(token.to_owned()),
                Some(name) => match self.variable_at_handler(layers, name) {
                    Variable::Set(value) if value.starts_with('%') && !value.starts_with("%{ENV:") => {
                        self.expanded(&value, host, layers, script_name)
                    }
                    Variable::Set(value) => Some(value),
                    Variable::Unset => Some(token.to_owned()),
                    Variable::Unknown => None,
                },
            },
        }
    }

    fn server_name(&self) -> Option<String> {
        self.decision.virtual_host.as_ref()?.server_name.clone()
    }

    /// The port that Apache takes for its own: the client's, unless `UseCanonicalName` is on.
    fn server_port(&self, host: &Host, layers: &Layers) -> u16 {
        let physical = layers.flag("UseCanonicalPhysicalPort") == Some(true);
        let canonical = layers.flag("UseCanonicalName") == Some(true);
        let asked =
            self.request.host.as_deref().and_then(|host| split_authority(host).1).and_then(|port| port.parse().ok());
        let local = physical.then_some(self.request.port).flatten();
        let own = own_port(host);
        let scheme = if self.request.https { 443 } else { 80 };
        let found = if canonical { own.or(local) } else { asked.or(local).or(own) };
        found.unwrap_or(scheme)
    }

    fn callable(&mut self, layers: &Layers, mount: Option<&Kept>) -> String {
        if let Some(name) = mount.and_then(|mount| option_of(mount, "callable-object")) {
            return name;
        }
        let Some(name) = layers.last("WSGICallableObject").and_then(|kept| kept.word(0)) else {
            return "application".to_owned();
        };
        let variable = variable_of(name);
        match variable.map(|variable| self.variable_at_handler(layers, variable)) {
            Some(Variable::Set(value)) => value,
            Some(_) => "application".to_owned(),
            None => name.to_owned(),
        }
    }

    /// Tells what was chosen, and ends the request where the group cannot be used.
    fn tell(
        &mut self,
        application: &mut Application,
        host: &'a Host,
        layers: &Layers,
        group_span: Option<Span>,
        interpreter_span: Option<Span>,
    ) -> Result<(), Ended> {
        let group = application.process_group.clone();
        let text = match group.as_deref() {
            None => "not known".to_owned(),
            Some("") => "none: embedded mode".to_owned(),
            Some(name) => name.to_owned(),
        };
        self.step("process group", text, group_span);
        let usable =
            group.as_deref().map_or(Ok(()), |name| self.group_is_usable(name, application, host, layers, group_span));
        let text = match application.application_group.as_deref() {
            None => "named after this machine, or not known".to_owned(),
            Some("") => "the main interpreter".to_owned(),
            Some(name) => name.to_owned(),
        };
        self.step("application group", text, interpreter_span);
        let Application { script, callable_object, script_name, path_info, .. } = application;
        self.step("script", format!("{callable_object} in {script}"), None);
        let text = format!("SCRIPT_NAME `{script_name}`, PATH_INFO `{path_info}`");
        self.step("environ", text, None);
        usable
    }

    fn group_is_usable(
        &mut self,
        name: &str,
        application: &mut Application,
        host: &'a Host,
        layers: &Layers,
        span: Option<Span>,
    ) -> Result<(), Ended> {
        if let Some(kept) =
            layers.last("WSGIRestrictProcess").filter(|kept| !kept.words.iter().any(|word| word == name))
        {
            return Err(self.error(
                500,
                "WSGI0149: WSGIRestrictProcess does not name the process group",
                Some(kept.span),
            ));
        }
        if name.is_empty() {
            return match &self.server.restrict_embedded {
                Some(restricted) if restricted.value => {
                    let span = restricted.span;
                    Err(self.error(500, "WSGI0143: WSGIRestrictEmbedded refuses embedded mode", Some(span)))
                }
                _ => Ok(()),
            };
        }
        let Some(group) = self.server.process_group(name) else {
            return Err(self.error(500, format!("WSGI0151: no WSGIDaemonProcess makes a group `{name}`"), span));
        };
        self.step("", "the group is made here".to_owned(), Some(group.name.span));
        application.defined = Some(self.place(group.name.span));
        let owner = &self.server.hosts[group.host];
        let names = |host: &Host| {
            host.server_name.as_ref().or(self.server.main().server_name.as_ref()).map(|name| name.value.name.clone())
        };
        if group.host > 0 && !std::ptr::eq(owner, host) && names(owner) != names(host) {
            let reason = format!("WSGI0152: another virtual host makes the group `{name}`, and keeps it for itself");
            return Err(self.error(500, reason, Some(group.name.span)));
        }
        Ok(())
    }
}

/// The value of an option of a mount; an empty one is none.
fn option_of(mount: &Kept, name: &str) -> Option<String> {
    mount.options.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The port of `ServerName`; a host without a name has that of its first address.
fn own_port(host: &Host) -> Option<u16> {
    match &host.server_name {
        Some(name) => name.value.port,
        None => host.addresses.first().and_then(|address| address.value.port),
    }
}

pub(super) fn says_off(kept: &Kept) -> bool {
    kept.word(0).is_some_and(|word| word.eq_ignore_ascii_case("off"))
}
