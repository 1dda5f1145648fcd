//! The Plan: what the compiler proved and what the runtime runs.
//!
//! Plain serialisable data. Every default is filled in, every path is absolute, every name is bound, and each part knows
//! the line it came from. It knows neither the compiler nor the runtime; both know it.

pub mod access;
pub mod interpreters;
pub mod limits;
pub mod log;
pub mod proxies;
pub mod python;
pub mod scoreboard;
pub mod sections;
pub mod telemetry;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use interpreters::Interpreters;
use limits::{Confinement, Limits, Timers, Waits};
use log::{AccessLog, ErrorLog};
use python::Flags;
use sections::{Section, Settings};

/// One compiled configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// `ServerRoot`: relative paths of the configuration were joined to it.
    pub server_root: PathBuf,
    /// `PidFile`.
    pub pid_file: PathBuf,
    /// `User`: who the front and the embedded processes become when started by root.
    pub user: Option<Name>,
    /// `Group`.
    pub group: Option<Name>,
    /// `Listen`, in file order. Never empty.
    pub listeners: Vec<Listener>,
    /// The main server first, then the virtual hosts in file order.
    pub hosts: Vec<Host>,
    /// `WSGIDaemonProcess`, in file order.
    pub process_groups: Vec<ProcessGroup>,
    /// How applications without a process group run.
    pub embedded: Embedded,
    /// How interpreters are made and ended.
    #[serde(default)]
    pub interpreters: Interpreters,
    /// `WSGITelemetryService`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<telemetry::Telemetry>,
    /// How every Python is started.
    #[serde(default, skip_serializing_if = "Flags::is_default")]
    pub python: Flags,
    /// Scripts to load when a process starts, in file order: `WSGIImportScript`, and each mount that names both groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preloads: Vec<Preload>,
}

/// A script to load when a process starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preload {
    /// The file, absolute.
    pub script: PathBuf,
    /// In which processes.
    pub process_group: ProcessGroupName,
    /// In which interpreter; empty is the main one.
    pub application_group: String,
    /// Where it was written.
    pub place: Place,
}

/// A line of the configuration, for messages of the runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, as it was opened.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A name that only the host can resolve (an account, a group), with the line that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// As written; `#1000` is a number, as in Apache.
    pub name: String,
    /// Where it was written.
    pub place: Place,
}

/// One `Listen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The address or host name; `None` is every address of both families.
    pub address: Option<String>,
    /// The TCP port. 0 lets the system choose a free one, which is then announced.
    pub port: u16,
    /// Where it was written.
    pub place: Place,
}

/// The main server or a `<VirtualHost>`, with everything that it inherits already in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// `<VirtualHost ADDRESS…>`; empty for the main server.
    pub addresses: Vec<HostAddress>,
    /// `ServerName`, in lower case.
    pub server_name: Option<String>,
    /// The port of `ServerName`, if it names one.
    pub server_port: Option<u16>,
    /// `ServerAlias`: names and patterns (`*`, `?`), in lower case, in file order.
    pub server_aliases: Vec<String>,
    /// `ServerAdmin`.
    pub server_admin: Option<String>,
    /// `DocumentRoot`; without one only aliases and mounts answer.
    pub document_root: Option<PathBuf>,
    /// `ErrorLog` and `LogLevel`.
    pub error_log: ErrorLog,
    /// `CustomLog`. A virtual host that has none of its own has the main server's.
    pub access_logs: Vec<AccessLog>,
    /// `Timeout`, seconds.
    pub timeout: u32,
    /// `KeepAlive`.
    pub keep_alive: bool,
    /// `KeepAliveTimeout`, milliseconds.
    pub keep_alive_timeout_ms: u64,
    /// `MaxKeepAliveRequests`; 0 is without limit.
    pub max_keep_alive_requests: u64,
    /// `AllowEncodedSlashes`: the host's own. Apache does not give it on to virtual hosts.
    #[serde(default, skip_serializing_if = "EncodedSlashes::is_default")]
    pub encoded_slashes: EncodedSlashes,
    /// `Alias` and `AliasMatch`: the host's own in file order, then the main server's. The first that matches wins.
    pub aliases: Vec<Alias>,
    /// `WSGIScriptAlias`: the host's own in file order, then the main server's. The first that matches wins, after all aliases.
    pub mounts: Vec<Mount>,
    /// What stands outside of sections: the main server's, overlaid by the host's.
    pub settings: Settings,
    /// All sections of the main server and the host, in the order in which they are merged for a request
    /// (Apache, Configuration Sections, "How the sections are merged"): `Directory` by length, `Directory ~`,
    /// `Files`, `Location`.
    pub sections: Vec<Section>,
    /// Where it was written.
    pub place: Place,
}

/// What `%2F` in a URL path means (`AllowEncodedSlashes`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EncodedSlashes {
    /// `Off`: nothing is at such an address.
    #[default]
    Refused,
    /// `On`: a slash like others.
    Decoded,
    /// `NoDecode`: itself.
    Kept,
}

impl EncodedSlashes {
    // As serde calls it.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One address of a `<VirtualHost>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAddress {
    /// The address or host name; `None` is any (`*`, `_default_`).
    pub address: Option<String>,
    /// `None` is any port.
    pub port: Option<u16>,
}

/// One `Alias` or `AliasMatch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The URL path prefix, as written; of an `AliasMatch` the regular expression.
    pub url_path: String,
    /// `AliasMatch`: the URL path is searched for the expression, and the target may hold `$0` to `$9` and `&`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub regex: bool,
    /// The file or folder, absolute. Kept as text: a trailing slash matters.
    pub target: String,
    /// Where it was written.
    pub place: Place,
}

