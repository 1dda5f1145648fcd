//! Who may see what: `Require`, and the `Order`, `Allow`, `Deny` of Apache 2.2.

use std::net::{IpAddr, Ipv4Addr};

use super::{Args, Context, Effect, INVALID_VALUE, Kind, Scope, Spec, arg};
use crate::compiler::diagnostic::Severity;
use crate::compiler::source::Spanned;
use crate::plan::sections::{Network, Order, Peer, Require};
use Context::{Directory, Htaccess};

const BASE: Spec = Spec { contexts: &[Directory, Htaccess], ..Spec::BASE };

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "Require",
        summary: "Who may see what the section covers. Several in a section are joined by `or`.",
        args: &[arg("provider", Kind::Text), arg("value", Kind::AnyText).any()],
        example: "<Directory /srv/shop>\n    Require all granted\n</Directory>",
        effect: Effect::Lower(require),
        ..BASE
    },
    Spec {
        name: "Order",
        summary: "Whether `Allow` or `Deny` has the last word (Apache 2.2).",
        args: &[arg("order", Kind::Choice(&["deny,allow", "allow,deny", "mutual-failure"]))],
        default: Some("deny,allow"),
        example: "<Directory /srv/shop>\n    Order allow,deny\n    Allow from all\n</Directory>",
        effect: Effect::Lower(|args, scope| {
            let order = args.take::<String>("order").map(|order| match order.to_ascii_lowercase().as_str() {
                "deny,allow" => Order::DenyAllow,
                _ => Order::AllowDeny,
            });
            let settings = scope.settings();
            settings.order = Some(order);
            settings.forget_in_limits(|limited| limited.order = None);
        }),
        ..BASE
    },
    Spec {
        name: "Allow",
        summary: "Who is allowed in (Apache 2.2).",
        args: &[arg("from", Kind::Choice(&["from"])), arg("host", Kind::Text).many()],
        example: "<Directory /srv/shop>\n    Allow from 10.0.0.0/8\n</Directory>",
        effect: Effect::Lower(|args, scope| {
            let allowed = peers(args, scope);
            scope.settings().allow.extend(allowed);
        }),
        ..BASE
    },
    Spec {
        name: "Deny",
        summary: "Who is kept out (Apache 2.2).",
        args: &[arg("from", Kind::Choice(&["from"])), arg("host", Kind::Text).many()],
        example: "<Directory /srv/shop>\n    Deny from 192.0.2.1\n</Directory>",
        effect: Effect::Lower(|args, scope| {
            let denied = peers(args, scope);
            scope.settings().deny.extend(denied);
        }),
        ..BASE
    },
    Spec {
        name: "Satisfy",
        summary: "Whether `Allow`, `Deny` and `Require` must all let a client in, or one is enough (Apache 2.2).",
        args: &[arg("which", Kind::Choice(&["All", "Any"]))],
        default: Some("All"),
        example: "<Directory /srv/shop>\n    Satisfy All\n</Directory>",
        effect: Effect::Lower(|args, scope| {
            let any = args.take::<String>("which").value.eq_ignore_ascii_case("any");
            let settings = scope.settings();
            settings.satisfy_any = Some(any);
            settings.forget_in_limits(|limited| limited.satisfy_any = None);
        }),
        ..BASE
    },
];

/// The methods that Apache has names for: what `Require method`, `<Limit>` and `AllowMethods` may name.
pub const METHODS: [&str; 27] = [
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "VERSION-CONTROL",
    "CHECKOUT",
    "UNCHECKOUT",
    "CHECKIN",
    "UPDATE",
    "LABEL",
    "REPORT",
    "MKWORKSPACE",
    "MKACTIVITY",
    "BASELINE-CONTROL",
    "MERGE",
];

/// Providers that the modules of Apache's distribution and mod_wsgi bring.
pub const PROVIDERS: [&str; 25] = [
    "all",
    "ip",
    "local",
    "method",
    "host",
    "forward-dns",
    "env",
    "expr",
    "user",
    "group",
    "valid-user",
    "file-owner",
    "file-group",
    "ldap-user",
    "ldap-group",
    "ldap-dn",
    "ldap-attribute",
    "ldap-filter",
    "dbm-group",
    "dbd-group",
    "wsgi-group",
    "ssl",
    "ssl-verify-client",
    "ldap-search",
    "dbm-file-group",
];

fn require(args: &mut Args, scope: &mut Scope) {
    let span = args.span;
    let provider = args.take::<String>("provider");
    let values = args.many::<String>("value");
    let words: Vec<&str> = std::iter::once(&provider).chain(&values).map(|word| word.value.as_str()).collect();
    if let Some(required) = read_requirement(&words) {
        scope.settings().require.push(Spanned::new(required, span));
        return;
    }
    let name = provider.value.to_ascii_lowercase();
    match (name.as_str(), values.as_slice()) {
        ("all", _) => {
            let at = values.first().map_or(provider.span, |value| value.span);
            scope.invalid(at, "neither `granted` nor `denied`", Some("write `Require all granted`".to_owned()));
        }
        ("ip" | "expr", []) => scope.invalid(provider.span, "something must follow", None),
        // Apache takes them, and nobody gets in.
        ("method" | "host" | "user" | "group" | "env", []) => {
            let found = INVALID_VALUE.at(provider.span, "something must follow");
            let found = found.says("a requirement names nobody").graded(Severity::Warning);
            scope.report.push(found);
            scope.settings().require.push(Spanned::new(Require::Unprovable(name), span));
        }
        ("ip", _) => {
            let wrong = values.iter().find(|value| network(&value.value).is_none()).unwrap_or(&provider);
            scope.invalid(wrong.span, "not an address or network", None);
        }
        ("not", [inner, ..]) => match inner.value.to_ascii_lowercase().as_str() {
            "all" | "ip" => scope.invalid(inner.span, "cannot be read", None),
            _ => {
                scope.unsupported(span, "counts against every client in wsgi-serve", Severity::Error);
                let required = Require::Not(Box::new(Require::Unprovable(words[1..].join(" "))));
                scope.settings().require.push(Spanned::new(required, span));
            }
        },
        _ => {
            scope.unsupported(span, "never met by wsgi-serve", Severity::Error);
            let required = Require::Unprovable(words.join(" "));
            scope.settings().require.push(Spanned::new(required, span));
        }
    }
}

