//! Where logs go and what their lines hold.

use super::Resolver;
use crate::compiler::diagnostic::Report;
use crate::compiler::directive::parse_format;
use crate::compiler::model::{AccessLog, Host};
use crate::compiler::source::{Span, Spanned};
use crate::plan::log::{self, ErrorLog, HTTP_PORT, LogPart, LogTarget};

/// The format that nobody has to define (`mod_log_config`, the nickname `CLF`).
const COMMON: &str = r#"%h %l %u %t "%r" %>s %b"#;

impl Resolver<'_> {
    pub(super) fn error_log(&self, host: &Host) -> ErrorLog {
        let main = self.server.main();
        let written = host.error_log.as_ref().or(main.error_log.as_ref());
        let level = host.log_level.as_ref().or(main.log_level.as_ref()).map(|level| level.value);
        // A host's plain level speaks for mod_wsgi too, unless the host names mod_wsgi.
        let wsgi = match (&host.wsgi_log_level, &host.log_level) {
            (Some(own), _) => Some(own.value),
            (None, Some(plain)) => Some(plain.value),
            (None, None) => main.wsgi_log_level.as_ref().map(|level| level.value),
        };
        let level = level.unwrap_or(self.level);
        ErrorLog {
            target: match written.map(|target| target.value.as_str()) {
                Some(target) if !target.starts_with("syslog") => self.target(target),
                _ => self.target("logs/error_log"),
            },
            level,
            wsgi_level: wsgi.unwrap_or(level),
            place: self.place(written.map_or(host.span, |target| target.span)),
        }
    }

    /// A host that has logs of its own does not write to the main server's.
    pub(super) fn access_logs(&self, host: &Host) -> Vec<log::AccessLog> {
        let main = self.server.main();
        let from = if host.access_logs.is_empty() { main } else { host };
        let port = self.canonical_port(host);
        from.access_logs.iter().map(|access_log| self.access_log(access_log, from, port)).collect()
    }

    /// As mod_log_config has it: a `ServerName` without a port is 80's; a host without a name has the port of its first
    /// address, else the main server's.
    fn canonical_port(&self, host: &Host) -> u16 {
        let named = |host: &Host| host.server_name.as_ref().map(|name| name.value.port.unwrap_or(HTTP_PORT));
        let address = host.addresses.first().and_then(|address| address.value.port);
        named(host).or(address).or_else(|| named(self.server.main())).unwrap_or(HTTP_PORT)
    }

    fn access_log(&self, access_log: &AccessLog, host: &Host, port: u16) -> log::AccessLog {
        let mut format = self.format(access_log.format.as_ref(), host);
        for part in &mut format {
            if let LogPart::CanonicalPort(canonical) = part {
                *canonical = port;
            }
        }
        log::AccessLog {
            target: self.target(&access_log.target.value),
            format,
            condition: access_log.condition.clone(),
            place: self.place(access_log.target.span),
        }
    }

    /// A nickname of the host's or the main server's, else the format itself.
    fn format(&self, format: Option<&Spanned<String>>, host: &Host) -> Vec<LogPart> {
        let main = self.server.main();
        let Some(format) = format else {
            let set = host.default_log_format.as_ref().or(main.default_log_format.as_ref());
            return set.cloned().unwrap_or_else(|| self.common());
        };
        let named = |host: &Host| {
            let mut formats = host.log_formats.iter().rev();
            formats.find(|known| known.nickname.value == format.value).map(|known| known.format.clone())
        };
        named(host).or_else(|| named(main)).unwrap_or_else(|| match format.value.as_str() {
            "CLF" => self.common(),
            _ => parse_format(format, &mut Report::default()),
        })
    }

    fn common(&self) -> Vec<LogPart> {
        let nowhere = Span { end: 0, start: 0, ..self.server.server_root.span };
        parse_format(&Spanned::new(COMMON.to_owned(), nowhere), &mut Report::default())
    }

    fn target(&self, target: &str) -> LogTarget {
        match target.strip_prefix('|') {
            Some(program) => LogTarget::Pipe(program.trim_start_matches(['|', '$']).trim().to_owned()),
            None => LogTarget::File(self.join(target)),
        }
    }
}
