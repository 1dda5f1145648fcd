//! `WSGITrustedProxyHeaders` and `WSGITrustedProxies`: what a proxy says of its client takes the place of what we see ourselves, and
//! what anybody else says in the same fields is not seen at all. Proxies are known by address, never by name.

use std::net::IpAddr;

use crate::decision::hosts::is_authority;
use crate::plan::proxies::{FIELDS, Tells, field};
use crate::plan::sections::{Network, Settings};
use crate::runtime::exchange::Target;
use crate::runtime::pairs::Pairs;

const FORWARDED_FOR: &[u8] = b"HTTP_X_FORWARDED_FOR";

/// The fields that are believed somewhere, and from whom.
#[derive(Debug)]
pub(super) struct Proxies {
    /// In the order of the configuration: the last one that was sent counts.
    believed: Vec<Field>,
    /// All that tell the same as one of those.
    alike: Vec<Field>,
    /// `None` is everybody.
    trusted: Option<Vec<Network>>,
}

#[derive(Debug)]
struct Field {
    /// The variable in `environ`.
    variable: Vec<u8>,
    tells: Tells,
}

impl Field {
    fn new((name, tells): (&str, Tells)) -> Self {
        Self { variable: format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_")).into_bytes(), tells }
    }
}

/// What is believed of one request.
#[derive(Default)]
struct Believed {
    /// The variables that take the place of others.
    values: Vec<(&'static [u8], Vec<u8>)>,
    https: Option<bool>,
    /// The fields that told it; the last of those that tell the same.
    winners: Vec<(Tells, Vec<u8>)>,
}

impl Proxies {
    /// What holds where `settings` do; `None` where no field is believed.
    pub(super) fn of(settings: &Settings) -> Option<Box<Self>> {
        let named: Vec<_> = settings.proxy_headers.iter().flatten().filter_map(|name| field(name)).collect();
        let is_alike = |(_, tells): &(&str, Tells)| named.iter().any(|(_, named)| named.is_like(*tells));
        let alike = FIELDS.into_iter().filter(is_alike).map(Field::new).collect();
        let believed = named.iter().copied().map(Field::new).collect();
        let trusted = settings.trusted_proxies.clone();
        (!named.is_empty()).then(|| Box::new(Self { believed, alike, trusted }))
    }

    /// `environ` as the application gets it, and whether the URL is `https`, if a proxy says.
    pub(super) fn apply(&self, environ: &Pairs, target: &Target, peer: IpAddr) -> (Pairs, Option<bool>) {
        let mut believed = Believed::default();
        if self.trusts(peer) {
            for field in &self.believed {
                let sent = environ.iter().find(|(name, _)| *name == field.variable);
                if let Some((_, value)) = sent {
                    self.believe(field, value.trim_ascii(), &mut believed);
                }
            }
        }
        if let Some((_, name)) = believed.values.iter().rfind(|(name, _)| *name == b"SCRIPT_NAME") {
            let name = name.clone();
            let of_target = target.environ.iter().chain(environ.iter());
            let before = of_target.filter(|(name, _)| *name == b"SCRIPT_NAME").last();
            let before = before.map(|(_, value)| value.to_vec()).unwrap_or_default();
            believed.values.push((b"mod_wsgi.mount_point", name));
            believed.values.push((b"mod_wsgi.script_name", before));
        }
        (self.rewritten(environ, &believed), believed.https)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.as_ref().is_none_or(|trusted| trusted.iter().any(|network| network.contains(address)))
    }

    /// Takes over what a field says, if it can be true.
    fn believe(&self, field: &Field, value: &[u8], believed: &mut Believed) {
        let set = |believed: &mut Believed, name, value: &[u8]| believed.values.push((name, value.to_vec()));
        let text = std::str::from_utf8(value).unwrap_or_default();
        match field.tells {
            Tells::Client if field.variable == FORWARDED_FOR => {
                let Some((address, chain)) = self.client(text) else { return };
                set(believed, b"REMOTE_ADDR", address.as_bytes());
                set(believed, FORWARDED_FOR, chain.as_bytes());
            }
            Tells::Client => match address(text) {
                Some((address, _)) => set(believed, b"REMOTE_ADDR", address.as_bytes()),
                None => return,
            },
            Tells::Host if is_authority(text) => set(believed, b"HTTP_HOST", value),
            Tells::ServerName if is_authority(text) => set(believed, b"SERVER_NAME", value),
            Tells::ServerPort if is_port(text) => set(believed, b"SERVER_PORT", value),
            Tells::ScriptName if value.is_empty() || value.starts_with(b"/") => {
                set(believed, b"SCRIPT_NAME", value);
            }
            Tells::Scheme => believed.https = scheme(text).or(believed.https),
            Tells::Encrypted => believed.https = flag(text).or(believed.https),
            Tells::Host | Tells::ServerName | Tells::ServerPort | Tells::ScriptName => return,
        }
        believed.winners.retain(|(tells, _)| !tells.is_like(field.tells));
        believed.winners.push((field.tells, field.variable.clone()));
    }

