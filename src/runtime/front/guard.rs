//! Who may have what a request asks for, where that takes more than addresses: a script that is asked, a name and a password.
//! The order is Apache's: `Order` and its like with the access script, then `Require`, then who the client is, then `Require` again.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;

use super::aside::Crowded;
use super::digest::{self, Credentials};
use super::request::call;
use super::{Client, Front, basic, environ, passwords};
use crate::decision::access::{self, Verdict, by_order, by_require, satisfies_any};
use crate::decision::group::{Asked as AskedNames, application_group};
use crate::plan::Plan;
use crate::plan::access::{Authentication, Provider, Scheme};
use crate::plan::log::LogLevel;
use crate::plan::sections::{AskedScript, Require, Settings};
use crate::runtime::exchange::{Question, Said, Target};
use crate::runtime::pairs::Pairs;

/// The scripts that are asked where some settings hold.
#[derive(Debug)]
pub(super) struct Guard {
    /// `WSGIAccessScript`.
    access: Option<Arc<Target>>,
    /// `WSGIAuthUserScript`.
    users: Option<Arc<Target>>,
    /// `WSGIAuthGroupScript`.
    groups: Option<Arc<Target>>,
}

/// Who asks for what.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) front: &'a Front,
    pub(super) client: &'a Client,
    pub(super) parts: &'a Parts,
    /// Index of the host.
    pub(super) host: usize,
    /// The file, for messages.
    pub(super) file: &'a [u8],
    /// The `environ` of the scripts that are asked.
    pub(super) environ: &'a Pairs,
    pub(super) began: SystemTime,
}

/// A client who has proved who they are.
#[derive(Debug)]
pub(super) struct User {
    /// The name.
    pub(super) name: Vec<u8>,
    /// `AUTH_TYPE`.
    pub(super) scheme: &'static str,
    /// `Authentication-Info`.
    pub(super) info: Option<HeaderValue>,
}

/// Why a client is turned away.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) status: StatusCode,
    /// `WWW-Authenticate`.
    pub(super) challenge: Option<HeaderValue>,
}

impl From<StatusCode> for Turned {
    fn from(status: StatusCode) -> Self {
        Self { status, challenge: None }
    }
}

/// Whether settings ask for more than addresses and methods.
pub(super) fn is_needed(settings: &Settings) -> bool {
    settings.access_script.is_some()
        || settings.satisfy_any == Some(true)
        || settings.limits.iter().any(|limit| limit.satisfy_any == Some(true))
        || settings.authentication.asks()
        || settings.require.iter().flatten().any(Require::asks_for_user)
}

impl Guard {
    /// What is asked where `settings` hold; `None` where addresses and methods are enough. `port` is the local one.
    pub(super) fn of(plan: &Plan, host: usize, settings: &Settings, port: u16) -> Option<Arc<Self>> {
        if !is_needed(settings) {
            return None;
        }
        let target = |script: &Option<AskedScript>| {
            script.as_ref().map(|script| Arc::new(target(plan, host, settings, script, port)))
        };
        Some(Arc::new(Self {
            access: target(&settings.access_script),
            users: target(&settings.authentication.user_script),
            groups: target(&settings.authentication.group_script),
        }))
    }

    /// Lets a client in, or turns it away. `None` where nobody had to say who they are.
    pub(super) async fn admit(&self, settings: &Settings, visit: Visit<'_>) -> Result<Option<User>, Turned> {
        if settings.closed {
            return Err(visit.denied());
        }
        let host_is_allowed =
            by_order(settings, visit.client.peer.ip(), visit.parts.method.as_str()) && self.script_allows(visit).await;
        match (host_is_allowed, satisfies_any(settings, visit.parts.method.as_str())) {
            (true, true) => return Ok(None),
            (false, false) => return Err(visit.denied()),
            _ => {}
        }
        let authentication = &settings.authentication;
        if settings.require.is_none() && authentication.asks() {
            return Err(visit.failed("authn_core", "AH01796: AuthType is set, and no Require says who may log in"));
        }
        match by_require(settings, &visit.asked(None)) {
            Verdict::Granted => return Ok(None),
            Verdict::NeedsUser => {}
            _ => return Err(visit.denied()),
        }
        let user = self.identify(authentication, visit).await?;
        match self.of_user(settings, visit, &user).await? {
            Verdict::Granted => Ok(Some(user)),
            _ => {
                let name = String::from_utf8_lossy(&user.name);
                let path = visit.parts.uri.path();
                visit.log(
                    "authz_core",
                    LogLevel::Error,
                    &format!("AH01631: user {name}: not authorized for \"{path}\""),
                );
                if authentication.forbidden_on_failure == Some(true) {
                    return Err(StatusCode::FORBIDDEN.into());
                }
                Err(visit.challenge(authentication, false))
            }
        }
    }

