//! Which modules take part: those that the configuration loads, or where it loads none, what a Debian loads.

use std::collections::BTreeSet;

/// What Debian switches on, with mod_wsgi: a file without `LoadModule` is a part of such a configuration.
const USUAL: [&str; 16] = [
    "access_compat",
    "alias",
    "auth_basic",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "autoindex",
    "deflate",
    "dir",
    "env",
    "mime",
    "negotiation",
    "setenvif",
    "wsgi",
];

/// The modules, by name without `mod_` and `_module`.
pub(super) struct Modules(BTreeSet<String>);

impl Modules {
    pub(super) fn new(loaded: &[String]) -> Self {
        let named = loaded.iter().map(|name| name.strip_suffix("_module").unwrap_or(name).to_owned());
        if loaded.is_empty() {
            Self(USUAL.iter().map(|name| (*name).to_owned()).collect())
        } else {
            Self(named.collect())
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}
