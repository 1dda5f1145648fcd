//! The scheme `Basic` (RFC 7617).

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

/// Padding may be missing, and bits that are left over are not looked at: Apache is as lenient.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Name and password of an `Authorization` field; `None` where it is of another scheme or no credentials.
pub(super) fn read(field: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = after_scheme(field, b"Basic")?;
    // What follows the last letter of the alphabet is not looked at.
    let end = text.iter().position(|byte| !is_letter(*byte)).unwrap_or(text.len());
    let decoded = LENIENT.decode(&text[..end]).ok()?;
    // C would read up to it, and take one user for another.
    if decoded.contains(&0) {
        return None;
    }
    let colon = decoded.iter().position(|byte| *byte == b':').unwrap_or(decoded.len());
    let password = decoded.get(colon + 1..).unwrap_or_default().to_vec();
    Some((decoded[..colon].to_vec(), password))
}

/// What follows the name of a scheme, whose case does not matter.
pub(super) fn after_scheme<'a>(field: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (name, rest) = field.split_at_checked(scheme.len())?;
    let ends = rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    (name.eq_ignore_ascii_case(scheme) && ends).then(|| rest.trim_ascii_start())
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What was written comes back, and no name holds what C would read otherwise.
        #[test]
        fn any_name_and_password_come_back(user in "[^:\0]{0,40}", password in "[^\0]{0,40}", spaces in "[ \t]{1,3}", end in "(=| .*)?") {
            let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("{user}:{password}"));
            let found = read(format!("bAsIc{spaces}{encoded}{end}").as_bytes());
            prop_assert_eq!(found, Some((user.into_bytes(), password.into_bytes())));
        }

        #[test]
        fn any_field_is_read(field in prop_oneof![
            any::<Vec<u8>>(),
            any::<Vec<u8>>().prop_map(|rest| [b"Basic ".as_slice(), &rest].concat()),
            "Basic [A-Za-z0-9+/=]{0,60}".prop_map(String::into_bytes),
        ]) {
            if let Some((user, password)) = read(&field) {
                prop_assert!(!user.contains(&b':') && !user.contains(&0) && !password.contains(&0));
                prop_assert!(user.len() + password.len() <= field.len());
            }
        }
    }

    #[test]
    fn credentials_are_read_as_apache_reads_them() {
        let read = |field: &str| {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            read(field.as_bytes()).map(|(user, password)| (text(user), text(password)))
        };
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("Basic eWVzOng="), pair("yes", "x"));
        assert_eq!(read("basic  eWVzOng6eQ=="), pair("yes", "x:y"));
        assert_eq!(read("Basic eWVzOng"), pair("yes", "x"));
        assert_eq!(read("Basic eWVzOng==== and more"), pair("yes", "x"));
        assert_eq!(read("Basic bm9jb2xvbg=="), pair("nocolon", ""));
        assert_eq!(read("Basic"), pair("", ""));
        assert_eq!(read("Basic !!!"), pair("", ""));
        assert_eq!(read("Basic eWVzAGI6eA=="), None, "a NUL in the name");
        assert_eq!(read("Basically eWVzOng="), None);
        assert_eq!(read("Bearer eWVzOng="), None);
    }

    #[test]
    fn quotes_are_escaped() {
        assert_eq!(quoted(r#"a "b\" c"#), r#""a \"b\\\" c""#);
    }
}
