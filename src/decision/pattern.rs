//! Regular expressions, run by the engine that Apache uses: PCRE2, on bytes.

use std::fmt;

use pcre2::bytes::{Captures, Regex, RegexBuilder};

use super::end_of_text;

/// An expression that is ready to be compared.
pub struct Pattern(Regex);

impl Pattern {
    /// Reads an expression.
    ///
    /// # Errors
    /// What Apache would say of it.
    pub fn new(text: &str) -> Result<Self, String> {
        // As Apache reads them: `.` matches a newline too, and `$` the very end alone.
        RegexBuilder::new().dotall(true).build(&end_of_text::alone(text)).map(Self).map_err(|error| {
            // `PCRE2: error compiling pattern at offset 7: missing closing parenthesis`
            let text = error.to_string();
            text.rsplit_once(": ").map_or(text.clone(), |(_, reason)| reason.to_owned())
        })
    }

    /// Whether it matches anywhere in a text. Where the engine gives up, as Apache's does, it does not.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }

    /// What its groups match. Where the engine gives up there is no match.
    #[must_use]
    pub fn captures<'a>(&self, text: &'a [u8]) -> Option<Captures<'a>> {
        self.0.captures(text).ok().flatten()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_apache_knows() {
        let ahead = Pattern::new("^/(site)(?=/|$)").unwrap();
        assert!(ahead.is_match(b"/site/x") && ahead.is_match(b"/site") && !ahead.is_match(b"/sites"));
        assert!(Pattern::new(r"^/(a|b)/\1$").unwrap().is_match(b"/a/a"));
        assert!(Pattern::new("^/(?!static).").unwrap().is_match(b"/\xff"));
        assert!(Pattern::new("(").is_err());
    }

    #[test]
    fn the_end_is_the_very_end() {
        assert!(!Pattern::new("^/admin$").unwrap().is_match(b"/admin\n"));
        assert!(Pattern::new("(?m)^/admin$").unwrap().is_match(b"/admin\nx"));
        // What is read wrongly either way is said of what was written.
        assert!(Pattern::new("[a$").is_err() && Pattern::new("a$)").is_err() && Pattern::new("a\\").is_err());
    }

    #[test]
    fn an_expression_that_never_ends_does_not_match() {
        assert!(!Pattern::new("^(a+)+$").unwrap().is_match(&[b"a".repeat(40), b"b".to_vec()].concat()));
    }

    proptest! {
        #[test]
        fn only_what_ends_in_a_newline_is_matched_otherwise(
            parts in prop::collection::vec(prop::sample::select(PARTS), 1..9),
            text in "[ab$\\n\\]]{0,4}[ab$\\]]",
        ) {
            let pattern = parts.concat();
            let plain = RegexBuilder::new().dotall(true).build(&pattern);
            let ours = Pattern::new(&pattern);
            prop_assert_eq!(plain.is_ok(), ours.is_ok(), "{}", pattern);
            if let (Ok(plain), Ok(ours)) = (plain, ours) {
                prop_assert_eq!(plain.is_match(text.as_bytes()).unwrap_or(false), ours.is_match(text.as_bytes()), "{}", pattern);
            }
        }
    }

    const PARTS: &[&str] = &[
        "$",
        "a",
        "b",
        "\n",
        ".",
        "\\",
        "\\$",
        "\\Q",
        "\\E",
        "\\c",
        "[",
        "]",
        "[^",
        "[:",
        ":]",
        "[[:alpha:]",
        "^",
        "-",
        "(",
        ")",
        "(?m)",
        "(?-m)",
        "(?x)",
        "(?m:",
        "(?:",
        "(?=",
        "(?#",
        "(?^)",
        "#",
        "|",
        "*",
        "?",
    ];
}
