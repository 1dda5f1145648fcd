//! Who may see what: `Require`, and the older `Order`, `Allow`, `Deny`. Both layers must agree (Apache, Access Control, "Mixing").

use std::net::IpAddr;

use crate::plan::sections::{Order, Peer, Require, Settings};

/// Whether a client may have what the settings guard.
#[must_use]
pub fn allowed(settings: &Settings, client: IpAddr, local: IpAddr, method: &str) -> bool {
    by_require(settings, client, local, method) && by_order(settings, client)
}

/// No `Require` anywhere grants; several are joined by "or".
fn by_require(settings: &Settings, client: IpAddr, local: IpAddr, method: &str) -> bool {
    let Some(requirements) = &settings.require else { return true };
    requirements.iter().any(|requirement| is_met(requirement, client, local, method))
}

/// Whether a request meets one `Require`.
#[must_use]
pub fn is_met(requirement: &Require, client: IpAddr, local: IpAddr, method: &str) -> bool {
    match requirement {
        Require::AllGranted => true,
        Require::AllDenied | Require::Unprovable(_) => false,
        Require::Ip(networks) => networks.iter().any(|network| network.contains(client)),
        Require::Local => client.to_canonical().is_loopback() || client == local,
        Require::Method(methods) => methods.iter().any(|known| known == method || (known == "GET" && method == "HEAD")),
    }
}

fn by_order(settings: &Settings, client: IpAddr) -> bool {
    if settings.order.is_none() && settings.allow.is_none() && settings.deny.is_none() {
        return true;
    }
    let is_set = |name: &str| settings.set_env.iter().any(|(known, _)| known == name);
    let listed = |peers: &Option<Vec<Peer>>| peers.iter().flatten().any(|peer| is_peer(peer, client, is_set));
    order_admits(settings.order.unwrap_or(Order::DenyAllow), listed(&settings.allow), listed(&settings.deny))
}

/// What `Order` makes of a client that `Allow` lists or not, and `Deny` lists or not.
#[must_use]
pub fn order_admits(order: Order, allow: bool, deny: bool) -> bool {
    match order {
        Order::DenyAllow => !deny || allow,
        Order::AllowDeny => allow && !deny,
    }
}

/// Whether `Allow from` or `Deny from` speaks of a client. `is_set` knows the variables of the request.
#[must_use]
pub fn is_peer(peer: &Peer, client: IpAddr, is_set: impl Fn(&str) -> bool) -> bool {
    match peer {
        Peer::All => true,
        Peer::Network(network) => network.contains(client),
        Peer::Variable(name, wanted) => is_set(name) == *wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn grants(settings: &Settings) -> bool {
        allowed(settings, HERE, HERE, "GET")
    }

    #[test]
    fn nothing_said_is_granted() {
        assert!(grants(&Settings::default()));
    }

    #[test]
    fn both_layers_must_agree() {
        let all = Some(vec![Peer::All]);
        let granted = Some(vec![Require::AllGranted]);
        let denied = Some(vec![Require::AllDenied]);
        assert!(!grants(&Settings { require: denied, allow: all.clone(), ..Settings::default() }));
        assert!(!grants(&Settings { require: granted.clone(), deny: all.clone(), ..Settings::default() }));
        assert!(grants(&Settings { require: granted, allow: all, ..Settings::default() }));
    }

    #[test]
    fn order_says_what_holds_for_the_unnamed() {
        assert!(grants(&Settings { order: Some(Order::DenyAllow), ..Settings::default() }));
        assert!(!grants(&Settings { order: Some(Order::AllowDeny), ..Settings::default() }));
    }
}
