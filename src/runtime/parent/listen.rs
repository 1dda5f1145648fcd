//! Binds every listener before anything else starts: a port in use stops the start, and no process is left behind.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, listen, socket_with, sockopt};

use super::StartError;
use crate::plan::{Listener, Plan};

/// Connections that the kernel keeps for us (`ListenBacklog`'s default).
const BACKLOG: i32 = 511;

/// A listening socket.
#[derive(Debug)]
pub(super) struct Bound {
    /// Index into [`Plan::listeners`].
    pub(super) listener: usize,
    /// Where it listens: the port that the system chose, where port 0 was asked for.
    pub(super) address: SocketAddr,
    pub(super) socket: OwnedFd,
}

/// Binds all.
///
/// # Errors
/// The first that cannot be bound, with the line of its `Listen`.
pub(super) fn bind_all(plan: &Plan) -> Result<Vec<Bound>, StartError> {
    let mut bound = Vec::new();
    for (index, listener) in plan.listeners.iter().enumerate() {
        let failed =
            |source| StartError::Listen { place: listener.place.clone(), address: address_text(listener), source };
        for address in addresses(listener).map_err(failed)? {
            let socket = open(address).map_err(failed)?;
            let address = local_address(&socket).unwrap_or(address);
            bound.push(Bound { listener: index, address, socket });
        }
    }
    Ok(bound)
}

fn addresses(listener: &Listener) -> io::Result<Vec<SocketAddr>> {
    match &listener.address {
        None => {
            // One socket for both families, where the machine has both.
            let any: IpAddr = if has_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
            Ok(vec![SocketAddr::new(any, listener.port)])
        }
        Some(text) => {
            let host = text.trim_matches(['[', ']']);
            let found: Vec<SocketAddr> = (host, listener.port).to_socket_addrs()?.collect();
            if found.is_empty() { Err(io::ErrorKind::AddrNotAvailable.into()) } else { Ok(found) }
        }
    }
}

fn has_ipv6() -> bool {
    open(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0)).is_ok()
}

fn open(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, !address.ip().is_unspecified())?;
    }
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}

fn local_address(socket: &OwnedFd) -> Result<SocketAddr, Errno> {
    SocketAddr::try_from(getsockname(socket)?)
}

fn address_text(listener: &Listener) -> String {
    match &listener.address {
        Some(address) => format!("{address}:{}", listener.port),
        None => format!("port {}", listener.port),
    }
}
