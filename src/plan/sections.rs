//! Sections and what they set, and the one rule by which settings are overlaid.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::access::{Authentication, Merging};
use super::{ApplicationGroup, Place, ProcessGroupName};

/// A `<Directory>`, `<Files>` or `<Location>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// What it matches. All of them must match: `<Files>` inside `<Directory>` has two.
    pub matches: Vec<Match>,
    /// What it sets.
    pub settings: Settings,
    /// Where its opening line stands.
    pub place: Place,
}

/// What a section is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// `<Directory PATH>`: the folder, segment by segment. Absolute, without a trailing slash unless it is `/`.
    Directory(String),
    /// `<Directory PATTERN>` with `*`, `?` or `[…]`; `*` does not cross `/`.
    DirectoryPattern(String),
    /// `<Directory ~ REGEX>`, `<DirectoryMatch>`: searched in the whole file name.
    DirectoryRegex(String),
    /// `<Files NAME-OR-PATTERN>`: the last component of the file name.
    Files(String),
    /// `<Files ~ REGEX>`, `<FilesMatch>`.
    FilesRegex(String),
    /// `<Location URL-PATH>`: a prefix, by segments. Repeated slashes are already merged.
    Location(String),
    /// `<Location PATTERN>`: the whole URL path; `*` does not cross `/`.
    LocationPattern(String),
    /// `<Location ~ REGEX>`, `<LocationMatch>`: searched in the URL path.
    LocationRegex(String),
}

/// What directives may set for a part of a server. `None` is "not set here".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// `WSGIProcessGroup`; embedded mode by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_group: Option<ProcessGroupName>,
    /// `WSGIApplicationGroup`; `%{RESOURCE}` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_group: Option<ApplicationGroup>,
    /// `WSGICallableObject`; `application` by default. `%{ENV:name}` is what the variable says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callable_object: Option<String>,
    /// `WSGIRestrictProcess`: the process groups that may be used, the empty name being embedded mode; all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_process: Option<Vec<String>>,
    /// `WSGIPassAuthorization`; off by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_authorization: Option<bool>,
    /// `WSGIScriptReloading`; on by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_reloading: Option<bool>,
    /// `WSGIChunkedRequest`; off by default (mod_wsgi: 411).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunked_request: Option<bool>,
    /// `WSGIMapHEADToGET On`: the application sees `GET` where the client sends `HEAD`; off by default, as `Auto` is without
    /// filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_head_to_get: Option<bool>,
    /// `WSGIErrorOverride`; off by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_override: Option<bool>,
    /// `WSGIIgnoreActivity`; off by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_activity: Option<bool>,
    /// `LimitRequestBody`, bytes; 0 is without limit; 1 GiB by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_request_body: Option<u64>,
    /// `Require` of this section, all of them. Replaces what was inherited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Vec<Require>>,
    /// `Order`; `deny,allow` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// `Allow from`. With `order` and `deny` it replaces what was inherited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<Peer>>,
    /// `Deny from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<Peer>>,
    /// `Satisfy`: with `Any` a client gets in that `order`, `allow`, `deny` and `access_script` admit, or else `require`; both
    /// must agree by default. It goes with the other three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfy_any: Option<bool>,
    /// What `<Limit>` and `<LimitExcept>` say of these four, in file order. They go with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// What keeps some people out here is not carried out: nobody gets in, whatever else holds. Reported as unsupported before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// `AuthMerging`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merging: Option<Merging>,
    /// Who is asked for a name and a password, and who knows them.
    #[serde(default, skip_serializing_if = "Authentication::is_empty")]
    pub authentication: Authentication,
    /// `WSGIAccessScript`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_script: Option<AskedScript>,
    /// `Options`: what is switched on and off; an absolute list is written as all switched.
    #[serde(default, skip_serializing_if = "Switches::is_empty")]
    pub options: Switches,
    /// `SetHandler`, in lower case where it is `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// `AddHandler`: endings, and the handler of each; added to what was inherited, the last of an ending counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<(String, String)>,
    /// `ForceType`, in lower case where it is `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced_type: Option<String>,
    /// `AddType`: endings, and the media type of each; added to what was inherited, the last of an ending counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<(String, String)>,
    /// `WSGIHandlerScript`; added to what was inherited, the last of a name counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handler_scripts: Vec<HandlerScript>,
    /// `WSGIDispatchScript`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch_script: Option<AskedScript>,
    /// `WSGITrustedProxyHeaders`: the fields that are believed, as [`super::proxies::FIELDS`] spells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_headers: Option<Vec<String>>,
    /// `WSGITrustedProxies`; everybody is believed without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<Vec<Network>>,
    /// `SetEnv`, in file order; added to what was inherited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_env: Vec<(String, String)>,
}

