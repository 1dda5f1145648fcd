//! The server itself: addresses, names, accounts, numbers, and what is carried out while reading.

use super::kind::ANY_COUNT;
use super::{Args, Context, Effect, Kind, Scope, Spec, arg};
use crate::compiler::diagnostic::Severity;
use crate::compiler::model::{Judge, Listen, ServerName};
use crate::compiler::source::Spanned;
use crate::plan::EncodedSlashes;
use Context::{Directory, Htaccess, ServerConfig, VirtualHost};

const READING: &[Context] = &[ServerConfig, VirtualHost, Directory];
const SERVERS: &[Context] = &[ServerConfig, VirtualHost];

/// What the entries of this family share.
const BASE: Spec = Spec::BASE;

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "ServerRoot",
        summary: "The folder that relative paths begin at.",
        contexts: READING,
        args: &[arg("directory", Kind::Path)],
        default: Some("/etc/apache2"),
        example: "ServerRoot /etc/httpd\nListen 80",
        ..BASE
    },
    Spec {
        name: "Define",
        summary: "Gives `${NAME}` a value and makes `<IfDefine NAME>` true.",
        contexts: READING,
        args: &[arg("name", Kind::Text), arg("value", Kind::AnyText).optional()],
        example: "Define SITE /srv/shop",
        ..BASE
    },
    Spec {
        name: "UnDefine",
        summary: "Takes back what `Define` or `-D` did.",
        contexts: READING,
        args: &[arg("name", Kind::Text)],
        example: "UnDefine SITE",
        ..BASE
    },
    Spec {
        name: "Include",
        summary: "Reads another file, a folder or a pattern in its place.",
        contexts: READING,
        args: &[arg("path", Kind::Path)],
        example: "Include more.conf",
        ..BASE
    },
    Spec {
        name: "IncludeOptional",
        summary: "As Include, and silent when there is nothing.",
        contexts: READING,
        args: &[arg("path", Kind::Path)],
        example: "IncludeOptional sites-enabled/*.conf",
        ..BASE
    },
    Spec {
        name: "LoadModule",
        summary: "Adds a module; `<IfModule>` sees it from here on.",
        contexts: READING,
        args: &[arg("name", Kind::Text), arg("file", Kind::Path)],
        example: "LoadModule wsgi_module modules/mod_wsgi.so\nListen 80",
        ..BASE
    },
    Spec {
        name: "Listen",
        summary: "An address and port to accept connections at.",
        args: &[arg("address", Kind::Text), arg("protocol", Kind::Text).optional()],
        example: "Listen 127.0.0.1:8000",
        effect: Effect::Lower(listen),
        ..BASE
    },
    Spec {
        name: "ServerName",
        summary: "The name, and the port, that the server calls itself by.",
        contexts: SERVERS,
        args: &[arg("name", Kind::Text)],
        example: "ServerName shop.example",
        effect: Effect::Lower(server_name),
        ..BASE
    },
    Spec {
        name: "ServerAlias",
        summary: "Further names of a virtual host, with `*` and `?`.",
        contexts: &[VirtualHost],
        args: &[arg("name", Kind::Text).any()],
        example: "Listen 80\n<VirtualHost *:80>\n    ServerName a.example\n    ServerAlias www.a.example\n</VirtualHost>",
        effect: Effect::Lower(|args, scope| {
            let names = args.many::<String>("name").into_iter().map(|name| name.map(|name| name.to_ascii_lowercase()));
            scope.host.server_aliases.extend(names);
        }),
        ..BASE
    },
    Spec {
        name: "ServerAdmin",
        summary: "Whom to write to when something is wrong.",
        contexts: SERVERS,
        args: &[arg("address", Kind::Text)],
        example: "ServerAdmin web@shop.example",
        effect: Effect::Lower(|args, scope| scope.host.server_admin = args.option("address")),
        ..BASE
    },
    Spec {
        name: "DocumentRoot",
        summary: "The folder of the files that no alias and no mount answers for.",
        contexts: SERVERS,
        args: &[arg("directory", Kind::Path)],
        example: "DocumentRoot /var/www/html",
        effect: Effect::Lower(|args, scope| scope.host.document_root = args.option("directory")),
        ..BASE
    },
    Spec {
        name: "User",
        summary: "The account of the processes that answer requests.",
        args: &[arg("user", Kind::Account)],
        example: "Listen 80\nUser www-data",
        effect: Effect::Lower(|args, scope| scope.server.user = args.option("user")),
        ..BASE
    },
    Spec {
        name: "Group",
        summary: "The group of the processes that answer requests.",
        args: &[arg("group", Kind::Account)],
        example: "Listen 80\nGroup www-data",
        effect: Effect::Lower(|args, scope| scope.server.group = args.option("group")),
        ..BASE
    },
    Spec {
        name: "PidFile",
        summary: "The file that holds the number of the parent process.",
        args: &[arg("file", Kind::Path)],
        default: Some("logs/httpd.pid"),
        example: "Listen 80\nPidFile /run/httpd.pid",
        effect: Effect::Lower(|args, scope| scope.server.pid_file = args.option("file")),
        ..BASE
    },
    Spec {
        name: "Timeout",
        summary: "Seconds to wait for a client.",
        contexts: SERVERS,
        args: &[arg("seconds", ANY_COUNT)],
        default: Some("60"),
        example: "Timeout 60",
        effect: Effect::Lower(|args, scope| scope.host.timeout = args.option("seconds")),
        ..BASE
    },
    Spec {
        name: "KeepAlive",
        summary: "Whether a connection may carry more than one request.",
        contexts: SERVERS,
        args: &[arg("state", Kind::Flag)],
        default: Some("On"),
        example: "KeepAlive On",
        effect: Effect::Lower(|args, scope| scope.host.keep_alive = args.option("state")),
        ..BASE
    },
    Spec {
        name: "KeepAliveTimeout",
        summary: "How long to wait for the next request on a connection.",
        contexts: SERVERS,
        args: &[arg("time", Kind::Duration)],
        default: Some("5"),
        example: "KeepAliveTimeout 5",
        effect: Effect::Lower(keep_alive_timeout),
        ..BASE
    },
    Spec {
        name: "MaxKeepAliveRequests",
        summary: "How many requests a connection may carry; 0 is without limit.",
        contexts: SERVERS,
        args: &[arg("number", ANY_COUNT)],
        default: Some("100"),
        example: "MaxKeepAliveRequests 0",
        effect: Effect::Lower(|args, scope| scope.host.max_keep_alive_requests = args.option("number")),
        ..BASE
    },
    Spec {
        name: "AllowEncodedSlashes",
        summary: "Whether `%2F` in a URL path is a slash, itself, or refused.",
        contexts: SERVERS,
        args: &[arg("state", Kind::Choice(&["On", "Off", "NoDecode"]))],
        default: Some("Off"),
        example: "AllowEncodedSlashes NoDecode",
        effect: Effect::Lower(encoded_slashes),
        ..BASE
    },
    Spec {
        name: "LimitRequestBody",
        summary: "The largest body of a request, in bytes; 0 is without limit.",
        contexts: &[ServerConfig, VirtualHost, Directory, Htaccess],
        args: &[arg("bytes", Kind::Number(0, i64::MAX as u64))],
        default: Some("1073741824"),
        example: "LimitRequestBody 33554432",
        effect: Effect::Lower(|args, scope| scope.settings().limit_request_body = args.option("bytes")),
        ..BASE
    },
    Spec {
        name: "ServerLimit",
        summary: "The most processes of the server itself.",
        args: &[arg("number", Kind::AnyNumber(1, 20_000))],
        example: "Listen 80\nServerLimit 4",
        effect: Effect::Lower(|args, scope| scope.server.server_limit = args.option("number")),
        ..BASE
    },
    Spec {
        name: "StartServers",
        summary: "How many processes of the server itself are started.",
        args: &[arg("number", ANY_COUNT)],
        example: "Listen 80\nStartServers 2",
        effect: Effect::Lower(|args, scope| scope.server.start_servers = args.option("number")),
        ..BASE
    },
    Spec {
        name: "ThreadsPerChild",
        summary: "Threads in each process of the server itself: what embedded applications run on.",
        args: &[arg("number", Kind::AnyNumber(1, 20_000))],
        default: Some("25"),
        example: "Listen 80\nThreadsPerChild 25",
        effect: Effect::Lower(|args, scope| scope.server.threads_per_child = args.option("number")),
        ..BASE
    },
];

