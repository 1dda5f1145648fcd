//! Regular expressions: whether Apache can read them.

use crate::decision::pattern::Pattern;

/// Reads a regular expression as Apache's engine does.
///
/// # Errors
/// With what is wrong with it.
pub(crate) fn read_regex(pattern: &str) -> Result<(), String> {
    if pattern.bytes().all(stands_for_itself) { Ok(()) } else { Pattern::new(pattern).map(drop) }
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
            prop_assert!(Pattern::new(&pattern).is_ok());
        }
    }
}