/// One `WSGIHandlerScript`: a handler that a WSGI script carries out. Its options beat the directives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlerScript {
    /// The handler's name.
    pub name: String,
    /// The script, absolute.
    pub script: PathBuf,
    /// Option `process-group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_group: Option<ProcessGroupName>,
    /// Option `application-group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_group: Option<ApplicationGroup>,
    /// Option `pass-authorization`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_authorization: Option<bool>,
}

/// A script that is asked about requests, in the process that accepts them: `WSGIDispatchScript`, `WSGIAccessScript` and their like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedScript {
    /// The script, absolute.
    pub script: PathBuf,
    /// Option `application-group`: the interpreter that runs it; the main one by default.
    pub application_group: ApplicationGroup,
}

/// The options of `Options` that act in this server. `None` is "not mentioned".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// `ExecCGI`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_cgi: Option<bool>,
    /// `FollowSymLinks`; on by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_sym_links: Option<bool>,
    /// `SymLinksIfOwnerMatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sym_links_if_owner_match: Option<bool>,
}

impl Switches {
    // serde passes a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `Order`, `Allow`, `Deny` and `Satisfy` for some methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The section, and those around it: all of them must hold.
    pub methods: Vec<Methods>,
    /// `Order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// `Allow from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Peer>,
    /// `Deny from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Peer>,
    /// `Satisfy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfy_any: Option<bool>,
}

/// The methods of a `<Limit>` or `<LimitExcept>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Methods {
    /// All others are meant: `<LimitExcept>`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub except: bool,
    /// Those that are named.
    pub names: Vec<String>,
}

impl Methods {
    /// Whether a method is one of them. `HEAD` and `GET` are one method.
    #[must_use]
    pub fn hold_for(&self, method: &str) -> bool {
        names_method(&self.names, method) != self.except
    }
}

/// Whether a list names a method. `HEAD` and `GET` are one method.
#[must_use]
pub fn names_method(names: &[String], method: &str) -> bool {
    let plain = |method: &str| if method == "HEAD" { "GET".to_owned() } else { method.to_owned() };
    names.iter().any(|name| name == method || plain(name) == plain(method))
}

/// One `Require`. Several in a section are joined by "or".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Require {
    /// `Require all granted`.
    AllGranted,
    /// `Require all denied`.
    AllDenied,
    /// `Require ip …`: any of them.
    Ip(Vec<Network>),
    /// `Require local`.
    Local,
    /// `Require method …`.
    Method(Vec<String>),
    /// `Require valid-user`.
    ValidUser,
    /// `Require user …`: any of them.
    User(Vec<String>),
    /// `Require group …`: any of them, by `AuthGroupFile`.
    Group(Vec<String>),
    /// `Require wsgi-group …`: any of them, by `WSGIAuthGroupScript`.
    WsgiGroup(Vec<String>),
    /// `Require not …`, `<RequireNone>`: never lets anybody in.
    Not(Box<Require>),
    /// `<RequireAll>`.
    All(Vec<Require>),
    /// `<RequireAny>`.
    Any(Vec<Require>),
    /// One in a `<Limit>` or `<LimitExcept>`: for other methods it is as if it did not stand there.
    Limited(Methods, Box<Require>),
    /// A requirement that this server cannot prove (`Require host`, …): never met. Reported as unsupported before.
    Unprovable(String),
}

impl Require {
    /// Whether it asks who the client is.
    #[must_use]
    pub fn asks_for_user(&self) -> bool {
        match self {
            Self::ValidUser | Self::User(_) | Self::Group(_) | Self::WsgiGroup(_) => true,
            Self::Not(inner) | Self::Limited(_, inner) => inner.asks_for_user(),
            Self::All(all) | Self::Any(all) => all.iter().any(Self::asks_for_user),
            _ => false,
        }
    }
}

/// `Order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// `Order deny,allow`: allowed unless denied and not allowed.
    DenyAllow,
    /// `Order allow,deny` and `mutual-failure`: denied unless allowed and not denied.
    AllowDeny,
}