    /// `WSGIAccessScript`: whether it is there and does not refuse.
    async fn script_allows(&self, visit: Visit<'_>) -> bool {
        let Some(script) = &self.access else { return true };
        let host = visit.client.peer.ip().to_canonical().to_string();
        let allowed = matches!(visit.ask(script, Question::Access { host }).await, Some(Said::Yes | Said::Nothing));
        if !allowed {
            let file = String::from_utf8_lossy(visit.file);
            visit.log("wsgi", LogLevel::Error, &format!("WSGI0057: client denied by access script: {file}"));
        }
        allowed
    }

    /// `Require` of a known user, whose groups are looked for only if they matter.
    async fn of_user(&self, settings: &Settings, visit: Visit<'_>, user: &User) -> Result<Verdict, Turned> {
        let (mut groups, mut script_groups) = (None, None);
        loop {
            let known =
                access::User { name: &user.name, groups: groups.as_deref(), script_groups: script_groups.as_deref() };
            match by_require(settings, &visit.asked(Some(known))) {
                Verdict::Denied if script_groups.is_some() => {
                    let (code, what) = if script_groups.is_some_and(|groups: Vec<String>| groups.is_empty()) {
                        ("WSGI0059", "no group")
                    } else {
                        ("WSGI0060", "none of the groups that may")
                    };
                    let name = String::from_utf8_lossy(&user.name);
                    visit.log(
                        "wsgi",
                        LogLevel::Error,
                        &format!("{code}: user {name} is in {what}, by the group script"),
                    );
                    return Ok(Verdict::Denied);
                }
                Verdict::NeedsGroups => groups = Some(visit.groups(&settings.authentication, &user.name).await?),
                Verdict::NeedsScriptGroups => script_groups = Some(self.script_groups(visit, &user.name).await),
                verdict => return Ok(verdict),
            }
        }
    }

    /// The groups that `WSGIAuthGroupScript` gives; none when it fails.
    async fn script_groups(&self, visit: Visit<'_>, user: &[u8]) -> Vec<String> {
        let Some(script) = &self.groups else {
            visit.log("wsgi", LogLevel::Error, "WSGI0058: Require wsgi-group, and no WSGIAuthGroupScript");
            return Vec::new();
        };
        match visit.ask(script, Question::Groups { user: user.to_vec() }).await {
            Some(Said::Names(names)) => names,
            _ => Vec::new(),
        }
    }

    /// Finds out who the client is.
    async fn identify(&self, authentication: &Authentication, visit: Visit<'_>) -> Result<User, Turned> {
        if !matches!(authentication.scheme, Some(Scheme::Basic | Scheme::Digest)) {
            return Err(visit.failed("core", "AH00027: a user is required, and no AuthType says how to log in"));
        }
        let Some(realm) = &authentication.realm else {
            return Err(visit.failed("auth_basic", "AH01615: AuthName is missing"));
        };
        let sent = visit.parts.headers.get(header::AUTHORIZATION);
        if authentication.scheme == Some(Scheme::Digest) {
            let Some(sent) = sent else { return Err(visit.challenge(authentication, false)) };
            return self.by_digest(authentication, realm, sent, visit).await;
        }
        match sent.map(|sent| basic::read(sent.as_bytes())) {
            Some(Some((user, password))) => self.by_password(authentication, user, password, visit).await,
            _ => Err(visit.challenge(authentication, false)),
        }
    }

    async fn by_password(
        &self,
        authentication: &Authentication,
        user: Vec<u8>,
        password: Vec<u8>,
        visit: Visit<'_>,
    ) -> Result<User, Turned> {
        let name = String::from_utf8_lossy(&user).into_owned();
        let known = |name: Vec<u8>| Ok(User { name, scheme: "Basic", info: None });
        for provider in authentication.basic_providers.as_deref().unwrap_or(&[Provider::File]) {
            let said = match provider {
                Provider::File => visit.by_file(authentication, user.clone(), password.clone()).await?,
                Provider::Wsgi => {
                    let question = Question::Password { user: user.clone(), password: password.clone() };
                    self.ask_users(visit, question, 41).await
                }
                Provider::Other(_) => None,
            };
            match said {
                Some(Said::Yes) => return known(user),
                Some(Said::Text(name)) => return known(name),
                Some(Said::No) => {
                    visit.log("auth_basic", LogLevel::Error, &format!("AH01617: user {name}: wrong password"));
                    return Err(visit.challenge(authentication, false));
                }
                Some(Said::Nothing) => {}
                Some(Said::Names(_)) | None => return Err(StatusCode::INTERNAL_SERVER_ERROR.into()),
            }
        }
        visit.log("auth_basic", LogLevel::Error, &format!("AH01618: user {name} not found"));
        if authentication.authoritative == Some(false) {
            return Err(visit.failed("core", "nobody else knows users, and AuthBasicAuthoritative is Off"));
        }
        Err(visit.challenge(authentication, false))
    }

