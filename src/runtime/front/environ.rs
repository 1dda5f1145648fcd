//! The CGI variables of a request (RFC 3875 §4.1, PEP 3333 "environ Variables"), as the application side gets them. What the
//! gateway alone knows (`wsgi.*`, most of `mod_wsgi.*`) it adds itself.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;

use super::Client;
use super::route::Own;
use crate::decision::hosts::split_authority;
use crate::plan::Host;
use crate::plan::sections::Settings;
use crate::runtime::pairs::Pairs;

/// What the server calls itself, without a version (`ServerTokens Prod` in Apache's words).
pub(super) const SOFTWARE: &str = "wsgi-httpd";
/// `SERVER_ADMIN` without a `ServerAdmin`.
const NO_ADMIN: &str = "[no address given]";

/// What is the same for each request to a script, `SCRIPT_FILENAME` and `SCRIPT_NAME` among it unless each request has its own.
/// `SetEnv` stands first: the server's own variables win over it. `HTTPS` becomes `wsgi.url_scheme`.
pub(super) fn constant(host: &Host, settings: &Settings, script: Option<(&[u8], &[u8])>) -> Pairs {
    let mut pairs = Pairs::with_capacity(512);
    for (name, value) in &settings.set_env {
        if name != "HTTPS" && !OF_THE_GATEWAY.contains(&name.as_str()) {
            pairs.push(name, value);
        }
    }
    let root = host.document_root.as_ref().map(|root| root.to_string_lossy()).unwrap_or_default();
    pairs.push("SERVER_SOFTWARE", SOFTWARE);
    pairs.push("SERVER_ADMIN", host.server_admin.as_deref().unwrap_or(NO_ADMIN));
    pairs.push("DOCUMENT_ROOT", root.as_bytes());
    pairs.push("CONTEXT_DOCUMENT_ROOT", root.as_bytes());
    pairs.push("CONTEXT_PREFIX", "");
    if let Some((file, name)) = script {
        pairs.push("SCRIPT_FILENAME", file);
        pairs.push("SCRIPT_NAME", name);
    }
    pairs.push("REQUEST_SCHEME", "http");
    pairs
}

/// What the gateway alone says, whatever `SetEnv` does.
const OF_THE_GATEWAY: [&str; 14] = [
    "apache.version",
    "mod_wsgi.application_group",
    "mod_wsgi.callable_object",
    "mod_wsgi.handler_script",
    "mod_wsgi.process_group",
    "mod_wsgi.request_handler",
    "mod_wsgi.version",
    "wsgi.file_wrapper",
    "wsgi.input_terminated",
    "wsgi.multiprocess",
    "wsgi.multithread",
    "wsgi.run_once",
    "wsgi.url_scheme",
    "wsgi.version",
];

/// Whether `SetEnv` says that URLs are `https`: for a server behind what ends TLS.
pub(super) fn is_https(settings: &Settings) -> bool {
    let said = settings.set_env.iter().rfind(|(name, _)| name == "HTTPS");
    said.is_some_and(|(_, value)| value == "1" || value.eq_ignore_ascii_case("on"))
}

/// What scripts that are asked who may see something learn of a host.
pub(super) fn of_host(host: &Host) -> Pairs {
    let mut pairs = Pairs::default();
    let root = host.document_root.as_ref().map(|root| root.to_string_lossy()).unwrap_or_default();
    pairs.push("SERVER_SOFTWARE", SOFTWARE);
    pairs.push("SERVER_ADMIN", host.server_admin.as_deref().unwrap_or(NO_ADMIN));
    pairs.push("SERVER_SIGNATURE", "");
    pairs.push("DOCUMENT_ROOT", root.as_bytes());
    pairs
}

/// What is the same for each request of a connection.
pub(super) fn of_client(client: &Client, listener: Option<&str>, number: u64) -> Pairs {
    let mut pairs = Pairs::with_capacity(256);
    pairs.push("REMOTE_ADDR", client.peer.ip().to_canonical().to_string());
    pairs.push("REMOTE_PORT", client.peer.port().to_string());
    pairs.push("SERVER_ADDR", client.local.ip().to_canonical().to_string());
    pairs.push("mod_wsgi.listener_host", listener.unwrap_or_default());
    pairs.push("mod_wsgi.listener_port", client.local.port().to_string());
    pairs.push("mod_wsgi.server_pid", std::process::id().to_string());
    pairs.push("mod_wsgi.connection_id", LogId::new(number));
    pairs
}

/// What belongs to one request. `authority` is that of the target, else the `Host` field, as far as either was there.
pub(super) fn of_request(
    client: &Client,
    host: &Host,
    parts: &Parts,
    authority: Option<&str>,
    own: Option<&Own<'_>>,
    path_info: &[u8],
    pass_authorization: bool,
) -> Pairs {
    let mut pairs = Pairs::with_capacity(1024);
    pairs.extend(&client.environ);
    pairs.push("REQUEST_METHOD", parts.method.as_str());
    if parts.uri.scheme().is_some() {
        pairs.push("REQUEST_URI", parts.uri.to_string());
    } else {
        pairs.push("REQUEST_URI", raw_target(parts));
    }
    pairs.push("QUERY_STRING", parts.uri.query().unwrap_or_default());
    pairs.push("SERVER_PROTOCOL", protocol(parts));
    if let Some(own) = own {
        pairs.push("SCRIPT_FILENAME", &own.file);
        pairs.push("SCRIPT_NAME", own.script_name);
        if let Some(alias) = own.alias {
            pairs.push("CONTEXT_PREFIX", &alias.url_path);
            pairs.push("CONTEXT_DOCUMENT_ROOT", &alias.target);
        }
    }
    pairs.push("PATH_INFO", path_info);
    server_name(&mut pairs, host, authority);
    pairs.push("mod_wsgi.request_id", LogId::new(REQUESTS.fetch_add(1, Ordering::Relaxed)));
    headers(&mut pairs, parts, pass_authorization);
    pairs
}

