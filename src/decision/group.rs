//! What an interpreter is called (mod_wsgi, `WSGIApplicationGroup`).

use crate::plan::ApplicationGroup;

/// The name of an interpreter: `WSGIApplicationGroup` as it is set, for a script at a name of a server.
#[must_use]
pub fn application_group(group: Option<&ApplicationGroup>, server: &str, port: u16, script_name: &str) -> String {
    match group {
        Some(ApplicationGroup::Global) => String::new(),
        Some(ApplicationGroup::Named(name)) => name.clone(),
        Some(ApplicationGroup::Server) => with_port(server, port),
        Some(ApplicationGroup::Resource) | None => format!("{}|{script_name}", with_port(server, port)),
    }
}

/// A server, with its port unless that is HTTP's or HTTPS's own.
#[must_use]
pub fn with_port(server: &str, port: u16) -> String {
    match port {
        80 | 443 => server.to_owned(),
        port => format!("{server}:{port}"),
    }
}
