//! Sections in the order in which they are merged, what they set, and whether they leave anything to embedded mode.

use super::Resolver;
use super::hosts::application_group;
use crate::compiler::model::{self, Matcher};
use crate::compiler::source::Spanned;
use crate::plan::access::Authentication;
use crate::plan::sections::{AskedScript, HandlerScript, Limit, Match, Methods, Peer, Section, Settings, is_wsgi};
use crate::plan::{ApplicationGroup, Host, ProcessGroupName};

impl Resolver<'_> {
    pub(super) fn sections(&self, host: &model::Host) -> Vec<Section> {
        let plain = |section: &model::Section| match &section.matcher {
            Matcher::Plain(plain) => Some(plain.clone()),
            Matcher::Unknown => None,
        };
        let one = |merged: model::Merged| Section {
            matches: merged.chain().filter_map(plain).collect(),
            settings: self.settings(&merged.section.settings),
            place: self.place(merged.section.span),
        };
        self.server.sections_of(host).into_iter().map(one).collect()
    }

    pub(super) fn settings(&self, written: &model::Settings) -> Settings {
        let flag = |state: &Option<Spanned<bool>>| state.as_ref().map(|state| state.value);
        let list = |all: &Vec<_>| (!all.is_empty()).then(|| all.clone());
        Settings {
            process_group: written.process_group.as_ref().map(|name| self.process_group_name(name)),
            application_group: written.application_group.as_ref().map(application_group),
            callable_object: written.callable_object.as_ref().map(|name| name.value.clone()),
            restrict_process: written.restrict_process.clone(),
            pass_authorization: flag(&written.pass_authorization),
            script_reloading: flag(&written.script_reloading),
            chunked_request: flag(&written.chunked_request),
            map_head_to_get: flag(&written.map_head_to_get),
            error_override: flag(&written.error_override),
            ignore_activity: flag(&written.ignore_activity),
            limit_request_body: written.limit_request_body.as_ref().map(|limit| limit.value),
            require: (!written.require.is_empty())
                .then(|| written.require.iter().map(|require| require.value.clone()).collect()),
            order: written.order.as_ref().map(|order| order.value),
            allow: list(&self.peers(&written.allow, false)),
            deny: list(&self.peers(&written.deny, true)),
            satisfy_any: written.satisfy_any,
            limits: self.limits(&written.limits, &[]),
            closed: written.closed,
            merging: written.merging,
            authentication: self.authentication(&written.authentication),
            access_script: written.access_script.as_ref().map(|script| self.asked_script(script)),
            options: written.options,
            handler: written.handler.as_ref().map(name_or_none),
            forced_type: written.forced_type.as_ref().map(name_or_none),
            types: written.types.clone(),
            handlers: written.handlers.iter().map(|(ending, name)| (ending.clone(), name.value.clone())).collect(),
            handler_scripts: written.handler_scripts.iter().map(|handler| self.handler_script(handler)).collect(),
            dispatch_script: written.dispatch_script.as_ref().map(|script| self.asked_script(script)),
            proxy_headers: written.proxy_headers.clone(),
            trusted_proxies: written.trusted_proxies.clone(),
            set_env: written.set_env.iter().map(|variable| variable.value.clone()).collect(),
        }
    }
}

impl Resolver<'_> {
    fn authentication(&self, written: &model::Authentication) -> Authentication {
        let file = |path: &Option<Spanned<String>>| path.as_ref().map(|path| self.join(&path.value));
        let script = |script: &Option<model::AskedScript>| script.as_ref().map(|script| self.asked_script(script));
        Authentication {
            scheme: written.scheme.clone(),
            realm: written.realm.clone(),
            basic_providers: written.basic_providers.clone(),
            digest_providers: written.digest_providers.clone(),
            authoritative: written.authoritative,
            nonce_lifetime: written.nonce_lifetime,
            digest_domain: written.digest_domain.clone(),
            user_file: file(&written.user_file),
            group_file: file(&written.group_file),
            user_script: script(&written.user_script),
            group_script: script(&written.group_script),
            forbidden_on_failure: written.forbidden_on_failure,
        }
    }

    fn asked_script(&self, written: &model::AskedScript) -> AskedScript {
        AskedScript {
            script: self.join(&written.script.value),
            application_group: written.application_group.as_ref().map_or(ApplicationGroup::Global, application_group),
        }
    }

    fn handler_script(&self, handler: &model::HandlerScript) -> HandlerScript {
        HandlerScript {
            name: handler.name.value.clone(),
            script: self.join(&handler.script.value),
            process_group: handler.process_group.as_ref().map(|name| self.process_group_name(name)),
            application_group: handler.application_group.as_ref().map(application_group),
            pass_authorization: handler.pass_authorization.as_ref().map(|state| state.value),
        }
    }
}