static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// `HTTP/1.1` or `HTTP/1.0`.
pub(super) fn protocol(parts: &Parts) -> &'static str {
    if parts.version == hyper::Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" }
}

/// What is asked for, as the client wrote it.
pub(super) fn raw_target(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("*", |target| target.as_str())
}

/// `SERVER_NAME` and `SERVER_PORT` with `UseCanonicalName Off`, the default: as the client called the server, else as `ServerName`
/// says, else port 80.
fn server_name(pairs: &mut Pairs, host: &Host, authority: Option<&str>) {
    let (name, port) = authority.map_or((None, None), |text| {
        let (name, port) = split_authority(text);
        (Some(name), port)
    });
    match name {
        Some(name) if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            pairs.push("SERVER_NAME", name.to_ascii_lowercase());
        }
        name => pairs.push("SERVER_NAME", name.or(host.server_name.as_deref()).unwrap_or_default()),
    }
    match (port, host.server_port) {
        (Some(port), _) => pairs.push("SERVER_PORT", port),
        (None, Some(port)) => pairs.push("SERVER_PORT", port.to_string()),
        (None, None) => pairs.push("SERVER_PORT", "80"),
    }
}

/// `HTTP_*`, `CONTENT_TYPE` and `CONTENT_LENGTH`. A name with anything but letters, digits and `-` is left out, since `X_Y` and `X-Y`
/// would become one; `Proxy` is left out (httpoxy, CVE-2016-5387); repeated fields are joined.
fn headers(pairs: &mut Pairs, parts: &Parts, pass_authorization: bool) {
    for name in parts.headers.keys() {
        let wanted = match *name {
            header::AUTHORIZATION | header::PROXY_AUTHORIZATION => pass_authorization,
            _ => name != "proxy",
        };
        let mut buffer = [0; 128];
        let Some(variable) = wanted.then(|| variable(name, &mut buffer)).flatten() else { continue };
        // The target's authority counts, whatever the field says (RFC 9112 §3.2.2).
        if let (&header::HOST, Some(authority)) = (name, parts.uri.authority()) {
            pairs.push(variable, authority.as_str());
            continue;
        }
        let mut values = parts.headers.get_all(name).iter();
        let Some(first) = values.next() else { continue };
        let Some(second) = values.next() else {
            pairs.push(variable, first.as_bytes());
            continue;
        };
        let separator: &[u8] = if *name == header::COOKIE { b"; " } else { b", " };
        let mut joined = first.as_bytes().to_vec();
        for value in std::iter::once(second).chain(values) {
            joined.extend_from_slice(separator);
            joined.extend_from_slice(value.as_bytes());
        }
        pairs.push(variable, joined);
    }
}

/// `accept-encoding` → `HTTP_ACCEPT_ENCODING`. Names over 123 characters have no variable.
fn variable<'a>(name: &HeaderName, buffer: &'a mut [u8; 128]) -> Option<&'a [u8]> {
    match *name {
        header::CONTENT_TYPE => return Some(b"CONTENT_TYPE"),
        header::CONTENT_LENGTH => return Some(b"CONTENT_LENGTH"),
        _ => {}
    }
    let name = name.as_str().as_bytes();
    let (start, rest) = buffer.split_at_mut(5);
    start.copy_from_slice(b"HTTP_");
    for (place, byte) in rest.get_mut(..name.len())?.iter_mut().zip(name) {
        *place = match byte {
            b'-' => b'_',
            byte if byte.is_ascii_alphanumeric() => byte.to_ascii_uppercase(),
            _ => return None,
        };
    }
    Some(&buffer[..5 + name.len()])
}

/// A short id for the error log, unique in this process's life and unlikely to meet another's: process and number, in
/// hexadecimal. Each request has one, so it is written without `format!`.
struct LogId {
    text: [u8; 33],
    start: usize,
}

impl LogId {
    fn new(number: u64) -> Self {
        static PROCESS: std::sync::LazyLock<u32> = std::sync::LazyLock::new(std::process::id);
        let mut id = Self { text: [0; 33], start: 33 };
        id.put_hexadecimal(number);
        id.put(b'-');
        id.put_hexadecimal((*PROCESS).into());
        id
    }

    /// Puts a number before what is there.
    fn put_hexadecimal(&mut self, mut number: u64) {
        loop {
            self.put(b"0123456789abcdef"[(number & 15) as usize]);
            number >>= 4;
            if number == 0 {
                return;
            }
        }
    }

    fn put(&mut self, byte: u8) {
        self.start -= 1;
        self.text[self.start] = byte;
    }
}

impl AsRef<[u8]> for LogId {
    fn as_ref(&self) -> &[u8] {
        &self.text[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_become_variables() {
        let mut buffer = [0; 128];
        let of = |name: &str, buffer: &mut [u8; 128]| {
            variable(&HeaderName::from_bytes(name.as_bytes()).unwrap(), buffer).map(<[u8]>::to_vec)
        };
        assert_eq!(of("Accept-Encoding", &mut buffer).as_deref(), Some(&b"HTTP_ACCEPT_ENCODING"[..]));
        assert_eq!(of("X_Real_User", &mut buffer), None);
        assert_eq!(of("X.Real.User", &mut buffer), None);
    }

    #[test]
    fn an_id_names_the_process_and_the_number() {
        for number in [0, 15, 16, u64::MAX] {
            let id = LogId::new(number);
            assert_eq!(id.as_ref(), format!("{:x}-{number:x}", std::process::id()).as_bytes());
        }
    }
}
