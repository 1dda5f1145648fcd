//! The listener, the virtual host, and what the URL path means there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Serialize;

use super::{Answerer, Ended, Outcome, Walk};
use crate::compiler::model::Host;
use crate::compiler::source::Span;
use crate::decision::hosts::{Claim, Hosts, Named, is_authority, requested_name};
use crate::decision::path::{PathError, normalise};
use crate::plan::{HostAddress, Place};

/// The virtual host that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VirtualHost {
    /// Its index: 0 is the main server, the virtual hosts follow in file order.
    pub index: usize,
    /// Its `ServerName`, or the main server's.
    pub server_name: Option<String>,
    /// Why it was chosen.
    pub why: Why,
    /// Its opening line; `None` for the main server.
    pub place: Option<Place>,
}

/// Why a host was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// No virtual host has the address: the main server answers.
    Main,
    /// It is the only one of the address.
    Address,
    /// Its `ServerName` was asked for.
    Name,
    /// One of its `ServerAlias` was asked for.
    Alias,
    /// Several have the address and none the name: it is the first.
    Default,
}

/// An address that no configuration names (RFC 5737): the request comes in at one that only `*` covers.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 255));

impl<'a> Walk<'a> {
    /// The address and port that take the connection.
    pub(super) fn listener(&mut self) -> Result<SocketAddr, Ended> {
        let server = self.server;
        let port = self.request.port.or_else(|| server.listeners.first().map(|listen| listen.port)).unwrap_or(80);
        let address = self.request.to.or_else(|| self.address_of_name()).unwrap_or(ELSEWHERE);
        let local = SocketAddr::new(address, port);
        if server.listeners.is_empty() {
            let text = format!("no Listen in this configuration: taken as one of port {port}");
            self.step("listener", text, None);
            return Ok(local);
        }
        let takes = |listen: &&crate::compiler::model::Listen| {
            let any =
                listen.address.as_deref().is_none_or(|text| address_of(text).is_none_or(|ip| ip.is_unspecified()));
            listen.port == port
                && (any || listen.address.as_deref().and_then(address_of) == Some(address.to_canonical()))
        };
        // Where the URL does not say the address, any listener of the port may be meant.
        let of_port = || server.listeners.iter().find(|listen| listen.port == port && local.ip() == ELSEWHERE);
        let Some(listener) = server.listeners.iter().find(takes).or_else(of_port) else {
            let reason = format!("no Listen opens port {port}");
            self.step("listener", format!("{reason}: the connection is refused"), None);
            let by = Answerer::Nobody;
            return Err(Outcome { by, reason: Some(reason), ..Outcome::default() }.into());
        };
        self.decision.listener = Some(self.place(listener.span));
        let at = listener.address.as_deref().map_or_else(|| "any address".to_owned(), str::to_owned);
        self.step("listener", format!("{at}, port {port}"), Some(listener.span));
        let address = match listener.address.as_deref().and_then(address_of) {
            Some(ip) if local.ip() == ELSEWHERE && !ip.is_unspecified() => ip,
            _ => address,
        };
        Ok(SocketAddr::new(address, port))
    }

    /// The address of the virtual host that has the name: a client that asks for the name comes in there.
    fn address_of_name(&mut self) -> Option<IpAddr> {
        let name = requested_name(self.request.host.as_deref()?);
        let has_name = |host: &&Host| {
            host.server_name.as_ref().is_some_and(|known| known.value.name == name)
                || host.server_aliases.iter().any(|alias| alias.value == name)
        };
        let host = self.server.hosts.iter().skip(1).find(has_name)?;
        let written = host.addresses.first()?;
        let ip = written.value.address.as_deref().and_then(address_of)?;
        let text = format!("taken to be {ip}, the address of the virtual host of that name; `--to` says otherwise");
        self.step("local address", text, Some(written.span));
        Some(ip)
    }