    async fn by_digest(
        &self,
        authentication: &Authentication,
        realm: &str,
        sent: &HeaderValue,
        visit: Visit<'_>,
    ) -> Result<User, Turned> {
        let refused = |why: &str| {
            visit.log("auth_digest", LogLevel::Error, why);
            visit.challenge(authentication, false)
        };
        let credentials = Credentials::read(sent.as_bytes()).map_err(refused)?;
        let target = visit.parts.uri.path_and_query().map_or("", |target| target.as_str());
        if !credentials.speaks_of(target) {
            visit.log(
                "auth_digest",
                LogLevel::Error,
                "AH01786: the uri that was signed is not the one that is asked for",
            );
            return Err(StatusCode::BAD_REQUEST.into());
        }
        if credentials.realm != realm.as_bytes() {
            return Err(refused("AH01788: the realm is another"));
        }
        let user = &credentials.user;
        let name = String::from_utf8_lossy(user);
        let mut found = None;
        for provider in authentication.digest_providers.as_deref().unwrap_or(&[Provider::File]) {
            let question = Question::RealmHash { user: user.clone(), realm: realm.to_owned() };
            let said = match provider {
                Provider::File => visit.hash_by_file(authentication, user.clone(), realm.to_owned()).await?,
                Provider::Wsgi => self.ask_users(visit, question, 44).await,
                Provider::Other(_) => None,
            };
            match said {
                Some(Said::Text(hash)) => {
                    found = Some(hash);
                    break;
                }
                Some(Said::Nothing) => {}
                _ => return Err(StatusCode::INTERNAL_SERVER_ERROR.into()),
            }
        }
        let Some(hash) = found else { return Err(refused(&format!("AH01790: user {name} not found"))) };
        if !credentials.are_signed(&hash, visit.parts.method.as_str()) {
            return Err(refused(&format!("AH01794: user {name}: wrong password")));
        }
        let nonces = &visit.front.nonces;
        let lifetime = authentication.nonce_lifetime.unwrap_or(digest::LIFETIME);
        match nonces.age(&credentials.nonce, realm, visit.began) {
            Some(age) if lifetime <= 0 || age <= lifetime as u64 => {
                let next = lifetime > 0 && age + digest::EARLY > lifetime as u64;
                let next = next.then(|| nonces.make(realm, visit.began));
                Ok(User { name: user.clone(), scheme: "Digest", info: credentials.info(&hash, next.as_deref()) })
            }
            _ => {
                visit.log("auth_digest", LogLevel::Info, &format!("AH01778: user {name}: the nonce is ours no more"));
                Err(visit.challenge(authentication, true))
            }
        }
    }

    /// Asks `WSGIAuthUserScript`; `code` is mod_wsgi's for the case that there is none.
    async fn ask_users(&self, visit: Visit<'_>, question: Question, code: u16) -> Option<Said> {
        let Some(script) = &self.users else {
            visit.log(
                "wsgi",
                LogLevel::Error,
                &format!("WSGI{code:04}: the provider is wsgi, and no WSGIAuthUserScript"),
            );
            return None;
        };
        visit.ask(script, question).await
    }
}

/// Says that a client may not have a file, whoever they are.
pub(super) fn denied(front: &Front, client: &Client, host: usize, file: &[u8]) -> Turned {
    let file = String::from_utf8_lossy(file);
    let message = format!("[client {}] AH01630: client denied by server configuration: {file}", client.peer);
    front.error_logs[host].write("authz_core", LogLevel::Error, &message);
    StatusCode::FORBIDDEN.into()
}

/// A script that is asked. It runs in the main interpreter unless its option names another.
fn target(plan: &Plan, host: usize, settings: &Settings, script: &AskedScript, port: u16) -> Target {
    let host = &plan.hosts[host];
    let server = host.server_name.as_deref().unwrap_or_default();
    let variable = |name: &str| super::script::variable(settings, name);
    let asked = AskedNames {
        server,
        port: host.server_port.unwrap_or(port),
        // Nothing of what a client sends: it could make interpreters without end.
        host: server,
        script_name: "",
        variable: &variable,
    };
    Target {
        script: script.script.as_os_str().as_bytes().to_vec(),
        process_group: String::new(),
        application_group: application_group(Some(&script.application_group), &asked),
        callable_object: String::new(),
        script_reloading: settings.script_reloading.unwrap_or(true),
        ignores_activity: false,
        multithread: true,
        multiprocess: plan.embedded.processes > 1,
        environ: environ::of_host(host),
    }
}

