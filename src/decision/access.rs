//! Who may see what: `Require`, and the older `Order`, `Allow`, `Deny`. Both layers must agree (Apache, Access Control, "Mixing").

use std::net::IpAddr;

use crate::plan::sections::{Limit, Order, Peer, Require, Settings, names_method};

/// What is known of a request when its requirements are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// The address that it came to.
    pub local: IpAddr,
    /// The method.
    pub method: &'a str,
    /// The user, once it is known.
    pub user: Option<User<'a>>,
}

/// A user who has proved who they are.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    /// The name, as the client sent it.
    pub name: &'a [u8],
    /// The groups by `AuthGroupFile`; `None` while nobody has looked.
    pub groups: Option<&'a [String]>,
    /// The groups by `WSGIAuthGroupScript`; `None` while nobody has asked.
    pub script_groups: Option<&'a [String]>,
}

/// What one requirement, or several, come to (`mod_authz_core`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is met.
    Granted,
    /// It is not met.
    Denied,
    /// Nobody can tell without a user.
    NeedsUser,
    /// Nobody can tell without the user's groups by `AuthGroupFile`.
    NeedsGroups,
    /// Nobody can tell without the user's groups by `WSGIAuthGroupScript`.
    NeedsScriptGroups,
    /// It has no say.
    Neutral,
    /// It must not be met, and nobody can tell whether it is: no other requirement makes up for that.
    Unprovable,
}

/// Whether a client may have what the settings guard, where nobody is asked who they are.
#[must_use]
pub fn allowed(settings: &Settings, client: IpAddr, local: IpAddr, method: &str) -> bool {
    let asked = Asked { client, local, method, user: None };
    !settings.closed && by_require(settings, &asked) == Verdict::Granted && by_order(settings, client, method)
}

/// Where no `Require` stands for the method, all are granted; several are joined by "or".
#[must_use]
pub fn by_require(settings: &Settings, asked: &Asked<'_>) -> Verdict {
    let all = settings.require.iter().filter(|all| all.iter().any(|one| applies(one, asked.method)));
    all.map(|all| any(all, asked)).next().unwrap_or(Verdict::Granted)
}

/// Whether a requirement is one for a method: of a container, whether any that stands in it is.
fn applies(requirement: &Require, method: &str) -> bool {
    match requirement {
        Require::Limited(methods, inner) => methods.hold_for(method) && applies(inner, method),
        Require::Not(inner) => applies(inner, method),
        Require::All(all) | Require::Any(all) => all.is_empty() || all.iter().any(|one| applies(one, method)),
        _ => true,
    }
}

/// Whether a request meets one `Require` that does not ask who the client is.
#[must_use]
pub fn is_met(requirement: &Require, client: IpAddr, local: IpAddr, method: &str) -> bool {
    verdict(requirement, &Asked { client, local, method, user: None }) == Verdict::Granted
}

fn verdict(requirement: &Require, asked: &Asked<'_>) -> Verdict {
    let met = match requirement {
        Require::AllGranted => true,
        Require::AllDenied | Require::Unprovable(_) => false,
        Require::Ip(networks) => networks.iter().any(|network| network.contains(asked.client)),
        Require::Local => asked.client.to_canonical().is_loopback() || asked.client == asked.local,
        Require::Method(methods) => names_method(methods, asked.method),
        Require::Limited(_, inner) => return verdict(inner, asked),
        Require::Not(inner) => return negated(inner, asked),
        Require::All(requirements) => return all(requirements, asked),
        Require::Any(requirements) => return any(requirements, asked),
        _ => return asked.user.map_or(Verdict::NeedsUser, |user| of_user(requirement, user)),
    };
    if met { Verdict::Granted } else { Verdict::Denied }
}

fn of_user(requirement: &Require, user: User<'_>) -> Verdict {
    let one_of = |wanted: &[String], groups: &[String]| wanted.iter().any(|wanted| groups.contains(wanted));
    let met = match (requirement, user.groups, user.script_groups) {
        (Require::ValidUser, ..) => true,
        (Require::User(names), ..) => names.iter().any(|name| name.as_bytes() == user.name),
        (Require::Group(_), None, _) => return Verdict::NeedsGroups,
        (Require::WsgiGroup(_), _, None) => return Verdict::NeedsScriptGroups,
        (Require::Group(wanted), Some(groups), _) | (Require::WsgiGroup(wanted), _, Some(groups)) => {
            one_of(wanted, groups)
        }
        _ => false,
    };
    if met { Verdict::Granted } else { Verdict::Denied }
}

