//! Which host answers: by the local address first, then by name among the hosts of that address
//! (Apache, "An In-Depth Discussion of Virtual Host Matching").

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use crate::plan::Host;

/// The addresses and names of all hosts.
#[derive(Debug)]
pub(super) struct Hosts {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// `None` is any address or port.
    addresses: Vec<(Option<IpAddr>, Option<u16>)>,
    name: Option<String>,
    aliases: Vec<String>,
}

impl Hosts {
    /// Looks up the names among the addresses. A name that cannot be resolved leaves its address out, as in Apache.
    pub(super) fn new(hosts: &[Host]) -> Self {
        let entries = hosts.iter().map(|host| Entry {
            addresses: host.addresses.iter().flat_map(resolved).collect(),
            name: host.server_name.clone(),
            aliases: host.server_aliases.clone(),
        });
        Self { entries: entries.collect() }
    }

    /// The hosts that may answer on a local address, in file order; the main server if no virtual host claims it.
    pub(super) fn for_address(&self, local: SocketAddr) -> Vec<usize> {
        let ip = local.ip().to_canonical();
        let sets = [(Some(ip), Some(local.port())), (Some(ip), None), (None, Some(local.port())), (None, None)];
        for wanted in sets {
            let claims = |index: &usize| self.entries[*index].addresses.contains(&wanted);
            let found: Vec<usize> = (1..self.entries.len()).filter(claims).collect();
            if !found.is_empty() {
                return found;
            }
        }
        vec![0]
    }

    /// The host among `candidates` for a name in lower case without port: the first that matches, else the first.
    pub(super) fn by_name(&self, candidates: &[usize], name: &str) -> usize {
        let matching = |index: &&usize| candidates.len() > 1 && self.entries[**index].is_called(name);
        candidates.iter().find(matching).or(candidates.first()).copied().unwrap_or(0)
    }
}

impl Entry {
    fn is_called(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
            || self.aliases.iter().any(|alias| wildcard(alias.as_bytes(), name.as_bytes()))
    }
}

fn resolved(address: &crate::plan::HostAddress) -> Vec<(Option<IpAddr>, Option<u16>)> {
    let Some(text) = &address.address else { return vec![(None, address.port)] };
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return vec![(Some(ip.to_canonical()), address.port)];
    }
    let found = (text.as_str(), 0).to_socket_addrs().into_iter().flatten();
    found.map(|socket| (Some(socket.ip().to_canonical()), address.port)).collect()
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
    use super::wildcard;

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
