//! One request, from its head to what answers it. The order of the checks is Apache's and mod_wsgi's.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, header};

use super::access_log::Record;
use super::answer::{self, Body, Source};
use super::connection::StallLimit;
use super::daemon::DaemonError;
use super::guard::{self, Guard, Turned, User, Visit};
use super::input::{Input, ReadAhead};
use super::route::{Asker, Own, Route};
use super::script::{Refusal, Runs, Script};
use super::{Client, Front, environ, static_files, verdict};
use crate::decision::access;
use crate::decision::hosts::{requested_name, split_authority};
use crate::decision::path::{PathError, normalise};
use crate::plan::log::LogLevel;
use crate::plan::sections::Settings;
use crate::runtime::exchange::{Call, InputError, Target};
use crate::runtime::pairs::Pairs;

/// `LimitRequestBody`'s default, bytes.
const LIMIT_REQUEST_BODY: u64 = 1 << 30;

/// Answers a request; `number` counts those of its connection from 0.
pub(super) async fn answer(front: &Front, client: &Client, request: Request<Incoming>, number: u64) -> Response<Body> {
    let (parts, incoming) = request.into_parts();
    let began = SystemTime::now();
    // A clock is read only for somebody who wants to know.
    let start = front.has_access_log.then(Instant::now);
    let mut seen = Seen { host: client.candidates[0], file: Vec::new(), user: None };
    let mut response = match handle(front, client, &parts, incoming, began, &mut seen).await {
        Ok(response) => response,
        Err(refused) => refused.page(),
    };
    if let Some(start) = start.filter(|_| !front.access_logs[seen.host].is_empty()) {
        record(front, client, &parts, &mut response, (start, began), number, &seen);
    }
    response
}

/// What a request turned out to be about, for the access log.
struct Seen {
    host: usize,
    file: Vec<u8>,
    user: Option<Vec<u8>>,
}

/// A request that gets a page of ours.
struct Refused {
    status: StatusCode,
    /// Whether what follows on the connection must not be read.
    close: bool,
    /// `WWW-Authenticate`.
    challenge: Option<HeaderValue>,
}