/// What must not be met lets nobody in when it is not.
fn negated(inner: &Require, asked: &Asked<'_>) -> Verdict {
    if is_unprovable(inner) {
        return Verdict::Unprovable;
    }
    match verdict(inner, asked) {
        Verdict::Granted => Verdict::Denied,
        Verdict::Denied | Verdict::NeedsUser | Verdict::Neutral => Verdict::Neutral,
        other => other,
    }
}

fn is_unprovable(requirement: &Require) -> bool {
    match requirement {
        Require::Unprovable(_) => true,
        Require::Not(inner) | Require::Limited(_, inner) => is_unprovable(inner),
        Require::All(all) | Require::Any(all) => all.iter().any(is_unprovable),
        _ => false,
    }
}

/// All that have a say must be met. One that is for other methods counts as met.
fn all(requirements: &[Require], asked: &Asked<'_>) -> Verdict {
    let mut together = Verdict::Neutral;
    let one = |one| if applies(one, asked.method) { verdict(one, asked) } else { Verdict::Granted };
    for found in requirements.iter().map(one) {
        match found {
            Verdict::Granted if together == Verdict::Neutral => together = found,
            Verdict::NeedsUser => together = found,
            Verdict::Granted | Verdict::Neutral => {}
            decided => return decided,
        }
    }
    together
}

/// One that has a say must be met. One that is for other methods has none.
fn any(requirements: &[Require], asked: &Asked<'_>) -> Verdict {
    let mut together = Verdict::Neutral;
    for found in requirements.iter().filter(|one| applies(one, asked.method)).map(|one| verdict(one, asked)) {
        match found {
            Verdict::Denied if together == Verdict::Neutral => together = found,
            Verdict::NeedsUser => together = found,
            Verdict::Denied | Verdict::Neutral => {}
            decided => return decided,
        }
    }
    together
}

/// `Order`, `Allow` and `Deny`.
#[must_use]
pub fn by_order(settings: &Settings, client: IpAddr, method: &str) -> bool {
    // `SetEnv` acts after access control, and what acts before it is not carried out.
    let is_set = |_: &str| false;
    let speaks = |peer: &Peer| is_peer(peer, client, is_set);
    let named = |peer: &Peer| matches!(peer, Peer::Named(_));
    let limits = || for_method(settings, method);
    let order = limits().rev().find_map(|limit| limit.order).or(settings.order).unwrap_or(Order::DenyAllow);
    let allow = settings.allow.iter().flatten().chain(limits().flat_map(|limit| &limit.allow)).any(speaks);
    let mut deny = settings.deny.iter().flatten().chain(limits().flat_map(|limit| &limit.deny));
    order_admits(order, allow, deny.any(|peer| speaks(peer) || named(peer)))
}

/// What `Satisfy` says for a method.
#[must_use]
pub fn satisfies_any(settings: &Settings, method: &str) -> bool {
    let limited = for_method(settings, method).rev().find_map(|limit| limit.satisfy_any);
    limited.or(settings.satisfy_any) == Some(true)
}

