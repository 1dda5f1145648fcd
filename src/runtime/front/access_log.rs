//! Access logs: `CustomLog` in the formats of `LogFormat`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local};
use hyper::HeaderMap;

use crate::decision::path::normalise;
use crate::plan::EncodedSlashes;
use crate::plan::log::{AccessLog, DurationUnit, LogPart};

/// The access logs of a host, open.
#[derive(Debug, Default)]
pub(super) struct AccessLogs {
    logs: Vec<(AccessLog, Arc<File>)>,
}

/// What is known of a request when it is over.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) began: DateTime<Local>,
    pub(super) took: Duration,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) protocol: &'static str,
    pub(super) request_headers: HeaderMap,
    pub(super) response_headers: HeaderMap,
    pub(super) status: u16,
    pub(super) body_bytes: u64,
    pub(super) complete: bool,
    pub(super) keep_alives: u64,
    pub(super) server_name: String,
    pub(super) requested_name: String,
    pub(super) variables: Vec<(String, String)>,
    pub(super) file: String,
    pub(super) user: Option<Vec<u8>>,
}

impl AccessLogs {
    /// Logs that `open` gives the files of; one without a file is left out.
    pub(super) fn new(logs: &[AccessLog], open: impl Fn(&AccessLog) -> Option<Arc<File>>) -> Self {
        Self { logs: logs.iter().filter_map(|log| Some((log.clone(), open(log)?))).collect() }
    }

    /// Whether no request needs a record.
    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// Writes a line to each log that wants it. A log that cannot be written loses the line.
    pub(super) fn write(&self, record: &Record) {
        for (log, file) in &self.logs {
            let wanted = log.condition.as_ref().is_none_or(|(name, set)| record.variable(name).is_some() == *set);
            if !wanted {
                continue;
            }
            let mut line = String::with_capacity(160);
            for part in &log.format {
                record.put(part, &mut line);
            }
            line.push('\n');
            let _ = (&**file).write_all(line.as_bytes());
        }
    }
}

impl Record {
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn put(&self, part: &LogPart, line: &mut String) {
        let path = self.target.split('?').next().unwrap_or_default();
        match part {
            LogPart::Text(text) => line.push_str(text),
            LogPart::RemoteAddress => put(line, self.peer.ip().to_canonical()),
            LogPart::LocalAddress => put(line, self.local.ip().to_canonical()),
            LogPart::RemoteLogname | LogPart::Absent | LogPart::LogId => line.push('-'),
            LogPart::RemoteUser => match &self.user {
                // An empty name would look like none at all.
                Some(user) if user.is_empty() => line.push_str("\"\""),
                Some(user) => escape(user, line),
                None => line.push('-'),
            },
            LogPart::Time(format) => self.put_time(format.as_deref(), line),
            LogPart::RequestLine => {
                escape(&self.method, line);
                line.push(' ');
                escape(&self.target, line);
                let _ = write!(line, " {}", self.protocol);
            }
            LogPart::Status => put(line, self.status),
            LogPart::BytesOrDash if self.body_bytes == 0 => line.push('-'),
            LogPart::Bytes | LogPart::BytesOut | LogPart::BytesOrDash => put(line, self.body_bytes),
            LogPart::RequestHeader(name) => put_header(&self.request_headers, name, line),
            LogPart::ResponseHeader(name) => put_header(&self.response_headers, name, line),
            LogPart::Variable(name) => escape(self.variable(name).unwrap_or("-"), line),
            LogPart::Duration(DurationUnit::Microseconds) => put(line, self.took.as_micros()),
            LogPart::Duration(DurationUnit::Milliseconds) => put(line, self.took.as_millis()),
            LogPart::Duration(DurationUnit::Seconds) => put(line, self.took.as_secs()),
            LogPart::File => escape(&self.file, line),
            LogPart::Protocol => line.push_str(self.protocol),
            LogPart::Method => escape(&self.method, line),
            // Decoded, as Apache's is; one that has no meaning is written as it came.
            LogPart::UrlPath => {
                escape(normalise(path, EncodedSlashes::Decoded).unwrap_or(path.as_bytes().into()), line);
            }
            LogPart::Query => escape(&self.target[path.len()..], line),
            LogPart::ServerName => escape(&self.server_name, line),
            LogPart::RequestedName => escape(&self.requested_name, line),
            LogPart::CanonicalPort(number) => put(line, number),
            LogPart::LocalPort => put(line, self.local.port()),
            LogPart::RemotePort => put(line, self.peer.port()),
            LogPart::ProcessId => put(line, std::process::id()),
            LogPart::ThreadId => put(line, rustix::thread::gettid().as_raw_nonzero()),
            LogPart::KeepAlives => put(line, self.keep_alives),
            LogPart::ConnectionStatus => line.push(if self.complete { '+' } else { 'X' }),
        }
    }

    fn put_time(&self, format: Option<&str>, line: &mut String) {
        let began = self.began;
        match format {
            None => put(line, began.format("[%d/%b/%Y:%H:%M:%S %z]")),
            Some("sec") => put(line, began.timestamp()),
            Some("msec") => put(line, began.timestamp_millis()),
            Some("usec") => put(line, began.timestamp_micros()),
            Some("msec_frac") => put(line, format_args!("{:03}", began.timestamp_subsec_millis())),
            Some("usec_frac") => put(line, format_args!("{:06}", began.timestamp_subsec_micros())),
            Some(format) => {
                // A format that chrono refuses leaves nothing behind but what it wrote before.
                let _ = write!(line, "{}", began.format(format));
            }
        }
    }
}

fn put(line: &mut String, value: impl std::fmt::Display) {
    let _ = write!(line, "{value}");
}

fn put_header(headers: &HeaderMap, name: &str, line: &mut String) {
    match headers.get(name) {
        Some(value) => escape(value.as_bytes(), line),
        None => line.push('-'),
    }
}

/// Appends what a client sent: whatever is not printable ASCII, quotes and backslashes are escaped as C does it
/// (`mod_log_config`, "Format Notes").
fn escape(text: impl AsRef<[u8]>, line: &mut String) {
    for byte in text.as_ref() {
        match byte {
            b'"' => line.push_str("\\\""),
            b'\\' => line.push_str("\\\\"),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b'\t' => line.push_str("\\t"),
            // Backspace and vertical tab, for which Rust has no escapes.
            0x08 => line.push_str("\\b"),
            0x0b => line.push_str("\\v"),
            b' '..=b'~' => line.push(char::from(*byte)),
            byte => {
                let _ = write!(line, "\\x{byte:02x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apache_escapes() {
        for (text, written) in [
            (&b"plain ~"[..], "plain ~"),
            (b"a\tb\nc\rd\x08e\x0bf", r"a\tb\nc\rd\be\vf"),
            (b"\0\x0c\x1b\x7f", r"\x00\x0c\x1b\x7f"),
            ("\u{e4}".as_bytes(), r"\xc3\xa4"),
            (br#""\"#, r#"\"\\"#),
        ] {
            let mut line = String::new();
            escape(text, &mut line);
            assert_eq!(line, written);
        }
    }
}