impl Visit<'_> {
    fn asked<'a>(&'a self, user: Option<access::User<'a>>) -> access::Asked<'a> {
        let (client, local) = (self.client.peer.ip(), self.client.local.ip());
        access::Asked { client, local, method: self.parts.method.as_str(), user }
    }

    async fn ask(&self, script: &Arc<Target>, question: Question) -> Option<Said> {
        let call = call(script, self.environ.clone(), self.began, false);
        self.front.embedded.as_ref()?.ask(call, question).await
    }

    fn log(&self, module: &str, level: LogLevel, what: &str) {
        self.front.error_logs[self.host].write(module, level, &format!("[client {}] {what}", self.client.peer));
    }

    fn failed(&self, module: &str, what: &str) -> Turned {
        self.log(module, LogLevel::Error, &format!("{what}: {}", self.parts.uri.path()));
        StatusCode::INTERNAL_SERVER_ERROR.into()
    }

    fn denied(&self) -> Turned {
        denied(self.front, self.client, self.host, self.file)
    }

    /// Asks the client to log in. `stale`: by the same name and password, with another nonce.
    fn challenge(&self, authentication: &Authentication, stale: bool) -> Turned {
        let realm = authentication.realm.as_deref().unwrap_or_default();
        let text = match &authentication.scheme {
            Some(Scheme::Digest) => {
                let domain = authentication.digest_domain.as_deref().unwrap_or_default();
                digest::challenge(realm, &self.front.nonces.make(realm, self.began), domain, stale)
            }
            _ => format!("Basic realm={}", basic::quoted(realm)),
        };
        Turned { status: StatusCode::UNAUTHORIZED, challenge: HeaderValue::from_bytes(text.as_bytes()).ok() }
    }

    /// Turns a client away when too many others wait for the same.
    fn crowded(&self, _: Crowded) -> Turned {
        self.log("authn_file", LogLevel::Error, "too many wait already for their names and passwords to be looked at");
        StatusCode::SERVICE_UNAVAILABLE.into()
    }

    /// Looks something up in a file, where that keeps no other request waiting. `None` where the file cannot be read.
    async fn look_up<T: Send + 'static>(
        &self,
        code: &str,
        file: &Path,
        look_up: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<Option<T>, Turned> {
        let read = file.to_owned();
        let found = self.front.looking_up.run(move || look_up(&read)).await;
        Ok(self.readable(code, file, found.map_err(|crowded| self.crowded(crowded))?))
    }

    async fn by_file(
        &self,
        authentication: &Authentication,
        user: Vec<u8>,
        password: Vec<u8>,
    ) -> Result<Option<Said>, Turned> {
        let Some(file) = self.user_file(authentication) else { return Ok(None) };
        let hash = match self.look_up("AH01620", &file, move |file| passwords::hash(file, &user)).await? {
            Some(Some(hash)) => hash,
            found => return Ok(found.map(|_| Said::Nothing)),
        };
        let is_right = if passwords::takes_long(&hash) {
            let compared = self.front.hashing.run(move || passwords::is_right(&password, &hash)).await;
            compared.map_err(|crowded| self.crowded(crowded))?
        } else {
            passwords::is_right(&password, &hash)
        };
        Ok(Some(if is_right { Said::Yes } else { Said::No }))
    }

    async fn hash_by_file(
        &self,
        authentication: &Authentication,
        user: Vec<u8>,
        realm: String,
    ) -> Result<Option<Said>, Turned> {
        let Some(file) = self.user_file(authentication) else { return Ok(None) };
        let look_up = move |file: &Path| passwords::realm_hash(file, &user, realm.as_bytes());
        let found = self.look_up("AH01620", &file, look_up).await?;
        Ok(found.map(|hash| hash.map_or(Said::Nothing, Said::Text)))
    }

    fn user_file(&self, authentication: &Authentication) -> Option<std::path::PathBuf> {
        if authentication.user_file.is_none() {
            self.log("authn_file", LogLevel::Error, "AH01619: AuthUserFile is missing");
        }
        authentication.user_file.clone()
    }

    /// The groups by `AuthGroupFile`; none when it cannot be read.
    async fn groups(&self, authentication: &Authentication, user: &[u8]) -> Result<Vec<String>, Turned> {
        let Some(file) = &authentication.group_file else {
            self.log("authz_groupfile", LogLevel::Error, "AH01664: Require group, and no AuthGroupFile");
            return Ok(Vec::new());
        };
        let user = user.to_vec();
        let found = self.look_up("AH01665", file, move |file| passwords::groups(file, &user)).await?;
        Ok(found.unwrap_or_default())
    }

    fn readable<T>(&self, code: &str, file: &Path, read: std::io::Result<T>) -> Option<T> {
        read.map_err(|error| {
            let text = format!("{code}: {} cannot be read: {error}", file.display());
            self.log("authn_file", LogLevel::Error, &text);
        })
        .ok()
    }
}