impl Refused {
    fn page(self) -> Response<Body> {
        let mut page = if self.close { answer::closing_page(self.status) } else { answer::page(self.status) };
        if let Some(challenge) = self.challenge {
            page.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        page
    }
}

impl From<StatusCode> for Refused {
    fn from(status: StatusCode) -> Self {
        Self { status, close: false, challenge: None }
    }
}

impl From<Turned> for Refused {
    fn from(turned: Turned) -> Self {
        Self { status: turned.status, close: false, challenge: turned.challenge }
    }
}

fn closing(status: StatusCode) -> Refused {
    Refused { status, close: true, challenge: None }
}

async fn handle(
    front: &Front,
    client: &Client,
    parts: &Parts,
    incoming: Incoming,
    began: SystemTime,
    seen: &mut Seen,
) -> Result<Response<Body>, Refused> {
    let authority = verdict::judge(parts).map_err(closing)?;
    seen.host = choose_host(front, client, authority);
    if let Some(seat) = &client.seat {
        seat.works(parts, began, &front.plan.hosts[seen.host], client.local.ip());
    }
    if parts.method == Method::OPTIONS && parts.uri.path() == "*" {
        return Ok(answer::page(StatusCode::NO_CONTENT));
    }
    let slashes = front.plan.hosts[seen.host].encoded_slashes;
    let path = normalise(parts.uri.path(), slashes).map_err(|error| match error {
        PathError::Malformed => closing(StatusCode::BAD_REQUEST),
        PathError::NotFound => StatusCode::NOT_FOUND.into(),
    })?;
    let asker = Asker { port: client.local.port(), authority };
    match front.routes[seen.host].find(&path, asker) {
        Route::Nothing { file, settings, guard, refusal } => {
            seen.file = file.as_os_str().as_encoded_bytes().to_vec();
            let of_file = Asked { front, client, parts, authority, path: &path, began };
            let user = of_file.admit(seen, &settings, guard.as_deref()).await?;
            seen.user = user.map(|user| user.name);
            Err(refusal.map_or(StatusCode::NOT_FOUND, |refusal| refuse(front, client, seen.host, &refusal)).into())
        }
        Route::Refused(refusal) => Err(refuse(front, client, seen.host, &refusal).into()),
        Route::File { file, settings, guard } => {
            seen.file = file.as_os_str().as_encoded_bytes().to_vec();
            let of_file = Asked { front, client, parts, authority, path: &path, began };
            let mut user = of_file.admit(seen, &settings, guard.as_deref()).await?;
            if let Some((settings, guard)) = front.routes[seen.host].index(&file, &path, asker) {
                user = of_file.admit(seen, &settings, guard.as_deref()).await?.or(user);
            }
            seen.user = user.as_ref().map(|user| user.name.clone());
            Ok(with_info(static_files::answer(&file, &settings, parts, &path), user))
        }
        Route::Script { script, path_info, own } => {
            seen.file.clone_from(&script.target.script);
            if let Some(own) = &own {
                seen.file.clone_from(&own.file);
            }
            let host = &front.plan.hosts[seen.host];
            let own = own.as_ref();
            let of_request = |passes| environ::of_request(client, host, parts, authority, own, &path_info, passes);
            let user = match &script.guard {
                None => permit(front, client, parts, seen, &script.settings)?,
                Some(guard) => {
                    let mut environ = of_request(false);
                    if own.is_none() {
                        environ.extend(&names_of(&script.target));
                    }
                    let visit = visit(front, client, parts, seen, &environ, began);
                    Box::pin(guard.admit(&script.settings, visit)).await?
                }
            };
            let mut environ = of_request(script.pass_authorization);
            if parts.method == Method::HEAD && script.settings.map_head_to_get == Some(true) {
                environ.push("REQUEST_METHOD", Method::GET.as_str());
            }
            if let Some(user) = &user {
                environ.push("REMOTE_USER", &user.name);
                environ.push("AUTH_TYPE", user.scheme);
                seen.user = Some(user.name.clone());
            }
            let seen_so = match &script.proxies {
                None => (environ, script.https),
                Some(proxies) => {
                    let (environ, https) = proxies.apply(&environ, &script.target, client.peer.ip());
                    (environ, https.unwrap_or(script.https))
                }
            };
            Ok(with_info(run(front, client, parts, incoming, began, seen.host, script, seen_so).await?, user))
        }
    }
}

fn choose_host(front: &Front, client: &Client, authority: Option<&str>) -> usize {
    if client.candidates.len() == 1 {
        return client.candidates[0];
    }
    front.hosts.by_name(&client.candidates, &authority.map(requested_name).unwrap_or_default()).0
}

fn permit(
    front: &Front,
    client: &Client,
    parts: &Parts,
    seen: &Seen,
    settings: &Settings,
) -> Result<Option<User>, Refused> {
    if access::allowed(settings, client.peer.ip(), client.local.ip(), parts.method.as_str()) {
        return Ok(None);
    }
    Err(guard::denied(front, client, seen.host, &seen.file).into())
}

/// A request for a file.
struct Asked<'a> {
    front: &'a Front,
    client: &'a Client,
    parts: &'a Parts,
    authority: Option<&'a str>,
    path: &'a [u8],
    began: SystemTime,
}

impl Asked<'_> {
    async fn admit(&self, seen: &Seen, settings: &Settings, guard: Option<&Guard>) -> Result<Option<User>, Refused> {
        let Self { front, client, parts, authority, path, began } = *self;
        let Some(guard) = guard else { return permit(front, client, parts, seen, settings) };
        let own = Own { file: seen.file.clone(), script_name: path, alias: None };
        let host = &front.plan.hosts[seen.host];
        let environ = environ::of_request(client, host, parts, authority, Some(&own), b"", false);
        let visit = visit(front, client, parts, seen, &environ, began);
        Ok(Box::pin(guard.admit(settings, visit)).await?)
    }
}

fn visit<'a>(
    front: &'a Front,
    client: &'a Client,
    parts: &'a Parts,
    seen: &'a Seen,
    environ: &'a Pairs,
    began: SystemTime,
) -> Visit<'a> {
    Visit { front, client, parts, host: seen.host, file: &seen.file, environ, began }
}

/// `SCRIPT_NAME` of a script that has one for all its requests.
fn names_of(target: &Target) -> Pairs {
    let mut names = Pairs::default();
    for (name, value) in target.environ.iter().filter(|(name, _)| *name == b"SCRIPT_NAME") {
        names.push(name, value);
    }
    names
}

