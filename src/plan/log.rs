//! Logs as the plan describes them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Place;

/// HTTP's own port: the canonical one where nothing names another.
pub const HTTP_PORT: u16 = 80;

/// Where the lines of a log go.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogTarget {
    /// A file, absolute. `/dev/stderr` and `/dev/stdout` work as files do.
    File(PathBuf),
    /// `ErrorLog "|program"`: the lines go to the standard input of a program. Run directly, words split at blanks.
    Pipe(String),
}

/// `ErrorLog` and `LogLevel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorLog {
    /// Where it goes.
    pub target: LogTarget,
    /// `LogLevel`, of the server.
    pub level: LogLevel,
    /// `LogLevel wsgi:…`, else the same.
    pub wsgi_level: LogLevel,
    /// Where `ErrorLog` was written; the server's place when it is the default.
    pub place: Place,
}

/// Apache's log levels, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// The server cannot be used.
    Emerg,
    /// Somebody must act at once.
    Alert,
    /// Critical.
    Crit,
    /// An error.
    Error,
    /// A warning.
    Warn,
    /// Normal but worth a line.
    Notice,
    /// For information.
    Info,
    /// For debugging.
    Debug,
    /// `trace1` to `trace8`.
    Trace,
}

impl LogLevel {
    /// As it stands in a log line: `error`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace1",
        }
    }
}

/// One `CustomLog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// Where it goes.
    pub target: LogTarget,
    /// What a line holds.
    pub format: Vec<LogPart>,
    /// `env=NAME` (`true`) or `env=!NAME` (`false`): only requests where it is set, or not.
    pub condition: Option<(String, bool)>,
    /// Where it was written.
    pub place: Place,
}

/// One part of a line of the access log (`mod_log_config`, "Custom Log Formats").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogPart {
    /// Text between the directives.
    Text(String),
    /// `%a`, `%h`, `%{c}a`: the client's address. Host names are never looked up.
    RemoteAddress,
    /// `%A`: the local address.
    LocalAddress,
    /// `%l`: always `-`.
    RemoteLogname,
    /// `%u`.
    RemoteUser,
    /// `%t`, `%{format}t`; the format is strftime's, or `sec`, `msec`, `usec`, `msec_frac`, `usec_frac`.
    Time(Option<String>),
    /// `%r`: the request line.
    RequestLine,
    /// `%s`, `%>s`: the status.
    Status,
    /// `%B`: bytes of the body.
    Bytes,
    /// `%b`: bytes of the body, `-` for none.
    BytesOrDash,
    /// `%I`: bytes received with head; `%O`: bytes sent with head (`mod_logio`).
    BytesOut,
    /// `%{Name}i`: a header of the request, name in lower case.
    RequestHeader(String),
    /// `%{Name}o`: a header of the response, name in lower case.
    ResponseHeader(String),
    /// `%{NAME}e`: a variable of the request's environment.
    Variable(String),
    /// `%D`: microseconds; `%{ms}T`, `%{us}T`, `%T`.
    Duration(DurationUnit),
    /// `%f`: the file.
    File,
    /// `%H`: the protocol.
    Protocol,
    /// `%m`: the method.
    Method,
    /// `%U`: the URL path, without the query.
    UrlPath,
    /// `%q`: `?` and the query, or nothing.
    Query,
    /// `%v`: the canonical `ServerName`; `%V`: the name that the client used.
    ServerName,
    /// `%V`.
    RequestedName,
    /// `%p`, `%{canonical}p`: the port that the host's `ServerName` gives, else 80.
    CanonicalPort(u16),
    /// `%{local}p`: the port of the listener.
    LocalPort,
    /// `%{remote}p`: the client's port.
    RemotePort,
    /// `%P`, `%{pid}P`.
    ProcessId,
    /// `%{tid}P`.
    ThreadId,
    /// `%k`: number of this request on its connection, from 0.
    KeepAlives,
    /// `%X`: `X` aborted, `+` kept alive, `-` closed.
    ConnectionStatus,
    /// `%L`: the request's id in the error log.
    LogId,
    /// A directive that is known and has no value here: written as `-`.
    Absent,
}

/// The unit of a duration in the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DurationUnit {
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}