fn for_method<'a>(settings: &'a Settings, method: &'a str) -> impl DoubleEndedIterator<Item = &'a Limit> {
    settings.limits.iter().filter(move |limit| limit.methods.iter().all(|methods| methods.hold_for(method)))
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
        Peer::Named(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sections::Methods;

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
    fn requirements_are_put_together_as_in_apache() {
        use Require::{All, AllDenied, AllGranted, Any, Not, Unprovable, ValidUser};
        let not = |inner| Not(Box::new(inner));
        let user = |name: &str| Require::User(vec![name.to_owned()]);
        let joe = Some(User { name: b"joe", groups: None, script_groups: None });
        let unknown = || Unprovable("host a.test".to_owned());
        for (requirement, before, after) in [
            (Any(vec![AllDenied, ValidUser]), Verdict::NeedsUser, Verdict::Granted),
            (Any(vec![AllDenied, AllDenied]), Verdict::Denied, Verdict::Denied),
            (Any(vec![user("ann"), Require::Local]), Verdict::Granted, Verdict::Granted),
            (All(vec![ValidUser, not(user("joe"))]), Verdict::NeedsUser, Verdict::Denied),
            (All(vec![ValidUser, not(user("ann"))]), Verdict::NeedsUser, Verdict::Granted),
            (All(vec![ValidUser, AllDenied]), Verdict::Denied, Verdict::Denied),
            (All(vec![not(AllDenied)]), Verdict::Neutral, Verdict::Neutral),
            (not(Any(vec![AllDenied, AllGranted])), Verdict::Denied, Verdict::Denied),
            (All(vec![AllGranted, not(unknown())]), Verdict::Unprovable, Verdict::Unprovable),
            (All(vec![AllGranted, not(All(vec![ValidUser, unknown()]))]), Verdict::Unprovable, Verdict::Unprovable),
            (Any(vec![unknown(), AllGranted]), Verdict::Granted, Verdict::Granted),
            (Any(vec![Require::Group(vec![]), ValidUser]), Verdict::NeedsUser, Verdict::NeedsGroups),
            (Any(vec![ValidUser, Require::WsgiGroup(vec![])]), Verdict::NeedsUser, Verdict::Granted),
        ] {
            let asked = Asked { client: HERE, local: HERE, method: "GET", user: None };
            assert_eq!(verdict(&requirement, &asked), before, "{requirement:?} before");
            assert_eq!(verdict(&requirement, &Asked { user: joe, ..asked }), after, "{requirement:?} after");
        }
    }

    #[test]
    fn what_is_limited_holds_for_its_methods() {
        let methods =
            |except, names: &[&str]| Methods { except, names: names.iter().map(|&name| name.into()).collect() };
        let limited = |except, names: &[&str], inner| Require::Limited(methods(except, names), Box::new(inner));
        let granted = |require: Vec<Require>, method: &str| {
            allowed(&Settings { require: Some(require), ..Settings::default() }, HERE, HERE, method)
        };
        let writing = || limited(false, &["POST", "PUT"], Require::AllDenied);
        assert!(
            granted(vec![writing()], "GET") && granted(vec![writing()], "DELETE") && !granted(vec![writing()], "PUT")
        );
        let reading = || limited(true, &["GET"], Require::AllDenied);
        assert!(
            granted(vec![reading()], "GET") && granted(vec![reading()], "HEAD") && !granted(vec![reading()], "ODD")
        );
        // Beside others, one for other methods has no say; in `<RequireAll>` it counts as met.
        assert!(
            !granted(vec![writing(), Require::AllDenied], "GET") && granted(vec![writing(), Require::Local], "POST")
        );
        let not = |inner| Require::Not(Box::new(inner));
        assert!(granted(vec![Require::All(vec![writing(), not(Require::AllDenied)])], "GET"));
        assert!(!granted(vec![Require::All(vec![writing(), Require::Local])], "POST"));
        assert!(granted(vec![not(Require::Any(vec![limited(false, &["POST"], Require::AllGranted)]))], "GET"));
        let twice = limited(false, &["GET", "POST"], limited(true, &["POST"], Require::AllDenied));
        assert!(
            granted(vec![twice.clone()], "POST") && granted(vec![twice.clone()], "PUT") && !granted(vec![twice], "GET")
        );
    }

    #[test]
    fn order_is_one_of_each_method() {
        let limit = |names: &[&str], order, deny| Limit {
            methods: vec![Methods { except: false, names: names.iter().map(|&name| name.into()).collect() }],
            order,
            allow: vec![],
            deny,
            satisfy_any: None,
        };
        let limits = vec![limit(&["POST"], Some(Order::AllowDeny), vec![]), limit(&["PUT"], None, vec![Peer::All])];
        let settings = Settings { limits, ..Settings::default() };
        let admits = |method| by_order(&settings, HERE, method);
        assert!(admits("GET") && !admits("POST") && !admits("PUT"));
    }

    #[test]
    fn a_name_that_nobody_looks_up_lets_nobody_in() {
        let named = || Some(vec![Peer::Named("a.example".to_owned())]);
        let all = || Some(vec![Peer::All]);
        assert!(!grants(&Settings { deny: named(), ..Settings::default() }));
        assert!(grants(&Settings { deny: named(), allow: all(), ..Settings::default() }));
        let last = Some(Order::AllowDeny);
        assert!(!grants(&Settings { order: last, deny: named(), allow: all(), ..Settings::default() }));
        assert!(!grants(&Settings { order: last, allow: named(), ..Settings::default() }));
    }

    #[test]
    fn order_says_what_holds_for_the_unnamed() {
        assert!(grants(&Settings { order: Some(Order::DenyAllow), ..Settings::default() }));
        assert!(!grants(&Settings { order: Some(Order::AllowDeny), ..Settings::default() }));
    }
}