/// An answer to somebody who may have logged in.
fn with_info(mut answer: Response<Body>, user: Option<User>) -> Response<Body> {
    if let Some(info) = user.and_then(|user| user.info) {
        answer.headers_mut().insert("authentication-info", info);
    }
    answer
}

/// Runs a script: the checks of mod_wsgi first, then its body, then the call. With `environ` goes whether the URL is `https`.
#[allow(clippy::too_many_arguments, reason = "one request, told in order; called from one place")]
async fn run(
    front: &Front,
    client: &Client,
    parts: &Parts,
    incoming: Incoming,
    began: SystemTime,
    host: usize,
    script: Arc<Script>,
    (environ, https): (Pairs, bool),
) -> Result<Response<Body>, Refused> {
    let timeout = Duration::from_secs(front.plan.hosts[host].timeout.into());
    let input = body(parts, incoming, &script, timeout).inspect_err(|refused| {
        if refused.status == StatusCode::LENGTH_REQUIRED {
            say(front, client, host, "WSGI0139: a body in chunks, and WSGIChunkedRequest is off");
        }
    })?;
    // What most requests do not need is kept out of the state that each of them carries.
    let body = if input.is_empty() {
        ReadAhead { bytes: bytes::Bytes::new(), rest: None }
    } else {
        Box::pin(input.read_ahead()).await.map_err(|error| {
            if error == InputError::Timeout {
                say(front, client, host, "WSGI0126: the body of a request has not come in time");
            }
            closing(status_of(error))
        })?
    };
    let script = match &script.dispatch {
        None => script,
        Some(dispatch) => {
            let call = call(&dispatch.target, environ.clone(), began, false);
            Box::pin(ask(front, client, host, &script, call)).await?
        }
    };
    if let Runs::Refused(refusal) = &script.runs {
        return Err(refuse(front, client, host, refusal).into());
    }
    if let Runs::Daemon(index) = &script.runs
        && let Some(Some(owner)) = front.owners.get(*index)
    {
        let entries = environ.iter().chain(script.target.environ.iter());
        let file = entries.filter(|(name, _)| *name == b"SCRIPT_FILENAME").map(|(_, file)| file).next();
        owner
            .check(file.unwrap_or(&script.target.script))
            .map_err(|message| refuse(front, client, host, &Refusal { status: StatusCode::FORBIDDEN, message }))?;
    }
    let daemon = matches!(script.runs, Runs::Daemon(_));
    let target = Arc::clone(&script.target);
    let call = Call { https, ..call(&target, environ, began, daemon) };
    let answered = match (&script.runs, &front.embedded) {
        (Runs::Daemon(index), _) => Box::pin(front.pools[*index].run(call, body, timeout))
            .await
            .map_err(|error| daemon_failed(front, client, host, &target, error)),
        (_, Some(embedded)) => embedded.run(call, body, timeout).await.map_err(status),
        // A script is only said to run here where Python is.
        (_, None) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let (head, mut source) = answered?;
    if let Source::Wire(body) = &mut source {
        let (log, peer, target) = (front.error_logs[host].clone(), client.peer, Arc::clone(&target));
        body.tell_of_cut(move |error| {
            let (group, script) = (&target.process_group, String::from_utf8_lossy(&target.script));
            let what = format!("process group {group} ended before the answer of {script} was complete: {error}");
            log.write("wsgi", LogLevel::Error, &format!("[client {peer}] WSGI0119: {what}"));
        });
    }
    if head.status >= 400 && script.settings.error_override == Some(true) {
        let asks = head.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"WWW-Authenticate"));
        let challenge = asks.and_then(|(_, value)| HeaderValue::from_bytes(value).ok());
        return Err(Refused { status: self::status(head.status), close: false, challenge });
    }
    let mut response = answer::from_application(&head, source, parts.method == Method::HEAD);
    if let Runs::Daemon(index) = &script.runs
        && let waits = &front.plan.process_groups[*index].waits
        && let Some(limit) = waits.response.or(waits.socket)
    {
        response.extensions_mut().insert(StallLimit(Duration::from_secs(limit.into())));
    }
    Ok(response)
}