/// Whom `Allow from` and `Deny from` speak of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// `all`.
    All,
    /// An address or network.
    Network(Network),
    /// `env=NAME` (`true`) or `env=!NAME` (`false`): a variable set by `SetEnv`.
    Variable(String, bool),
    /// A name, which nobody looks up: whoever comes is one that `Deny` speaks of, and none that `Allow` does. Reported as
    /// unsupported before.
    Named(String),
}

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The address.
    pub address: std::net::IpAddr,
    /// Leading bits that must agree: 0 to 32, or to 128.
    pub bits: u8,
}

impl Network {
    /// Whether an address lies in the network. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        use std::net::IpAddr::{V4, V6};
        match (self.address, address.to_canonical()) {
            (V4(network), V4(address)) => {
                let shift = 32 - u32::from(self.bits.min(32));
                (u32::from(network) ^ u32::from(address)).checked_shr(shift).unwrap_or(0) == 0
            }
            (V6(network), V6(address)) => {
                let shift = 128 - u32::from(self.bits.min(128));
                (u128::from(network) ^ u128::from(address)).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl Settings {
    /// Lays the settings of a more specific section over these (Apache, Configuration Sections, merging).
    pub fn overlay(&mut self, over: &Self) {
        macro_rules! take {
            ($($field:ident)*) => { $( if over.$field.is_some() { self.$field.clone_from(&over.$field); } )* };
        }
        take!(process_group application_group callable_object pass_authorization script_reloading);
        take!(restrict_process chunked_request limit_request_body access_script);
        take!(map_head_to_get error_override ignore_activity);
        self.overlay_require(over);
        self.closed |= over.closed;
        self.authentication.overlay(&over.authentication);
        // mod_access_compat merges nothing: a section that says one of the four says all of them.
        let of_all = over.order.is_some() || over.allow.is_some() || over.deny.is_some() || over.satisfy_any.is_some();
        if of_all || !over.limits.is_empty() {
            self.order = over.order;
            self.allow.clone_from(&over.allow);
            self.deny.clone_from(&over.deny);
            self.satisfy_any = over.satisfy_any;
            self.limits.clone_from(&over.limits);
        }
        take!(handler forced_type dispatch_script proxy_headers trusted_proxies);
        overlay_endings(&mut self.handlers, &over.handlers);
        overlay_endings(&mut self.types, &over.types);
        for handler in &over.handler_scripts {
            self.handler_scripts.retain(|known| known.name != handler.name);
            self.handler_scripts.push(handler.clone());
        }
        self.options.overlay(over.options);
        for (name, value) in &over.set_env {
            match self.set_env.iter_mut().find(|(known, _)| known == name) {
                Some(known) => known.1.clone_from(value),
                None => self.set_env.push((name.clone(), value.clone())),
            }
        }
    }
}

/// What endings stand for: the last of an ending counts.
fn overlay_endings(known: &mut Vec<(String, String)>, over: &[(String, String)]) {
    for (ending, value) in over {
        known.retain(|(known, _)| known != ending);
        known.push((ending.clone(), value.clone()));
    }
}

impl Settings {
    /// The handler that is set for files here.
    #[must_use]
    pub fn set_handler(&self) -> Option<&str> {
        self.handler.as_deref().filter(|name| !name.is_empty() && *name != "none")
    }

    /// The media type of a file, where a directive gives it one.
    #[must_use]
    pub fn type_of(&self, file: &[u8]) -> Option<&str> {
        let forced = self.forced_type.as_deref().filter(|name| *name != "none");
        forced.or_else(|| by_ending(&self.types, file))
    }

    /// The handler of a file: `SetHandler`, else `AddHandler` by its endings, else its media type, which may be one (mod_wsgi knows
    /// `application/x-httpd-wsgi`).
    #[must_use]
    pub fn handler_of(&self, file: &[u8]) -> Option<&str> {
        let by_type = || self.type_of(file).filter(|name| is_wsgi(name));
        self.set_handler().or_else(|| by_ending(&self.handlers, file)).or_else(by_type)
    }

    /// Whether files may have handlers here.
    #[must_use]
    pub fn gives_handlers(&self) -> bool {
        let types = self.forced_type.iter().chain(self.types.iter().map(|(_, name)| name));
        self.handler.is_some() || !self.handlers.is_empty() || types.into_iter().any(|name| is_wsgi(name))
    }
}

/// Whether a handler is mod_wsgi's own.
#[must_use]
pub fn is_wsgi(handler: &str) -> bool {
    matches!(handler, "wsgi-script" | "application/x-httpd-wsgi")
}

/// What the last ending of a file that has something stands for.
fn by_ending<'a>(known: &'a [(String, String)], file: &[u8]) -> Option<&'a str> {
    if known.is_empty() {
        return None;
    }
    let name = file.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let endings = name.split(|byte| *byte == b'.').skip(1);
    let of = |ending: &[u8]| known.iter().rfind(|(known, _)| known.as_bytes().eq_ignore_ascii_case(ending));
    endings.filter_map(of).last().map(|(_, value)| value.as_str())
}

impl Settings {
    /// The requirements of the last section that has any, unless `AuthMerging` puts them together. What is put together is merged
    /// further as the later section says.
    fn overlay_require(&mut self, over: &Self) {
        if over.merging.is_some() || over.require.is_some() {
            self.merging = over.merging;
        }
        let both = match (over.merging, self.require.take(), over.require.clone()) {
            (None | Some(Merging::And | Merging::Or), before, None) => before,
            (None | Some(Merging::Off), _, own) | (Some(_), None, own) => own,
            (Some(Merging::And), Some(before), Some(own)) => {
                Some(vec![Require::All(vec![Require::Any(before), Require::Any(own)])])
            }
            (Some(Merging::Or), Some(before), Some(own)) => Some([before, own].concat()),
        };
        self.require = both;
    }
}

impl Switches {
    fn overlay(&mut self, over: Self) {
        self.exec_cgi = over.exec_cgi.or(self.exec_cgi);
        self.follow_sym_links = over.follow_sym_links.or(self.follow_sym_links);
        self.sym_links_if_owner_match = over.sym_links_if_owner_match.or(self.sym_links_if_owner_match);
    }
}

#[cfg(test)]
mod tests {
    use super::{Merging, Order, Peer, Require, Settings};