    pub(super) fn virtual_host(&mut self, local: SocketAddr) -> Result<&'a Host, Ended> {
        let server = self.server;
        let main_name = server.main().server_name.as_ref();
        for (host, address) in server.hosts.iter().flat_map(|host| host.addresses.iter().map(move |one| (host, one))) {
            let text = address.value.address.as_deref();
            if text.is_some_and(|text| address_of(text).is_none()) {
                let line = format!("<VirtualHost {}>", text.unwrap_or_default());
                self.not_followed_at(line, host.span, "the host name among its addresses is not looked up");
            }
        }
        let names = server.hosts.iter().map(|host| {
            let addresses: Vec<&HostAddress> = host.addresses.iter().map(|address| &address.value).collect();
            let name = host.server_name.as_ref().or(main_name).map(|name| name.value.name.as_str());
            (addresses, name, host.server_aliases.iter().map(|alias| alias.value.as_str()).collect())
        });
        let hosts = Hosts::new(names, |_| Vec::new());
        let (candidates, claim) = hosts.for_address(local);
        let authority = self.request.host.clone().unwrap_or_default();
        let name = requested_name(&authority);
        let (index, how) = hosts.by_name(&candidates, &name);
        let host = &server.hosts[index];
        let server_name = host.server_name.as_ref().or(main_name);
        let text = why(claim, how, host, &name, candidates.len());
        let reason: Option<Span> = match how {
            Named::Name => server_name.map(|name| name.span),
            Named::Alias(alias) => host.server_aliases.get(alias).map(|alias| alias.span),
            Named::Only | Named::First => None,
        };
        let chosen = match (claim, how) {
            (Claim::Main, _) => Why::Main,
            (_, Named::Only) => Why::Address,
            (_, Named::Name) => Why::Name,
            (_, Named::Alias(_)) => Why::Alias,
            (_, Named::First) => Why::Default,
        };
        let place = (index > 0).then(|| self.place(host.span));
        let server_name = server_name.map(|name| name.value.name.clone());
        self.decision.virtual_host = Some(VirtualHost { index, server_name, why: chosen, place });
        self.step("virtual host", text, (index > 0).then_some(host.span));
        if let Some(span) = reason {
            let line = self.sources.text(span).to_owned();
            self.step("", format!("named by {line}"), Some(span));
        }
        if self.request.host.as_deref().is_some_and(|host| !is_authority(host)) {
            return Err(self.error(400, "the Host field is no host with a port", None));
        }
        Ok(host)
    }

    /// The path, decoded and normalised.
    pub(super) fn url_path(&mut self, host: &'a Host) -> Result<String, Ended> {
        let raw = self.request.path.clone();
        let special = raw.contains("//");
        for kept in self.outside(host) {
            let off = kept.word(0).is_some_and(|word| word.eq_ignore_ascii_case("off"));
            if special && (kept.is("MergeSlashes") && off) {
                self.not_followed(kept, "it changes what the path means");
            }
        }
        let slashes = host.encoded_slashes.unwrap_or_default();
        let path = normalise(&raw, slashes).map(|path| String::from_utf8_lossy(&path).into_owned());
        let path = path.map_err(|error| match error {
            PathError::Malformed => self.error(400, "the path cannot be decoded, or leads above the root", None),
            PathError::NotFound => self.error(404, "the path holds an encoded slash or NUL", None),
        })?;
        if path != raw {
            self.step("path", format!("{raw} means {path}"), None);
        }
        self.decision.url_path.clone_from(&path);
        Ok(path)
    }
}

fn why(claim: Claim, named: Named, host: &Host, name: &str, candidates: usize) -> String {
    let addresses = host.addresses.iter().map(|address| {
        let HostAddress { address, port } = &address.value;
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        format!("{}{port}", address.as_deref().unwrap_or("*"))
    });
    let title = match claim {
        Claim::Main => "the main server".to_owned(),
        _ => format!("<VirtualHost {}>", addresses.collect::<Vec<_>>().join(" ")),
    };
    let by_address = match claim {
        Claim::Main => "no virtual host has this address and port",
        Claim::AddressAndPort => "this address and port",
        Claim::Address => "this address, any port",
        Claim::Port => "any address, this port",
        Claim::Any => "any address and port",
    };
    let by_name = match named {
        Named::Only if claim == Claim::Main => String::new(),
        Named::Only => ", and the only one: its name does not count".to_owned(),
        Named::Name => format!("; its ServerName is `{name}`"),
        Named::Alias(_) => format!("; a ServerAlias of it is `{name}`"),
        Named::First if name.is_empty() => format!("; the first of {candidates}, as no name was asked for"),
        Named::First => format!("; the first of {candidates}, as none is called `{name}`"),
    };
    format!("{title}: {by_address}{by_name}")
}

fn address_of(text: &str) -> Option<IpAddr> {
    text.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}
