//! What the words of directives may be that do not act: a table.

use super::kind::{Kind, Wrong};
use super::languages;

/// Reads all the words of a line: which is wrong, and why.
type Line = fn(&[&str]) -> Result<(), (usize, Wrong)>;

/// Words one by one.
const WORDS: &[(&str, &[Kind])] = &[
    ("BrowserMatch", &[Kind::Regex]),
    ("BrowserMatchNoCase", &[Kind::Regex]),
    ("ErrorDocument", &[Kind::Status]),
    ("ExpiresByType", &[Kind::Text, Kind::Expires]),
    ("ExpiresDefault", &[Kind::Expires]),
    ("RewriteCond", &[Kind::AnyText, Kind::RewriteTest, Kind::ConditionFlags]),
    ("RewriteRule", &[Kind::Regex, Kind::AnyText, Kind::RewriteFlags]),
    ("SetEnvIf", &[Kind::AnyText, Kind::Regex]),
    ("SetEnvIfNoCase", &[Kind::AnyText, Kind::Regex]),
];

/// Words that depend on each other.
const LINES: &[(&str, Line)] = &[
    ("Header", languages::header),
    ("RequestHeader", languages::header),
    ("ProxyPass", languages::proxy_pass),
    ("Redirect", languages::redirect),
];

/// The words of a directive that are not what they should be, by their index.
pub(crate) fn check_values(name: &str, words: &[&str]) -> Vec<(usize, Wrong)> {
    let mut found = Vec::new();
    if let Some((_, kinds)) = WORDS.iter().find(|(known, _)| *known == name) {
        for (index, (word, kind)) in words.iter().zip(*kinds).enumerate() {
            found.extend(kind.check(word).err().map(|wrong| (index, wrong)));
        }
    }
    if let Some((_, line)) = LINES.iter().find(|(known, _)| *known == name) {
        found.extend(line(words).err());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, words: &[&str]) -> bool {
        !check_values(name, words).is_empty()
    }

    #[test]
    fn every_row_names_a_directive() {
        for name in WORDS.iter().map(|row| row.0).chain(LINES.iter().map(|row| row.0)) {
            assert_eq!(super::super::find_known(name).map(|known| known.name), Some(name));
        }
    }

    #[test]
    fn what_only_apaches_engine_knows_is_taken() {
        for good in ["^(?!/static)(.*)$", r"(a)\1", r"[\w.-]+", "[[abc]", "(?>a)", r"a\/b", "!^/x", "{2"] {
            assert!(!wrong("RewriteRule", &[good, "/b", "[R=301, L]"]), "{good}");
        }
        for bad in [r"[\w-.]+", "^(", "a)", "*a", "[ab"] {
            assert!(wrong("RewriteRule", &[bad, "/b"]), "{bad}");
        }
    }

    #[test]
    fn headers() {
        assert!(!wrong("Header", &["always", "set", "X-A", "b", "env=c"]));
        assert!(!wrong("Header", &["edit*", "Set-Cookie", "(.*)", "$1; Secure"]));
        assert!(wrong("Header", &["always", "unset"]));
    }

    #[test]
    fn expiry() {
        assert!(!wrong("ExpiresDefault", &["access plus 1 month 2 days"]));
        assert!(!wrong("ExpiresDefault", &["A3600"]));
        assert!(wrong("ExpiresDefault", &["access plus month"]));
    }
}