    fn outer() -> Settings {
        Settings {
            order: Some(Order::AllowDeny),
            allow: Some(vec![Peer::All]),
            deny: Some(vec![Peer::Variable("bad".to_owned(), true)]),
            satisfy_any: Some(true),
            ..Settings::default()
        }
    }

    #[test]
    fn requirements_are_merged_as_auth_merging_says() {
        let one = |require| Settings { require: Some(vec![require]), ..Settings::default() };
        let merged = |merging, own: Settings| {
            let mut merged = one(Require::ValidUser);
            merged.overlay(&Settings { merging, ..own });
            merged.require
        };
        let local = || one(Require::Local);
        let both = Require::All(vec![Require::Any(vec![Require::ValidUser]), Require::Any(vec![Require::Local])]);
        assert_eq!(merged(None, local()), Some(vec![Require::Local]));
        assert_eq!(merged(Some(Merging::Off), local()), Some(vec![Require::Local]));
        assert_eq!(merged(Some(Merging::And), local()), Some(vec![both]));
        assert_eq!(merged(Some(Merging::Or), local()), Some(vec![Require::ValidUser, Require::Local]));
        assert_eq!(merged(None, Settings::default()), Some(vec![Require::ValidUser]));
        assert_eq!(merged(Some(Merging::And), Settings::default()), Some(vec![Require::ValidUser]));
        assert_eq!(merged(Some(Merging::Off), Settings::default()), None);
    }

    #[test]
    fn one_of_order_allow_deny_and_satisfy_replaces_all_four() {
        let deny = Settings { deny: Some(vec![Peer::All]), ..Settings::default() };
        let allow = Settings { allow: Some(vec![Peer::All]), ..Settings::default() };
        let order = Settings { order: Some(Order::DenyAllow), ..Settings::default() };
        let satisfy = Settings { satisfy_any: Some(false), ..Settings::default() };
        for over in [deny, allow, order, satisfy] {
            let mut merged = outer();
            merged.overlay(&over);
            assert_eq!(merged, over);
        }
    }

    #[test]
    fn a_section_with_none_of_the_four_keeps_them() {
        let mut merged = outer();
        merged.overlay(&Settings { callable_object: Some("app".to_owned()), ..Settings::default() });
        assert_eq!(merged, Settings { callable_object: Some("app".to_owned()), ..outer() });
    }
}