impl Resolver<'_> {
    /// What `<Limit>` sections, and those in them, say of `Order` and its like.
    fn limits(&self, written: &[model::Limit], around: &[Methods]) -> Vec<Limit> {
        let mut limits = Vec::new();
        for limit in written {
            let methods = [around, std::slice::from_ref(&limit.methods)].concat();
            let settings = &limit.settings;
            let one = Limit {
                methods: methods.clone(),
                order: settings.order.as_ref().map(|order| order.value),
                allow: self.peers(&settings.allow, false),
                deny: self.peers(&settings.deny, true),
                satisfy_any: settings.satisfy_any,
            };
            let says =
                one.order.is_some() || one.satisfy_any.is_some() || !one.allow.is_empty() || !one.deny.is_empty();
            limits.extend(says.then_some(one));
            limits.extend(self.limits(&settings.limits, &methods));
        }
        limits
    }

    /// Whom `Allow` or `Deny` speaks of. A variable that something sets which is not carried out is as good as a name.
    fn peers(&self, written: &[Spanned<Peer>], deny: bool) -> Vec<Peer> {
        let lost = self.server.beyond.variables;
        let one = |peer: &Spanned<Peer>| match &peer.value {
            Peer::Variable(name, wanted) if lost && (deny || !wanted) => Peer::Named(format!("env={name}")),
            peer => peer.clone(),
        };
        written.iter().map(one).collect()
    }
}

/// A name, `none` in lower case.
fn name_or_none(name: &Spanned<String>) -> String {
    let none = name.value.eq_ignore_ascii_case("none");
    if none { "none".to_owned() } else { name.value.clone() }
}

/// Every group of settings of a host.
fn all_settings(host: &Host) -> impl Iterator<Item = &Settings> {
    std::iter::once(&host.settings).chain(host.sections.iter().map(|section| &section.settings))
}

/// Whether a host has scripts that run in the process that accepts HTTP.
pub(super) fn runs_scripts(host: &Host) -> bool {
    all_settings(host).any(|settings| {
        let authentication = &settings.authentication;
        let of_users = authentication.user_script.is_some() || authentication.group_script.is_some();
        settings.dispatch_script.is_some() || settings.access_script.is_some() || of_users
    })
}

/// Whether a request to a host may reach an application that no process group runs.
pub(super) fn may_run_embedded(host: &Host) -> bool {
    let by_section = host
        .sections
        .iter()
        .filter_map(|section| section.settings.process_group.as_ref())
        .any(|name| is_embedded(host, name));
    let mounted = host.mounts.iter().any(|mount| match &mount.process_group {
        Some(name) => is_embedded(host, name),
        None => by_section || !always_daemon(host, mount),
    });
    let elsewhere = || by_section || host.settings.process_group.as_ref().is_none_or(|name| is_embedded(host, name));
    let by_handler = |settings: &Settings| {
        let by_ending = settings.handlers.iter().chain(&settings.types).map(|(_, name)| name);
        let named = settings.handler.iter().chain(&settings.forced_type).chain(by_ending);
        let own = |handler: &HandlerScript| match &handler.process_group {
            Some(name) => is_embedded(host, name),
            None => elsewhere(),
        };
        named.into_iter().any(|name| is_wsgi(name)) && elsewhere() || settings.handler_scripts.iter().any(own)
    };
    mounted || all_settings(host).any(by_handler)
}

/// Whether a name may stand for embedded mode.
fn is_embedded(host: &Host, name: &ProcessGroupName) -> bool {
    let says_so = |settings: &Settings| settings.set_env.iter().any(|(_, value)| value == "%{GLOBAL}");
    match name {
        ProcessGroupName::Embedded => true,
        ProcessGroupName::Daemon(_) => false,
        ProcessGroupName::Token(token) => {
            token.starts_with("%{ENV:")
                && (says_so(&host.settings) || host.sections.iter().any(|section| says_so(&section.settings)))
        }
    }
}

/// Whether the host, or a section that certainly matches every request to a mount, names a process group.
fn always_daemon(host: &Host, mount: &crate::plan::Mount) -> bool {
    let daemon = |settings: &Settings| settings.process_group.as_ref().is_some_and(|name| !is_embedded(host, name));
    let matches = |one: &Match| match one {
        // What a pattern makes is no file that the configuration tells.
        _ if mount.regex => false,
        Match::Directory(path) => model::path_is_within(&mount.target, path),
        Match::Files(name) => !mount.target.ends_with('/') && mount.target.rsplit('/').next() == Some(name.as_str()),
        Match::Location(prefix) => model::starts_with_path(&mount.url_path, prefix),
        _ => false,
    };
    daemon(&host.settings)
        || host.sections.iter().any(|section| daemon(&section.settings) && section.matches.iter().all(matches))
}