/// One `WSGIScriptAlias` or `WSGIScriptAliasMatch`. Its options beat the directives of the sections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The URL path prefix, as written; of a `WSGIScriptAliasMatch` the regular expression.
    pub url_path: String,
    /// `WSGIScriptAliasMatch`: the URL path is searched for the expression, and the target may hold `$0` to `$9` and `&`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub regex: bool,
    /// The WSGI script, or a folder of scripts, absolute. Kept as text: a trailing slash matters.
    pub target: String,
    /// Option `process-group`.
    pub process_group: Option<ProcessGroupName>,
    /// Option `application-group`.
    pub application_group: Option<ApplicationGroup>,
    /// Option `callable-object`.
    pub callable_object: Option<String>,
    /// Option `pass-authorization`.
    pub pass_authorization: Option<bool>,
    /// Where it was written.
    pub place: Place,
}

/// Where an application runs: `WSGIProcessGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessGroupName {
    /// Embedded mode: no process group, or `%{GLOBAL}`.
    Embedded,
    /// Daemon mode: an index into [`Plan::process_groups`].
    Daemon(usize),
    /// `%{SERVER}`, `%{HOST}`, `%{RESOURCE}` or `%{ENV:name}`: the request tells the name.
    Token(String),
}

/// In which interpreter an application runs: `WSGIApplicationGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationGroup {
    /// `%{GLOBAL}`: the main interpreter.
    Global,
    /// `%{SERVER}`: named after the server, and its port unless that is 80 or 443.
    Server,
    /// `%{RESOURCE}`, the default: as `%{SERVER}`, then `|`, then `SCRIPT_NAME`.
    Resource,
    /// A name.
    Named(String),
    /// `%{HOST}` or `%{ENV:name}`: the request tells the name.
    Token(String),
}

/// One `WSGIDaemonProcess`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessGroup {
    /// Its name.
    pub name: String,
    /// Index into [`Plan::hosts`] of the server that defines it: its error log is the group's.
    pub host: usize,
    /// Option `user`; else [`Plan::user`].
    pub user: Option<Name>,
    /// Option `group`; else the primary group of `user`; else [`Plan::group`].
    pub group: Option<Name>,
    /// Option `processes`, at least 1.
    pub processes: u32,
    /// `wsgi.multiprocess`: whether `processes` was given, whatever its value (mod_wsgi's rule).
    pub multiprocess: bool,
    /// Option `threads`. 0: a service, which serves no requests and runs the scripts that it loads.
    pub threads: u32,
    /// Option `home`: the working directory.
    pub home: Option<PathBuf>,
    /// Option `python-home`, else `WSGIPythonHome`, with the line that gave it.
    pub python_home: Option<PythonHome>,
    /// Option `python-path`.
    pub python_path: Vec<PathBuf>,
    /// Option `display-name`, `%{GROUP}` already being `(wsgi:NAME)`.
    pub display_name: Option<String>,
    /// Option `lang`.
    pub lang: Option<String>,
    /// Option `locale`.
    pub locale: Option<String>,
    /// Option `umask`.
    pub umask: Option<u32>,
    /// Option `maximum-requests`; `None` is without limit.
    pub maximum_requests: Option<u64>,
    /// The options that set a timer.
    pub timers: Timers,
    /// How long requests wait for a process.
    pub waits: Waits,
    /// What a process may have of the machine.
    pub limits: Limits,
    /// What a process sees, and which scripts it may run.
    #[serde(default, skip_serializing_if = "Confinement::is_default")]
    pub confinement: Confinement,
    /// Option `python-eggs`: `PYTHON_EGG_CACHE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_eggs: Option<PathBuf>,
    /// Option `switch-interval`, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_interval_us: Option<u64>,
    /// Option `server-metrics`: its applications may see what the server does for everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub server_metrics: bool,
    /// Where it was written.
    pub place: Place,
}

/// The prefix of a Python installation or virtual environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonHome {
    /// `PATH/bin/python` is started.
    pub path: PathBuf,
    /// Where it was written.
    pub place: Place,
}

impl Embedded {
    /// Whether the process that accepts HTTP runs Python as well.
    #[must_use]
    pub fn runs_python(&self) -> bool {
        self.scripts || self.needed && !self.restricted
    }
}

/// Embedded mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embedded {
    /// Whether any mount or section may need it. Without it the front runs no Python.
    pub needed: bool,
    /// Whether scripts run in the process that accepts HTTP whatever process group the applications have:
    /// `WSGIDispatchScript`, and those that are asked about access.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scripts: bool,
    /// `WSGIRestrictEmbedded On`: a request that resolves to embedded mode gets 500 (WSGI0143).
    pub restricted: bool,
    /// `StartServers`, at most `ServerLimit`; 1 by default.
    pub processes: u32,
    /// `ThreadsPerChild`; 25 by default, as in Apache.
    pub threads: u32,
    /// `WSGIPythonHome`.
    pub python_home: Option<PythonHome>,
    /// `WSGIPythonPath`.
    pub python_path: Vec<PathBuf>,
    /// `WSGIPythonEggs`: `PYTHON_EGG_CACHE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_eggs: Option<PathBuf>,
    /// `WSGIServerMetrics`: applications in embedded mode may see what the server does for everybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub server_metrics: bool,
}
