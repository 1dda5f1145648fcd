//! Which host answers: by the local address first, then by name among the hosts of that address
//! (Apache, "An In-Depth Discussion of Virtual Host Matching").

use std::net::{IpAddr, SocketAddr};

use crate::plan::HostAddress;

/// The addresses and names of all hosts.
#[derive(Debug)]
pub struct Hosts {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// `None` is any address or port.
    addresses: Vec<(Option<IpAddr>, Option<u16>)>,
    name: Option<String>,
    aliases: Vec<String>,
}

/// Of which kind of `<VirtualHost>` address the hosts are that may answer on a local address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// That very address and port.
    AddressAndPort,
    /// That address, any port.
    Address,
    /// Any address, that port.
    Port,
    /// Any address and port.
    Any,
    /// None claims it: the main server answers.
    Main,
}

/// Why a host was chosen among those of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// It is the only one: its name does not count.
    Only,
    /// By its `ServerName`.
    Name,
    /// By the `ServerAlias` of this number.
    Alias(usize),
    /// None has the name: it is the first.
    First,
}

impl Hosts {
    /// Of each host its addresses, its name and its aliases. `look_up` gives the addresses of a host name among the addresses; one
    /// without any is left out, as in Apache.
    pub fn new<'a>(
        hosts: impl Iterator<Item = (Vec<&'a HostAddress>, Option<&'a str>, Vec<&'a str>)>,
        look_up: impl Fn(&str) -> Vec<IpAddr>,
    ) -> Self {
        let entries = hosts.map(|(addresses, name, aliases)| Entry {
            addresses: addresses.into_iter().flat_map(|address| resolved(address, &look_up)).collect(),
            name: name.map(str::to_owned),
            aliases: aliases.into_iter().map(str::to_owned).collect(),
        });
        Self { entries: entries.collect() }
    }

    /// The hosts that may answer on a local address, in file order; the main server if no virtual host claims it.
    #[must_use]
    pub fn for_address(&self, local: SocketAddr) -> (Vec<usize>, Claim) {
        let (ip, port) = (Some(local.ip().to_canonical()), Some(local.port()));
        let sets = [
            ((ip, port), Claim::AddressAndPort),
            ((ip, None), Claim::Address),
            ((None, port), Claim::Port),
            ((None, None), Claim::Any),
        ];
        for (wanted, claim) in sets {
            let claims = |index: &usize| self.entries[*index].addresses.contains(&wanted);
            let found: Vec<usize> = (1..self.entries.len()).filter(claims).collect();
            if !found.is_empty() {
                return (found, claim);
            }
        }
        (vec![0], Claim::Main)
    }

    /// The host among `candidates` for a name in lower case without port: the first that matches, else the first.
    #[must_use]
    pub fn by_name(&self, candidates: &[usize], name: &str) -> (usize, Named) {
        let first = candidates.first().copied().unwrap_or(0);
        if candidates.len() < 2 {
            return (first, Named::Only);
        }
        let called = |index: &usize| self.entries[*index].is_called(name).map(|why| (*index, why));
        candidates.iter().find_map(called).unwrap_or((first, Named::First))
    }
}

impl Entry {
    fn is_called(&self, name: &str) -> Option<Named> {
        if self.name.as_deref() == Some(name) {
            return Some(Named::Name);
        }
        self.aliases.iter().position(|alias| wildcard(alias.as_bytes(), name.as_bytes())).map(Named::Alias)
    }
}

fn resolved(address: &HostAddress, look_up: &impl Fn(&str) -> Vec<IpAddr>) -> Vec<(Option<IpAddr>, Option<u16>)> {
    let Some(text) = &address.address else { return vec![(None, address.port)] };
    let found = match text.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => look_up(text),
    };
    found.into_iter().map(|ip| (Some(ip.to_canonical()), address.port)).collect()
}

/// Name and port of a `Host` field; the brackets of an IPv6 address belong to the name.
#[must_use]
pub fn split_authority(text: &str) -> (&str, Option<&str>) {
    // From the end, where the port is: one pass over few bytes, for each request.
    match text.bytes().rposition(|byte| matches!(byte, b':' | b']')) {
        Some(at) if text.as_bytes()[at] == b':' => (&text[..at], Some(&text[at + 1..])),
        _ => (text, None),
    }
}

/// Whether a text may be a `Host` field.
#[must_use]
pub fn is_authority(text: &str) -> bool {
    let (name, port) = split_authority(text);
    let name_fits =
        !name.is_empty() && name.bytes().all(is_name_byte) && (name.starts_with('[') == name.ends_with(']'));
    let port_fits = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
    });
    name_fits && port_fits
}

fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES[usize::from(byte)]
}

static NAME_BYTES: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        bytes[byte] = may_name(byte as u8);
        byte += 1;
    }
    bytes
};

const fn may_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%' | b':' | b'[' | b']' | b'!' | b'$')
        || matches!(byte, b'&'..=b'+' | b';' | b'=')
}

/// The name by which a host is looked for: without port and trailing dot, in lower case.
#[must_use]
pub fn requested_name(authority: &str) -> String {
    split_authority(authority).0.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a `ServerAlias` with `*` or `?` covers a name, both in lower case.
#[must_use]
pub fn alias_covers(pattern: &str, name: &str) -> bool {
    wildcard(pattern.as_bytes(), name.as_bytes())
}

/// `*` is any text, `?` any one character (`ap_strcasecmp_match`; both sides are in lower case already).
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    // The place to go back to: behind the last star, and how much text that star has taken.
    let (mut at, mut taken, mut star) = (0, 0, None);
    while taken < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, taken));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[taken] => {
                at += 1;
                taken += 1;
            }
            _ => match &mut star {
                Some((behind, from)) => {
                    *from += 1;
                    (at, taken) = (*behind, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{split_authority, wildcard};

    #[test]
    fn the_port_follows_the_last_colon_outside_brackets() {
        assert_eq!(split_authority("example.org:8080"), ("example.org", Some("8080")));
        assert_eq!(split_authority("example.org"), ("example.org", None));
        assert_eq!(split_authority("[::1]:8080"), ("[::1]", Some("8080")));
        assert_eq!(split_authority("[::1]"), ("[::1]", None));
    }

    #[test]
    fn a_server_alias_may_hold_stars() {
        for (pattern, name, expected) in [
            ("a.example", "a.example", true),
            ("*.example", "www.shop.example", true),
            ("*.example", "example", false),
            ("w?w.*", "www.example", true),
            ("*a*b", "xaybzb", true),
            ("*a*b", "xaybz", false),
        ] {
            assert_eq!(wildcard(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