pub(super) fn call(target: &Arc<Target>, environ: Pairs, began: SystemTime, daemon: bool) -> Call {
    Call {
        target: Arc::clone(target),
        environ,
        https: false,
        request_start: microseconds(began),
        batch: 0,
        queue_start: if daemon { microseconds(SystemTime::now()) } else { 0 },
    }
}

/// Asks a dispatch script where a script runs. One that fails is not passed over, as it may keep tenants apart.
async fn ask(
    front: &Front,
    client: &Client,
    host: usize,
    script: &Arc<Script>,
    call: Call,
) -> Result<Arc<Script>, Refused> {
    let said = match &front.embedded {
        Some(embedded) => embedded.dispatch(call).await,
        None => None,
    };
    let said = said.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    front.routes[host].dispatched(script, said).map_err(|refusal| refuse(front, client, host, &refusal).into())
}

fn body(parts: &Parts, incoming: Incoming, script: &Script, timeout: Duration) -> Result<Input, Refused> {
    let chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    if chunked && script.settings.chunked_request != Some(true) {
        return Err(closing(StatusCode::LENGTH_REQUIRED));
    }
    let limit = script.settings.limit_request_body.unwrap_or(LIMIT_REQUEST_BODY);
    let announced =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if limit > 0 && announced.is_some_and(|length| length > limit) {
        return Err(closing(StatusCode::PAYLOAD_TOO_LARGE));
    }
    Ok(Input::new(incoming, limit, timeout))
}

fn refuse(front: &Front, client: &Client, host: usize, refusal: &Refusal) -> StatusCode {
    say(front, client, host, &refusal.message);
    refusal.status
}

fn say(front: &Front, client: &Client, host: usize, what: &str) {
    front.error_logs[host].write("wsgi", LogLevel::Error, &format!("[client {}] {what}", client.peer));
}

fn status_of(error: InputError) -> StatusCode {
    match error {
        InputError::Timeout => StatusCode::REQUEST_TIMEOUT,
        InputError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        InputError::ClientGone | InputError::Malformed => StatusCode::BAD_REQUEST,
    }
}

fn daemon_failed(front: &Front, client: &Client, host: usize, target: &Target, error: DaemonError) -> StatusCode {
    let (status, code, what) = match error {
        // What there is to say about it, the daemon process has said.
        DaemonError::Failed(code) => return self::status(code),
        DaemonError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "WSGI0116", "has no process free for"),
        DaemonError::Died => (StatusCode::BAD_GATEWAY, "WSGI0146", "ended before it answered"),
        DaemonError::Queued => (StatusCode::GATEWAY_TIMEOUT, "WSGI0084", "had no thread free within queue-timeout for"),
        DaemonError::Late => {
            (StatusCode::GATEWAY_TIMEOUT, "WSGI0145", "did not answer within socket-timeout or Timeout")
        }
    };
    let script = String::from_utf8_lossy(&target.script);
    say(front, client, host, &format!("{code}: process group {} {what} a request of {script}", target.process_group));
    status
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn microseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

fn record(
    front: &Front,
    client: &Client,
    parts: &Parts,
    response: &mut Response<Body>,
    began: (Instant, SystemTime),
    number: u64,
    seen: &Seen,
) {
    let host = &front.plan.hosts[seen.host];
    let name = host.server_name.clone().unwrap_or_default();
    let requested = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let mut record = Record {
        peer: client.peer,
        local: client.local,
        began: began.1.into(),
        took: Duration::ZERO,
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or("*", |target| target.as_str()).to_owned(),
        protocol: environ::protocol(parts),
        request_headers: parts.headers.clone(),
        response_headers: response.headers().clone(),
        status: response.status().as_u16(),
        body_bytes: 0,
        complete: false,
        keep_alives: number,
        requested_name: requested.map_or_else(|| name.clone(), |text| split_authority(text).0.to_owned()),
        server_name: name,
        variables: host.settings.set_env.clone(),
        file: String::from_utf8_lossy(&seen.file).into_owned(),
        user: seen.user.clone(),
    };
    let logs = Arc::clone(&front.access_logs[seen.host]);
    response.body_mut().tell(Box::new(move |bytes, complete| {
        record.body_bytes = bytes;
        record.complete = complete;
        record.took = began.0.elapsed();
        logs.write(&record);
    }));
}
