//! Files as the protocol names them.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The path of a `file:` URI. Anything else, such as a text that was never saved, is kept as its own name.
pub(super) fn path(uri: &str) -> PathBuf {
    let Some(rest) = uri.strip_prefix("file://") else { return PathBuf::from(uri) };
    let path = &rest[rest.find('/').unwrap_or(rest.len())..];
    PathBuf::from(OsString::from_vec(decoded(path)))
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// The URI of a path.
pub(super) fn of(path: &Path) -> String {
    if !path.is_absolute() {
        return path.to_string_lossy().into_owned();
    }
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            byte => write!(uri, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_uris() {
        for (uri, expected) in [
            ("file:///etc/apache2/a.conf", "/etc/apache2/a.conf"),
            ("file:///a%20b/%C3%A9", "/a b/é"),
            ("file://localhost/a", "/a"),
            ("file:///100%", "/100%"),
            ("untitled:Untitled-1", "untitled:Untitled-1"),
        ] {
            assert_eq!(path(uri), Path::new(expected));
        }
        assert_eq!(of(Path::new("/a b/é:1")), "file:///a%20b/%C3%A9%3A1");
        assert_eq!(of(Path::new("untitled:Untitled-1")), "untitled:Untitled-1");
    }
}