/// `[ADDRESS:]PORT [PROTOCOL]`.
fn listen(args: &mut Args, scope: &mut Scope) {
    let word = args.take::<String>("address");
    let protocol = args.option::<String>("protocol");
    if let Some(protocol) = protocol.as_ref().filter(|name| !name.value.eq_ignore_ascii_case("http")) {
        scope.unsupported(protocol.span, "only http is spoken", Severity::Error);
    }
    let (address, port) = word.value.rsplit_once(':').map_or((None, word.value.as_str()), |(a, p)| (Some(a), p));
    let Ok(port) = port.parse::<u16>() else {
        let label = if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty() {
            "no port is above 65535"
        } else {
            "the port is missing"
        };
        scope.invalid(word.span, label, Some(format!("write `Listen {}80`", address_prefix(&word.value))));
        return;
    };
    if port == 0 && scope.server.judge == Judge::Apache {
        scope.invalid(word.span, "Apache does not choose a port", Some("write a port from 1 to 65535".to_owned()));
        return;
    }
    let address = address.map(|address| address.trim_matches(['[', ']'])).filter(|address| *address != "*");
    let (address, protocol) = (address.map(str::to_owned), protocol.map(|name| name.value));
    scope.server.listeners.push(Listen { address, port, protocol, span: word.span });
}