/// What the words of a `Require` ask for, if it is something that our runtime can judge.
pub(crate) fn read_requirement(words: &[&str]) -> Option<Require> {
    let (provider, values) = words.split_first()?;
    let names = || values.iter().map(|value| (*value).to_owned()).collect();
    match (provider.to_ascii_lowercase().as_str(), values) {
        ("not", [_, ..]) => read_requirement(values).map(|inner| Require::Not(Box::new(inner))),
        ("valid-user", _) => Some(Require::ValidUser),
        ("user", [_, ..]) => Some(Require::User(names())),
        ("group", [_, ..]) => Some(Require::Group(names())),
        ("wsgi-group", _) => Some(Require::WsgiGroup(names())),
        ("all", [value]) if value.eq_ignore_ascii_case("granted") => Some(Require::AllGranted),
        ("all", [value]) if value.eq_ignore_ascii_case("denied") => Some(Require::AllDenied),
        ("local", []) => Some(Require::Local),
        ("method", [_, ..]) => Some(Require::Method(names())),
        ("ip", [_, ..]) => values.iter().map(|value| network(value)).collect::<Option<_>>().map(Require::Ip),
        _ => None,
    }
}

fn peers(args: &mut Args, scope: &mut Scope) -> Vec<Spanned<Peer>> {
    let mut peers = Vec::new();
    for word in args.many::<String>("host") {
        let Some(peer) = read_peer(&word.value) else {
            // What has a colon, a slash, or nothing but digits and dots, is no name to Apache.
            let is_address = |letter: char| letter.is_ascii_digit() || letter == '.';
            if word.value.contains(['/', ':']) || word.value.chars().all(is_address) {
                scope.invalid(word.span, "not an address or network", None);
            } else {
                scope.unsupported(word.span, "host names are not looked up", Severity::Error);
                peers.push(Spanned::new(Peer::Named(word.value), word.span));
            }
            continue;
        };
        peers.push(Spanned::new(peer, word.span));
    }
    peers
}

/// Of whom a word behind `Allow from` or `Deny from` speaks; a host name is `None`.
pub(crate) fn read_peer(text: &str) -> Option<Peer> {
    if text.eq_ignore_ascii_case("all") {
        return Some(Peer::All);
    }
    match text.get(..4).filter(|start| start.eq_ignore_ascii_case("env=")).map(|_| &text[4..]) {
        Some(name) => Some(Peer::Variable(name.trim_start_matches('!').to_owned(), !name.starts_with('!'))),
        None => network(text).map(Peer::Network),
    }
}

/// `10.1`, `10.1.2.3`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`. As to Apache, IPv4 in the clothes of IPv6, a part of an
/// address with a mask, and a network of everybody are none.
pub(super) fn network(text: &str) -> Option<Network> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let (address, written_bits) = match address.parse::<IpAddr>() {
        Ok(address @ IpAddr::V4(_)) => (address, 32),
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => return None,
        Ok(address @ IpAddr::V6(_)) => (address, 128),
        Err(_) if mask.is_some() => return None,
        Err(_) => partial(address)?,
    };
    let bits = match mask {
        None => written_bits,
        Some(mask) => match mask.parse::<u8>() {
            Ok(bits) if bits > 0 && bits <= if address.is_ipv4() { 32 } else { 128 } => bits,
            Ok(_) => return None,
            Err(_) => {
                let mask = u32::from(mask.parse::<Ipv4Addr>().ok()?);
                (mask.leading_ones() + mask.trailing_zeros() >= 32).then_some(mask.leading_ones() as u8)?
            }
        },
    };
    Some(Network { address, bits })
}

/// The first numbers of an IPv4 address, in decimal whatever zeros they begin with.
fn partial(text: &str) -> Option<(IpAddr, u8)> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut octets = [0; 4];
    let mut count = 0;
    for part in text.split('.') {
        *octets.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    Some((IpAddr::from(octets), count as u8 * 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_in_apache() {
        let read = |text| network(text).map(|network| format!("{}/{}", network.address, network.bits));
        for (text, expected) in [
            ("10.1", Some("10.1.0.0/16")),
            ("10.", Some("10.0.0.0/8")),
            ("10.1.2.3", Some("10.1.2.3/32")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.0.0.0/255.0.0.0", Some("10.0.0.0/8")),
            ("10.0.0.0/255.0.255.0", None),
            ("10.0.0.0/33", None),
            ("10.1/16", None),
            ("0.0.0.0/0", None),
            ("::/0", None),
            ("::ffff:10.0.0.1", None),
            ("::FFFF:a00:0/104", None),
            ("::1", Some("::1/128")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("localhost", None),
            ("10.0.0.0.0", None),
            ("010.1.2.3", Some("10.1.2.3/32")),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
