//! Who may see what: `Require`, and the `Order`, `Allow`, `Deny` of Apache 2.2.

use std::net::{IpAddr, Ipv4Addr};

use super::{Args, Context, Effect, Kind, Scope, Spec, arg};
use crate::compiler::diagnostic::Severity;
use crate::compiler::source::Spanned;
use crate::plan::sections::{Network, Order, Peer, Require};
use Context::{Directory, Htaccess};

const BASE: Spec = Spec {
    name: "",
    summary: "",
    contexts: &[Directory, Htaccess],
    args: &[],
    options: &[],
    default: None,
    example: "",
    explain: "",
    effect: Effect::Expand,
};

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
            scope.settings().order = Some(order);
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
    let name = provider.value.to_ascii_lowercase();
    let required = match (name.as_str(), values.as_slice()) {
        ("all", [value]) if value.value.eq_ignore_ascii_case("granted") => Require::AllGranted,
        ("all", [value]) if value.value.eq_ignore_ascii_case("denied") => Require::AllDenied,
        ("all", _) => {
            let at = values.first().map_or(provider.span, |value| value.span);
            scope.invalid(at, "neither `granted` nor `denied`", Some("write `Require all granted`".to_owned()));
            return;
        }
        ("local", []) => Require::Local,
        ("method", [_, ..]) => Require::Method(values.into_iter().map(|value| value.value).collect()),
        ("ip", [_, ..]) => {
            let Some(networks) = networks(&values, scope) else { return };
            Require::Ip(networks)
        }
        ("ip" | "method" | "host" | "user" | "group" | "env" | "expr", []) => {
            scope.invalid(provider.span, "something must follow", None);
            return;
        }
        _ => {
            scope.unsupported(span, "never met by wsgi-serve", Severity::Error);
            let all = std::iter::once(&provider).chain(&values).map(|word| word.value.as_str());
            Require::Unprovable(all.collect::<Vec<_>>().join(" "))
        }
    };
    scope.settings().require.push(Spanned::new(required, span));
}

fn networks(values: &[Spanned<String>], scope: &mut Scope) -> Option<Vec<Network>> {
    let mut networks = Vec::new();
    for value in values {
        let Some(network) = network(&value.value) else {
            scope.invalid(value.span, "not an address or network", None);
            return None;
        };
        networks.push(network);
    }
    Some(networks)
}

fn peers(args: &mut Args, scope: &mut Scope) -> Vec<Spanned<Peer>> {
    let mut peers = Vec::new();
    for word in args.many::<String>("host") {
        let text = word.value.as_str();
        let variable = text.get(..4).filter(|start| start.eq_ignore_ascii_case("env=")).map(|_| &text[4..]);
        let peer = if text.eq_ignore_ascii_case("all") {
            Peer::All
        } else if let Some(name) = variable {
            Peer::Variable(name.trim_start_matches('!').to_owned(), !name.starts_with('!'))
        } else if let Some(network) = network(text) {
            Peer::Network(network)
        } else if text.contains('/') {
            scope.invalid(word.span, "not an address or network", None);
            continue;
        } else {
            scope.unsupported(word.span, "host names are not looked up", Severity::Error);
            continue;
        };
        peers.push(Spanned::new(peer, word.span));
    }
    peers
}

/// `10.1`, `10.1.2.3`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`.
pub(super) fn network(text: &str) -> Option<Network> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let (address, written_bits) = match address.parse::<IpAddr>() {
        Ok(address @ IpAddr::V4(_)) => (address, 32),
        Ok(address @ IpAddr::V6(_)) => (address, 128),
        Err(_) => partial(address)?,
    };
    let bits = match mask {
        None => written_bits,
        Some(mask) => match mask.parse::<u8>() {
            Ok(bits) if bits <= if address.is_ipv4() { 32 } else { 128 } => bits,
            Ok(_) => return None,
            Err(_) => {
                let mask = u32::from(mask.parse::<Ipv4Addr>().ok()?);
                (mask.leading_ones() + mask.trailing_zeros() >= 32).then_some(mask.leading_ones() as u8)?
            }
        },
    };
    Some(Network { address, bits })
}

/// The first one to three numbers of an IPv4 address.
fn partial(text: &str) -> Option<(IpAddr, u8)> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut octets = [0; 4];
    let mut count = 0;
    for part in text.split('.') {
        *octets.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    (count < 4).then(|| (IpAddr::from(octets), count as u8 * 8))
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
            ("::1", Some("::1/128")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("localhost", None),
            ("10.0.0.0.0", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
