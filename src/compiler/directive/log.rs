//! Logs: `ErrorLog`, `LogLevel`, `LogFormat`, `CustomLog`, `TransferLog`.

use super::kind::read_log_level;
use super::{Args, Context, Effect, Kind, Scope, Spec, UNKNOWN_LOG_DIRECTIVE, arg};
use crate::compiler::diagnostic::{Report, Severity};
use crate::compiler::model::{AccessLog, LogFormat};
use crate::compiler::source::Spanned;
use crate::plan::log::{DurationUnit, HTTP_PORT, LogPart};
use Context::{ServerConfig, VirtualHost};

const BASE: Spec = Spec { contexts: &[ServerConfig, VirtualHost], ..Spec::BASE };

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "ErrorLog",
        summary: "Where the server writes what went wrong.",
        args: &[arg("target", Kind::Path)],
        default: Some("logs/error_log"),
        example: "ErrorLog /var/log/shop/error.log",
        effect: Effect::Lower(error_log),
        ..BASE
    },
    Spec {
        name: "LogLevel",
        summary: "How much is written to the error log, also for one module.",
        args: &[arg("level", Kind::LogLevel).many()],
        default: Some("warn"),
        example: "LogLevel warn wsgi:info",
        effect: Effect::Lower(log_level),
        ..BASE
    },
    Spec {
        name: "LogFormat",
        summary: "What a line of the access log holds.",
        args: &[arg("format", Kind::Text), arg("nickname", Kind::Text).optional()],
        default: Some("%h %l %u %t \"%r\" %>s %b"),
        example: "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" common",
        effect: Effect::Lower(log_format),
        ..BASE
    },
    Spec {
        name: "CustomLog",
        summary: "An access log, with its format or the format's nickname.",
        args: &[arg("target", Kind::Path), arg("format", Kind::Text), arg("condition", Kind::Text).optional()],
        example: "CustomLog /var/log/shop/access.log \"%h %t \\\"%r\\\" %>s %b\"",
        effect: Effect::Lower(custom_log),
        ..BASE
    },
    Spec {
        name: "TransferLog",
        summary: "An access log in the format that the last LogFormat without a nickname gave.",
        args: &[arg("target", Kind::Path)],
        example: "TransferLog /var/log/shop/access.log",
        effect: Effect::Lower(|args, scope| {
            let target = args.take("target");
            scope.host.access_logs.push(AccessLog { target, format: None, condition: None });
        }),
        ..BASE
    },
];

fn error_log(args: &mut Args, scope: &mut Scope) {
    let target = args.take::<String>("target");
    if target.value == "syslog" || target.value.starts_with("syslog:") {
        scope.unsupported(target.span, "goes to the default file instead", Severity::Warning);
    }
    scope.host.error_log = Some(target);
}

/// `LEVEL` and `MODULE:LEVEL`. The levels of other modules than mod_wsgi have nobody to obey them.
fn log_level(args: &mut Args, scope: &mut Scope) {
    for word in args.many::<String>("level") {
        let (module, level) = word.value.rsplit_once(':').map_or((None, word.value.as_str()), |(m, l)| (Some(m), l));
        let level = read_log_level(level).map(|level| Spanned::new(level, word.span));
        match module {
            None => scope.host.log_level = level,
            Some("wsgi" | "wsgi_module" | "mod_wsgi.c") => scope.host.wsgi_log_level = level,
            Some(_) => {}
        }
    }
}

fn log_format(args: &mut Args, scope: &mut Scope) {
    let format = parse_format(&args.take("format"), scope.report);
    match args.option("nickname") {
        Some(nickname) => scope.host.log_formats.push(LogFormat { nickname, format }),
        None => scope.host.default_log_format = Some(format),
    }
}

fn custom_log(args: &mut Args, scope: &mut Scope) {
    let target = args.take("target");
    let format = args.option("format");
    let mut condition = None;
    if let Some(word) = args.option::<String>("condition") {
        match word.value.split_once('=') {
            Some((key, name)) if key.eq_ignore_ascii_case("env") => {
                condition = Some((name.trim_start_matches('!').to_owned(), !name.starts_with('!')));
            }
            Some((key, _)) if key.eq_ignore_ascii_case("expr") => {
                scope.unsupported(word.span, "every request is logged", Severity::Warning);
            }
            _ => scope.invalid(word.span, "neither `env=` nor `expr=`", Some("write `env=NAME`".to_owned())),
        }
    }
    scope.host.access_logs.push(AccessLog { target, format, condition });
}

