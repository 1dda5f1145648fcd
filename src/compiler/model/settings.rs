//! What directives may set for a part of a server, each with its place.

use super::Kept;
use super::Line;
use crate::compiler::source::{Span, Spanned};
use crate::plan::ApplicationGroup;
use crate::plan::access::{Merging, Provider, Scheme};
use crate::plan::sections::{Methods, Network, Order, Peer, Require, Switches};

/// What `WSGIProcessGroup` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupName {
    /// `%{GLOBAL}`: embedded mode.
    Embedded,
    /// A process group.
    Named(String),
    /// A token that is known at request time only.
    Token(String),
}

/// What `WSGIApplicationGroup` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationGroupName {
    /// What the plan can carry.
    Plain(ApplicationGroup),
    /// A token that is known at request time only.
    Token(String),
}

/// The settings of a host or a section.
#[derive(Debug, Default)]
pub struct Settings {
    /// `WSGIProcessGroup`.
    pub process_group: Option<Spanned<GroupName>>,
    /// `WSGIApplicationGroup`.
    pub application_group: Option<Spanned<ApplicationGroupName>>,
    /// `WSGICallableObject`.
    pub callable_object: Option<Spanned<String>>,
    /// `WSGIRestrictProcess`; the empty name is embedded mode.
    pub restrict_process: Option<Vec<String>>,
    /// `WSGIPassAuthorization`.
    pub pass_authorization: Option<Spanned<bool>>,
    /// `WSGIScriptReloading`.
    pub script_reloading: Option<Spanned<bool>>,
    /// `WSGIChunkedRequest`.
    pub chunked_request: Option<Spanned<bool>>,
    /// `WSGIMapHEADToGET`; `Auto` is off, as nothing filters answers.
    pub map_head_to_get: Option<Spanned<bool>>,
    /// `WSGIErrorOverride`.
    pub error_override: Option<Spanned<bool>>,
    /// `WSGIIgnoreActivity`.
    pub ignore_activity: Option<Spanned<bool>>,
    /// `LimitRequestBody`.
    pub limit_request_body: Option<Spanned<u64>>,
    /// `Require`, all of this section.
    pub require: Vec<Spanned<Require>>,
    /// `Order`.
    pub order: Option<Spanned<Order>>,
    /// `Allow from`.
    pub allow: Vec<Spanned<Peer>>,
    /// `Deny from`.
    pub deny: Vec<Spanned<Peer>>,
    /// `Satisfy`: whether it says `Any`.
    pub satisfy_any: Option<bool>,
    /// `AuthMerging`.
    pub merging: Option<Merging>,
    /// What keeps some people out here is not carried out: nobody gets in.
    pub closed: bool,
    /// `Satisfy`, `AuthMerging` and their like: access is more than what the lines above hold by themselves.
    pub access_is_more: bool,
    /// Who is asked for a name and a password.
    pub authentication: Authentication,
    /// `WSGIAccessScript`.
    pub access_script: Option<AskedScript>,
    /// `Options`.
    pub options: Switches,
    /// `SetHandler`.
    pub handler: Option<Spanned<String>>,
    /// `AddHandler`: an ending, and the handler in lower case.
    pub handlers: Vec<(String, Spanned<String>)>,
    /// `ForceType`.
    pub forced_type: Option<Spanned<String>>,
    /// `AddType`: an ending, and the media type.
    pub types: Vec<(String, String)>,
    /// `WSGIHandlerScript`.
    pub handler_scripts: Vec<HandlerScript>,
    /// `WSGIDispatchScript`.
    pub dispatch_script: Option<AskedScript>,
    /// `WSGITrustedProxyHeaders`, those that are known.
    pub proxy_headers: Option<Vec<String>>,
    /// `WSGITrustedProxies`.
    pub trusted_proxies: Option<Vec<Network>>,
    /// `SetEnv`.
    pub set_env: Vec<Spanned<(String, String)>>,
    /// `<Limit>` and `<LimitExcept>`.
    pub limits: Vec<Limit>,
    /// What only checks read.
    pub lines: Vec<Line>,
    /// Every directive, in file order: only where one request is to be followed.
    pub kept: Vec<Kept>,
}