    /// The client in `X-Forwarded-For`, and the field from there on: the last entry that no proxy of ours has added, or the first of all if
    /// they all are proxies of ours. Where everybody is trusted it is the first.
    fn client<'t>(&self, text: &'t str) -> Option<(&'t str, String)> {
        let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        let Some(trusted) = &self.trusted else {
            return Some((address(entries.first()?)?.0, text.to_owned()));
        };
        let is_trusted = |entry: &&str| {
            address(entry).is_some_and(|(_, address)| trusted.iter().any(|network| network.contains(address)))
        };
        let proxies = entries.iter().rev().take_while(|entry| is_trusted(entry)).count();
        let chosen = (entries.len() - proxies).saturating_sub(1);
        let (address, _) = address(entries.get(chosen)?)?;
        Some((address, entries[chosen..].join(", ")))
    }

    /// The entries of a request, without the fields that tell what others are believed about.
    fn rewritten(&self, environ: &Pairs, believed: &Believed) -> Pairs {
        let value_of = |name: &[u8]| believed.values.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value);
        let is_hidden = |name: &[u8]| {
            let alike = self.alike.iter().any(|field| field.variable == name);
            alike && !believed.winners.iter().any(|(_, winner)| winner == name)
        };
        let mut rewritten = Pairs::with_capacity(environ.as_bytes().len() + 64);
        for (name, value) in environ.iter().filter(|(name, _)| !is_hidden(name)) {
            rewritten.push(name, value_of(name).map_or(value, Vec::as_slice));
        }
        for (name, value) in &believed.values {
            // What a target has for all its requests, and what a field alone brings.
            if !is_hidden(name) && !environ.iter().any(|(known, _)| known == *name) {
                rewritten.push(name, value);
            }
        }
        rewritten
    }
}

