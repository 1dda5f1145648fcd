//! What mod_wsgi knows in `%{…}`.

/// A token and what it stands for.
pub(super) struct Token {
    pub(super) name: &'static str,
    pub(super) process_group: &'static str,
    pub(super) application_group: &'static str,
}

pub(super) const TOKENS: [Token; 5] = [
    Token {
        name: "%{GLOBAL}",
        process_group: "Embedded mode: the application runs in the processes of the web server.",
        application_group: "The main interpreter of the process, which C extensions without support for sub-interpreters need.",
    },
    Token {
        name: "%{SERVER}",
        process_group: "The ServerName of the virtual host, with `:PORT` unless the port is 80 or 443.",
        application_group: "The ServerName of the virtual host, with `:PORT` unless the port is 80 or 443.",
    },
    Token {
        name: "%{HOST}",
        process_group: "The host that the request names, in lower case, with `:PORT` unless the port is 80 or 443.",
        application_group: "The host that the request names, in lower case, with `:PORT` unless the port is 80 or 443. \
                            Each name that clients make up gets an interpreter of its own.",
    },
    Token {
        name: "%{RESOURCE}",
        process_group: "As `%{SERVER}`, then `|` and the mount point.",
        application_group: "As `%{SERVER}`, then `|` and the mount point: each application has an interpreter of its own. \
                            This is the default.",
    },
    Token {
        name: "%{ENV:NAME}",
        process_group: "The variable NAME: of the request, as SetEnv and RewriteRule set it, or of the process.",
        application_group: "The variable NAME: of the request, as SetEnv and RewriteRule set it, or of the process.",
    },
];

/// The token of a text such as `%{GLOBAL}` or `%{ENV:SITE}`.
pub(super) fn find(text: &str) -> Option<&'static Token> {
    TOKENS.iter().find(|token| match token.name.split_once(':') {
        Some((start, _)) => text.starts_with(start) && text[start.len()..].starts_with(':'),
        None => token.name == text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found() {
        assert_eq!(find("%{ENV:SITE}").map(|token| token.name), Some("%{ENV:NAME}"));
        assert_eq!(find("%{HOST}").map(|token| token.name), Some("%{HOST}"));
        assert!(find("%{ENVIRONMENT}").is_none() && find("%{GLOBL}").is_none());
    }
}