fn address_prefix(word: &str) -> String {
    match word.rsplit_once(':') {
        Some((address, _)) => format!("{address}:"),
        None if word.parse::<u64>().is_ok() => String::new(),
        None => format!("{word}:"),
    }
}

/// `[SCHEME://]NAME[:PORT]`.
fn server_name(args: &mut Args, scope: &mut Scope) {
    let word = args.take::<String>("name");
    if word.value.contains(['*', '?', '[']) {
        scope.invalid(word.span, "a pattern is no name", Some(format!("write `ServerAlias {}`", word.value)));
        return;
    }
    let name = word.value.split_once("://").map_or(word.value.as_str(), |(_, rest)| rest);
    let (name, port) = match name.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (name, None),
    };
    let port = match port.map(str::parse::<u16>) {
        Some(Err(_) | Ok(0)) => {
            scope.invalid(word.span, "no port from 1 to 65535 follows the colon", None);
            return;
        }
        Some(Ok(port)) => Some(port),
        None => None,
    };
    let name = ServerName { name: name.to_ascii_lowercase(), port };
    scope.host.server_name = Some(word.map(|_| name));
}

fn encoded_slashes(args: &mut Args, scope: &mut Scope) {
    let state: Option<Spanned<String>> = args.option("state");
    scope.host.encoded_slashes = state.map(|state| match state.value.to_ascii_lowercase().as_str() {
        "on" => EncodedSlashes::Decoded,
        "nodecode" => EncodedSlashes::Kept,
        _ => EncodedSlashes::Refused,
    });
}

fn keep_alive_timeout(args: &mut Args, scope: &mut Scope) {
    let time = args.take::<String>("time").map(|time| match time.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse().unwrap_or_default(),
        None => time.parse::<u64>().unwrap_or_default().saturating_mul(1000),
    });
    scope.host.keep_alive_timeout = Some(time);
}
