//! Regular expressions: whether they can be read. None is made ready to run, which takes ten times as long and, for a few
//! characters of `{1000}`, as much room as it may have.

/// Reads a regular expression as our engine does; Apache's knows more.
///
/// # Errors
/// With what is wrong with it.
pub(crate) fn read_regex(pattern: &str) -> Result<(), String> {
    if pattern.bytes().all(stands_for_itself) {
        return Ok(());
    }
    let Err(error) = regex_syntax::Parser::new().parse(pattern) else { return Ok(()) };
    let error = error.to_string();
    Err(error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
}

/// Most expressions are prefixes and suffixes.
fn stands_for_itself(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"^$./-_ %=:;,@~!\"'<>&".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_unread_can_be_read(pattern in r#"[a-c0^$./_ %=:;,@~!"'<>&-]{0,8}"#) {
            prop_assert!(pattern.bytes().all(stands_for_itself));
            prop_assert!(regex::Regex::new(&pattern).is_ok());
        }

        #[test]
        fn what_cannot_be_read_cannot_be_run(pattern in r"[ab\\(\[{*+?|^)\]},1-]{0,8}") {
            prop_assert_eq!(read_regex(&pattern).is_ok(), regex::Regex::new(&pattern).is_ok());
        }
    }
}