/// Reads a format (`mod_log_config`, "Custom Log Formats").
pub(crate) fn parse_format(format: &Spanned<String>, report: &mut Report) -> Vec<LogPart> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = format.value.as_str();
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '\\' => {
                let escaped = rest.chars().next();
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
                match escaped {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some(other @ ('\\' | '"')) => text.push(other),
                    other => text.extend(std::iter::once('\\').chain(other)),
                }
            }
            '%' if rest.starts_with('%') => {
                text.push('%');
                rest = &rest[1..];
            }
            '%' => {
                if !text.is_empty() {
                    parts.push(LogPart::Text(std::mem::take(&mut text)));
                }
                let (part, length) = directive(rest);
                if let Some(part) = part {
                    parts.push(part);
                } else {
                    let label = format!("`%{}` is none", &rest[..length]);
                    report.push(UNKNOWN_LOG_DIRECTIVE.at(format.span, label));
                }
                rest = &rest[length..];
            }
            other => text.push(other),
        }
    }
    if !text.is_empty() {
        parts.push(LogPart::Text(text));
    }
    parts
}

/// One directive after its `%`, and how long it is.
fn directive(text: &str) -> (Option<LogPart>, usize) {
    // `<` and `>` choose between the first and the last of internal redirections, of which there are none. A list of
    // statuses, `!400,501`, is read over: what it would leave out is written too.
    let modifiers =
        text.len() - text.trim_start_matches(|c: char| matches!(c, '<' | '>' | '!' | ',') || c.is_ascii_digit()).len();
    let after = &text[modifiers..];
    let (argument, skipped) = match after.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((argument, _)) => (Some(argument), argument.len() + 2),
        None => (None, 0),
    };
    let after = after[skipped..].trim_start_matches(['<', '>']);
    let start = text.len() - after.len();
    let letters = if after.starts_with('^') { 3 } else { 1 };
    let letters: usize = after.chars().take(letters).map(char::len_utf8).sum();
    (part(&after[..letters], argument), start + letters)
}

fn part(letter: &str, argument: Option<&str>) -> Option<LogPart> {
    let owned = || argument.unwrap_or_default().to_owned();
    Some(match letter {
        "a" | "h" => LogPart::RemoteAddress,
        "A" => LogPart::LocalAddress,
        "l" => LogPart::RemoteLogname,
        "u" => LogPart::RemoteUser,
        "t" => LogPart::Time(argument.map(str::to_owned)),
        "r" => LogPart::RequestLine,
        "s" => LogPart::Status,
        "B" => LogPart::Bytes,
        "b" => LogPart::BytesOrDash,
        "O" => LogPart::BytesOut,
        "i" => LogPart::RequestHeader(owned().to_ascii_lowercase()),
        "o" => LogPart::ResponseHeader(owned().to_ascii_lowercase()),
        "e" => LogPart::Variable(owned()),
        "D" => LogPart::Duration(DurationUnit::Microseconds),
        "T" => LogPart::Duration(match argument {
            Some("us") => DurationUnit::Microseconds,
            Some("ms") => DurationUnit::Milliseconds,
            _ => DurationUnit::Seconds,
        }),
        "f" => LogPart::File,
        "H" => LogPart::Protocol,
        "m" => LogPart::Method,
        "U" => LogPart::UrlPath,
        "q" => LogPart::Query,
        "v" => LogPart::ServerName,
        "V" => LogPart::RequestedName,
        // Which host's it is shows when the log is bound to one.
        "p" => match argument.unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "canonical" => LogPart::CanonicalPort(HTTP_PORT),
            "local" => LogPart::LocalPort,
            "remote" => LogPart::RemotePort,
            // Apache writes what it does not know.
            _ => LogPart::Text(owned()),
        },
        "P" if matches!(argument, Some("tid" | "hextid")) => LogPart::ThreadId,
        "P" => LogPart::ProcessId,
        "k" => LogPart::KeepAlives,
        "X" => LogPart::ConnectionStatus,
        "L" => LogPart::LogId,
        "I" | "S" | "C" | "n" | "R" | "x" | "c" | "^ti" | "^to" | "^FB" | "^FU" => LogPart::Absent,
        _ => return None,
    })
}