/// An address as it is written, without its port.
fn address(text: &str) -> Option<(&str, IpAddr)> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => {
            rest.split_once(']').filter(|(_, rest)| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port))?.0
        }
        None => text.split_once(':').filter(|(_, port)| is_port(port)).map_or(text, |(address, _)| address),
    };
    Some((bare, bare.parse().ok()?))
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn scheme(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "1" => Some(true),
        "off" | "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies(headers: &[&str], trusted: Option<&[(&str, u8)]>) -> Proxies {
        let network = |(address, bits): &(&str, u8)| Network { address: address.parse().unwrap(), bits: *bits };
        let settings = Settings {
            proxy_headers: Some(headers.iter().map(|name| (*name).to_owned()).collect()),
            trusted_proxies: trusted.map(|trusted| trusted.iter().map(network).collect()),
            ..Settings::default()
        };
        *Proxies::of(&settings).unwrap()
    }

    #[test]
    fn the_client_is_the_last_that_no_proxy_added() {
        let ours = proxies(&["X-Forwarded-For"], Some(&[("10.0.0.0", 8), ("::1", 128)]));
        let client = |text| ours.client(text).map(|(address, chain)| (address.to_owned(), chain));
        let found = |address: &str, chain: &str| Some((address.to_owned(), chain.to_owned()));
        for (text, expected) in [
            ("1.2.3.4", found("1.2.3.4", "1.2.3.4")),
            ("1.2.3.4, 5.6.7.8", found("5.6.7.8", "5.6.7.8")),
            ("1.2.3.4 ,, 10.0.0.1 ", found("1.2.3.4", "1.2.3.4, 10.0.0.1")),
            ("9.9.9.9, 1.2.3.4, ::ffff:10.0.0.1, ::1", found("1.2.3.4", "1.2.3.4, ::ffff:10.0.0.1, ::1")),
            ("10.0.0.2, 10.0.0.1", found("10.0.0.2", "10.0.0.2, 10.0.0.1")),
            ("1.2.3.4:99, 10.0.0.1:80", found("1.2.3.4", "1.2.3.4:99, 10.0.0.1:80")),
            ("[2001:db8::1]:80, [::1]", found("2001:db8::1", "[2001:db8::1]:80, [::1]")),
            ("9.9.9.9, localhost", None),
            ("1.2.3.4, junk, 10.0.0.1", None),
            ("1.2.3", None),
            ("_hidden", None),
            ("", None),
            (",", None),
        ] {
            assert_eq!(client(text), expected, "{text}");
        }
        let everybody = proxies(&["X-Forwarded-For"], None);
        assert_eq!(everybody.client("1.2.3.4, junk").map(|(address, _)| address), Some("1.2.3.4"));
        assert_eq!(everybody.client("junk, 1.2.3.4"), None);
    }

    #[test]
    fn addresses_may_have_ports() {
        let bare = |text| address(text).map(|(bare, _)| bare);
        for (text, expected) in [
            ("1.2.3.4", Some("1.2.3.4")),
            ("1.2.3.4:80", Some("1.2.3.4")),
            ("::1", Some("::1")),
            ("[::1]", Some("::1")),
            ("[::1]:80", Some("::1")),
            ("[::1]x80", None),
            ("[::1]80", None),
            ("1.2.3.4:", None),
            ("1.2.3.4:99999", None),
            ("localhost", None),
        ] {
            assert_eq!(bare(text), expected, "{text}");
        }
    }

    fn nowhere() -> Target {
        Target {
            script: Vec::new(),
            process_group: String::new(),
            application_group: String::new(),
            callable_object: String::new(),
            script_reloading: false,
            ignores_activity: false,
            multithread: false,
            multiprocess: false,
            environ: Pairs::default(),
        }
    }

    fn entry() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<IpAddr>().prop_map(|address| address.to_string()),
            any::<std::net::SocketAddr>().prop_map(|address| address.to_string()),
            (0..=255u8).prop_map(|last| format!("10.0.0.{last}")),
            "[ -~]{0,12}",
            "[0-9a-f.:\\[\\]]{0,20}",
        ]
    }

    proptest! {
        /// Whatever stands before it, the client is the last entry that no proxy of ours has added, and an address.
        #[test]
        fn no_client_chooses_its_address(sent in prop::collection::vec(entry(), 0..6), client in any::<IpAddr>(), ours in 0..3usize) {
            let trusted = Network { address: "10.0.0.0".parse().unwrap(), bits: 8 };
            prop_assume!(!trusted.contains(client));
            let proxies = proxies(&["X-Forwarded-For"], Some(&[("10.0.0.0", 8)]));
            let text = sent.into_iter().chain([client.to_string()]).chain(vec!["10.0.0.1".into(); ours]).collect::<Vec<_>>().join(", ");
            let (found, chain) = proxies.client(&text).expect("the last entry is an address");
            prop_assert_eq!(found.parse::<IpAddr>(), Ok(client));
            prop_assert!(text.ends_with(&chain) && chain.starts_with(found));
        }

        /// Values of any bytes in the fields that are believed.
        #[test]
        fn what_is_believed_can_be_true(
            fields in prop::collection::vec((0..FIELDS.len(), prop_oneof![any::<Vec<u8>>(), entry().prop_map(String::into_bytes)]), 0..8),
            named in prop::collection::vec(0..FIELDS.len(), 1..5),
        ) {
            let named: Vec<_> = named.into_iter().map(|at| FIELDS[at].0).collect();
            let proxies = proxies(&named, None);
            let mut environ = Pairs::default();
            for name in ["REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME", "HTTP_HOST"] {
                environ.push(name, "before");
            }
            for (at, value) in fields {
                environ.push(Field::new(FIELDS[at]).variable, value);
            }
            let (seen, _) = proxies.apply(&environ, &nowhere(), IpAddr::from([127, 0, 0, 1]));
            for (name, value) in seen.iter().filter(|(_, value)| *value != b"before") {
                let text = std::str::from_utf8(value);
                match name {
                    b"REMOTE_ADDR" => prop_assert!(text.unwrap().parse::<IpAddr>().is_ok()),
                    b"SERVER_PORT" => prop_assert!(text.unwrap().parse::<u16>().is_ok()),
                    b"SERVER_NAME" => prop_assert!(is_authority(text.unwrap())),
                    b"SCRIPT_NAME" => prop_assert!(value.is_empty() || value[0] == b'/'),
                    _ => {}
                }
            }
        }
    }
}
