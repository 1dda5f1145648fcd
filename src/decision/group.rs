//! What process groups, interpreters and callable objects are called (mod_wsgi, `WSGIProcessGroup`, `WSGIApplicationGroup`,
//! `WSGICallableObject`).

use crate::plan::ApplicationGroup;

/// What a request tells of itself, as far as names depend on it.
pub struct Asked<'a> {
    /// `ServerName`.
    pub server: &'a str,
    /// The port that belongs to it.
    pub port: u16,
    /// The host name that the client asked for, in lower case.
    pub host: &'a str,
    /// `SCRIPT_NAME`.
    pub script_name: &'a str,
    /// The value of a variable of the request, else of the process.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// The name that a value of `WSGIProcessGroup` or `WSGIApplicationGroup` stands for; empty is embedded mode, or the main
/// interpreter. A token counts only where it is the whole value. A variable may hold a token, but not another variable.
#[must_use]
pub fn expand(value: &str, asked: &Asked<'_>) -> String {
    match value {
        "%{GLOBAL}" => String::new(),
        "%{SERVER}" => with_port(asked.server, asked.port),
        "%{HOST}" => with_port(asked.host, asked.port),
        "%{RESOURCE}" => format!("{}|{}", with_port(asked.server, asked.port), asked.script_name),
        other => match variable_of(other).and_then(asked.variable) {
            None => other.to_owned(),
            Some(found) if found.starts_with('%') && variable_of(&found).is_none() => expand(&found, asked),
            Some(found) => found,
        },
    }
}

/// The name that a value of `WSGICallableObject` stands for.
#[must_use]
pub fn callable_object(value: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let named = match value {
        Some(value) if value.starts_with('%') => variable_of(value).and_then(variable),
        other => other.map(str::to_owned),
    };
    named.unwrap_or_else(|| "application".to_owned())
}

/// The name in `%{ENV:name}`.
#[must_use]
pub fn variable_of(value: &str) -> Option<&str> {
    value.strip_prefix("%{ENV:")?.strip_suffix('}')
}

/// The name of an interpreter: `WSGIApplicationGroup` as it is set.
#[must_use]
pub fn application_group(group: Option<&ApplicationGroup>, asked: &Asked<'_>) -> String {
    match group {
        Some(ApplicationGroup::Global) => String::new(),
        Some(ApplicationGroup::Named(name)) => name.clone(),
        Some(ApplicationGroup::Server) => expand("%{SERVER}", asked),
        Some(ApplicationGroup::Resource) | None => expand("%{RESOURCE}", asked),
        Some(ApplicationGroup::Token(token)) => expand(token, asked),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        let found = match name {
            "group" => "blue",
            "token" => "%{SERVER}",
            "again" => "%{ENV:group}",
            "main" => "%{GLOBAL}",
            _ => return None,
        };
        Some(found.to_owned())
    }

    #[test]
    fn tokens_stand_for_names() {
        let asked = Asked { server: "a.test", port: 8000, host: "b.test", script_name: "/shop", variable: &variable };
        for (value, expected) in [
            ("%{GLOBAL}", ""),
            ("%{SERVER}", "a.test:8000"),
            ("%{HOST}", "b.test:8000"),
            ("%{RESOURCE}", "a.test:8000|/shop"),
            ("%{ENV:group}", "blue"),
            ("%{ENV:token}", "a.test:8000"),
            ("%{ENV:main}", ""),
            ("%{ENV:again}", "%{ENV:group}"),
            ("%{ENV:unset}", "%{ENV:unset}"),
            ("%{UNKNOWN}", "%{UNKNOWN}"),
            ("x%{SERVER}", "x%{SERVER}"),
        ] {
            assert_eq!(expand(value, &asked), expected, "{value}");
        }
        assert_eq!(with_port("a.test", 443), "a.test");
    }

    #[test]
    fn a_callable_may_be_named_by_a_variable() {
        for (value, expected) in [
            (None, "application"),
            (Some("app"), "app"),
            (Some("%{ENV:group}"), "blue"),
            (Some("%{ENV:unset}"), "application"),
            (Some("%{OTHER}"), "application"),
        ] {
            assert_eq!(callable_object(value, &variable), expected, "{value:?}");
        }
    }
}