/// How a client proves who it is. What is not set is inherited.
#[derive(Debug, Default)]
pub struct Authentication {
    /// `AuthType`.
    pub scheme: Option<Scheme>,
    /// `AuthName`.
    pub realm: Option<String>,
    /// `AuthBasicProvider`.
    pub basic_providers: Option<Vec<Provider>>,
    /// `AuthDigestProvider`.
    pub digest_providers: Option<Vec<Provider>>,
    /// `AuthBasicAuthoritative`.
    pub authoritative: Option<bool>,
    /// `AuthDigestNonceLifetime`.
    pub nonce_lifetime: Option<i64>,
    /// `AuthDigestDomain`.
    pub digest_domain: Option<Vec<String>>,
    /// `AuthUserFile`.
    pub user_file: Option<Spanned<String>>,
    /// `AuthGroupFile`.
    pub group_file: Option<Spanned<String>>,
    /// `WSGIAuthUserScript`.
    pub user_script: Option<AskedScript>,
    /// `WSGIAuthGroupScript`.
    pub group_script: Option<AskedScript>,
    /// `AuthzSendForbiddenOnFailure`.
    pub forbidden_on_failure: Option<bool>,
}

/// One `WSGIHandlerScript`.
#[derive(Debug)]
pub struct HandlerScript {
    /// The handler's name.
    pub name: Spanned<String>,
    /// The script.
    pub script: Spanned<String>,
    /// Option `process-group`.
    pub process_group: Option<Spanned<GroupName>>,
    /// Option `application-group`.
    pub application_group: Option<Spanned<ApplicationGroupName>>,
    /// Option `pass-authorization`.
    pub pass_authorization: Option<Spanned<bool>>,
}

/// A script that is asked about requests: `WSGIDispatchScript`, `WSGIAccessScript`, `WSGIAuthUserScript`, `WSGIAuthGroupScript`.
#[derive(Debug)]
pub struct AskedScript {
    /// The script.
    pub script: Spanned<String>,
    /// Option `application-group`.
    pub application_group: Option<Spanned<ApplicationGroupName>>,
}

/// A `<Limit>` or `<LimitExcept>`.
#[derive(Debug)]
pub struct Limit {
    /// The methods.
    pub methods: Methods,
    /// What it says of who may see it; nothing else.
    pub settings: Settings,
    /// Its opening line.
    pub span: Span,
}

impl Settings {
    /// Gives back the room that its lists kept for growing.
    pub(crate) fn give_back(&mut self) {
        self.require.shrink_to_fit();
        self.lines.shrink_to_fit();
    }

    /// Changes what the `<Limit>` sections so far have set: a line after them holds for their methods too.
    pub(crate) fn forget_in_limits(&mut self, forget: impl Fn(&mut Self) + Copy) {
        for limit in &mut self.limits {
            forget(&mut limit.settings);
            limit.settings.forget_in_limits(forget);
        }
    }

    /// Takes out what holds for the methods of a `<Limit>` alone; the rest holds as if it stood outside.
    pub(crate) fn take_limited(&mut self) -> Self {
        Self {
            require: std::mem::take(&mut self.require),
            order: self.order.take(),
            allow: std::mem::take(&mut self.allow),
            deny: std::mem::take(&mut self.deny),
            satisfy_any: self.satisfy_any.take(),
            limits: std::mem::take(&mut self.limits),
            kept: std::mem::take(&mut self.kept),
            ..Self::default()
        }
    }

    /// Puts back what [`Self::take_limited`] took.
    pub(crate) fn put_limited(&mut self, taken: Self) {
        let Self { require, order, allow, deny, satisfy_any, limits, kept, .. } = taken;
        *self = Self { require, order, allow, deny, satisfy_any, limits, kept, ..std::mem::take(self) };
    }

    /// The lines of a directive.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    /// The last line of a directive, which is the one that counts.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().rev().find(|line| line.name == name)
    }

    /// Whether it says who may see something, in any way.
    pub fn say_who(&self) -> bool {
        let listed = !self.allow.is_empty() || !self.deny.is_empty() || !self.limits.is_empty();
        !self.require.is_empty() || self.order.is_some() || listed || self.access_script.is_some() || self.closed
    }

    /// The first line that says who may see something.
    pub fn access_span(&self) -> Option<Span> {
        let require = self.require.first().map(|one| one.span);
        require.or_else(|| self.order.as_ref().map(|one| one.span)).or_else(|| self.allow.first().map(|one| one.span))
    }
}
