//! The path of a request's target: decoded and normalised once, before anything looks at it (RFC 9110 §4.2.3, RFC 3986 §5.2.4).

use std::borrow::Cow;

use super::pattern::Pattern;
use crate::plan::EncodedSlashes;

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathError {
    /// A `%` without two hexadecimal digits, or `..` above the root: 400.
    Malformed,
    /// `%00`, or `%2F` where `AllowEncodedSlashes` is `Off`: 404.
    NotFound,
}

/// The bytes that the path means: percent-decoded, dot segments resolved, repeated slashes merged. It starts with `/`.
///
/// # Errors
/// With the reason for which it is refused.
pub fn normalise(raw: &str, slashes: EncodedSlashes) -> Result<Cow<'_, [u8]>, PathError> {
    let bytes = raw.as_bytes();
    let plain = !bytes.contains(&b'%') && !bytes.windows(2).any(|pair| pair == b"//" || pair == b"/.");
    if plain {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut path = resolve(&decode(bytes, slashes)?, Above::Malformed)?;
    if path.contains(&SLASH) {
        path.iter_mut().filter(|byte| **byte == SLASH).for_each(|byte| *byte = b'/');
        // As Apache does it: what they hid leads nowhere above the root, and is no mistake.
        path = resolve(&path, Above::Root)?;
    }
    Ok(Cow::Owned(path))
}

/// Stands for an encoded slash until the plain ones have been looked at. No path holds it otherwise.
const SLASH: u8 = 0;

fn decode(raw: &[u8], slashes: EncodedSlashes) -> Result<Vec<u8>, PathError> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16)).ok_or(PathError::Malformed);
        let code = rest.as_slice();
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        match ((high * 16 + low) as u8, slashes) {
            (0, _) | (b'/', EncodedSlashes::Refused) => return Err(PathError::NotFound),
            (b'/', EncodedSlashes::Decoded) => decoded.push(SLASH),
            (b'/', EncodedSlashes::Kept) => decoded.extend_from_slice(&[b'%', code[0], code[1]]),
            (byte, _) => decoded.push(byte),
        }
    }
    Ok(decoded)
}

/// What a path means that leads above the root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Above {
    /// Nothing.
    Malformed,
    /// The root.
    Root,
}

fn resolve(path: &[u8], above: Above) -> Result<Vec<u8>, PathError> {
    let mut segments: Vec<&[u8]> = Vec::new();
    // A path that ends in a slash or a dot segment names a folder, and keeps its slash.
    let mut folder = false;
    for segment in path.split(|byte| *byte == b'/') {
        folder = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                if segments.pop().is_none() && above == Above::Malformed {
                    return Err(PathError::Malformed);
                }
            }
            other => segments.push(other),
        }
    }
    let mut resolved = Vec::with_capacity(path.len());
    for segment in &segments {
        resolved.push(b'/');
        resolved.extend_from_slice(segment);
    }
    if folder || resolved.is_empty() {
        resolved.push(b'/');
    }
    Ok(resolved)
}

/// How much of `path` a prefix of `Alias` or `WSGIScriptAlias` covers: whole segments only, `/a` covers `/a` and `/a/b` but not
/// `/ab`. A prefix that ends in a slash needs that slash in the path.
#[must_use]
pub fn covered(prefix: &str, path: &[u8]) -> Option<usize> {
    let prefix = prefix.as_bytes();
    let matched = path.starts_with(prefix);
    let whole = prefix.ends_with(b"/") || matches!(path.get(prefix.len()), None | Some(b'/'));
    (matched && whole).then_some(prefix.len())
}

/// A prefix of `Alias` or `WSGIScriptAlias` as paths are compared with it: several slashes count as one.
#[must_use]
pub fn merged(prefix: &str) -> Cow<'_, str> {
    if !prefix.contains("//") {
        return Cow::Borrowed(prefix);
    }
    let mut merged = String::with_capacity(prefix.len());
    for character in prefix.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    Cow::Owned(merged)
}

/// How much of `path` a `WSGIScriptAlias` that covers `length` bytes of it takes. The one at `/` is special: the whole path
/// follows its target.
#[must_use]
pub fn taken_by_mount(url_path: &str, length: usize) -> usize {
    if url_path == "/" { 0 } else { length }
}

/// The file name that the target of an `AliasMatch` becomes for `path`, if the expression is found in it.
#[must_use]
pub fn matched_alias(regex: &Pattern, target: &str, path: &[u8]) -> Option<Vec<u8>> {
    let captures = regex.captures(path)?;
    Some(substituted(target, |index| captures.get(index).map_or(b"", |group| group.as_bytes())))
}

/// How much of `path` a `WSGIScriptAliasMatch` takes, and the file name that its target becomes for it: what follows the match
/// belongs to the name too. A match that ends where the path begins is none.
#[must_use]
pub fn matched(regex: &Pattern, target: &str, path: &[u8]) -> Option<Vec<u8>> {
    let captures = regex.captures(path)?;
    let end = captures.get(0)?.end();
    if end == 0 {
        return None;
    }
    let mut file = substituted(target, |index| captures.get(index).map_or(b"", |group| group.as_bytes()));
    file.extend_from_slice(&path[end..]);
    Some(file)
}

/// `$0` to `$9` and `&` stand for what was matched (`ap_pregsub`).
pub fn substituted<'a>(target: &str, group: impl Fn(usize) -> &'a [u8]) -> Vec<u8> {
    let mut made = Vec::new();
    let mut bytes = target.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek().copied()) {
            (b'&', _) => made.extend_from_slice(group(0)),
            (b'$', Some(digit @ b'0'..=b'9')) => {
                made.extend_from_slice(group(usize::from(digit - b'0')));
                bytes.next();
            }
            (b'\\', Some(next @ (b'$' | b'&'))) => {
                made.push(next);
                bytes.next();
            }
            _ => made.push(byte),
        }
    }
    made
}

/// Where `PATH_INFO` begins in a URL path: both are compared from the end (`ap_find_path_info`).
#[must_use]
pub fn path_info_start(path: &[u8], path_info: &[u8]) -> usize {
    let common = path.iter().rev().zip(path_info.iter().rev()).take_while(|(a, b)| a == b).count();
    let start = path.len() - common;
    path[start..].iter().position(|byte| *byte == b'/').map_or(path.len(), |at| start + at)
}

/// A file's name as Apache compares it: repeated slashes merged, `.` and `..` resolved by the text alone. A slash at the end stays.
/// `DocumentRoot /srv/www/` and `Alias /a /srv/` would else leave a slash too many in every name, and no section would hold.
#[must_use]
pub fn file_name(name: Vec<u8>) -> Vec<u8> {
    if !name.windows(2).any(|pair| pair == b"//" || pair == b"/.") {
        return name;
    }
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in name.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut file = Vec::with_capacity(name.len());
    for segment in segments {
        file.push(b'/');
        file.extend_from_slice(segment);
    }
    if file.is_empty() || name.ends_with(b"/") {
        file.push(b'/');
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(raw: &str) -> Result<String, PathError> {
        normalise(raw, EncodedSlashes::Refused).map(|path| String::from_utf8(path.into_owned()).unwrap())
    }

    #[test]
    fn each_way_to_write_a_path_means_one_path() {
        for raw in ["/denied/x", "//denied/x", "/%64enied/x", "/y/../denied/x", "/./denied//x", "/y/%2e%2e/denied/x"] {
            assert_eq!(normal(raw).as_deref(), Ok("/denied/x"), "{raw}");
        }
        assert_eq!(normal("/a/.").as_deref(), Ok("/a/"));
        assert_eq!(normal("/a/b/..").as_deref(), Ok("/a/"));
        assert_eq!(normal("/").as_deref(), Ok("/"));
        assert_eq!(normal("/.well-known").as_deref(), Ok("/.well-known"));
    }

    #[test]
    fn an_encoded_slash_is_one_or_stays() {
        let with = |raw, slashes| normalise(raw, slashes).map(|path| String::from_utf8(path.into_owned()).unwrap());
        assert_eq!(with("/a%2f..%2Fb", EncodedSlashes::Decoded).as_deref(), Ok("/b"));
        assert_eq!(with("/a%2f..%2Fb", EncodedSlashes::Kept).as_deref(), Ok("/a%2f..%2Fb"));
        assert_eq!(with("/..%2Fb", EncodedSlashes::Decoded).as_deref(), Ok("/b"));
        assert_eq!(with("/../b%2F", EncodedSlashes::Decoded), Err(PathError::Malformed));
    }

    #[test]
    fn what_leads_out_or_hides_a_slash_is_refused() {
        assert_eq!(normal("/../etc/passwd"), Err(PathError::Malformed));
        assert_eq!(normal("/%2e%2e/etc"), Err(PathError::Malformed));
        assert_eq!(normal("/a%2Fb"), Err(PathError::NotFound));
        assert_eq!(normal("/a%00"), Err(PathError::NotFound));
        assert_eq!(normal("/a%zz"), Err(PathError::Malformed));
        assert_eq!(normal("/a%"), Err(PathError::Malformed));
    }

    #[test]
    fn a_pattern_makes_a_file_name() {
        let file = |regex: &str, target: &str, path: &str| {
            let regex = Pattern::new(regex).unwrap();
            matched(&regex, target, path.as_bytes()).map(|file| String::from_utf8(file).unwrap())
        };
        assert_eq!(file("^/m([0-9])", "/srv/app$1.wsgi", "/m7/more").as_deref(), Some("/srv/app7.wsgi/more"));
        assert_eq!(file("^/m([0-9])", "/srv/app$1.wsgi", "/m7x").as_deref(), Some("/srv/app7.wsgix"));
        assert_eq!(file("^/x$", "/srv&.wsgi", "/x").as_deref(), Some("/srv/x.wsgi"));
        assert_eq!(file("^/x", "/srv/\\&$2.wsgi", "/x").as_deref(), Some("/srv/&.wsgi"));
        assert_eq!(file("^", "/srv/app.wsgi", "/x"), None);
        assert_eq!(file("^/y", "/srv/app.wsgi", "/x"), None);
    }

    #[test]
    fn path_info_is_found_from_the_end() {
        for (path, path_info, name) in [
            ("/app/x", "/x", "/app"),
            ("/app", "", "/app"),
            ("/", "/", ""),
            ("/x", "/x", ""),
            ("/a/b.wsgi/c/", "/c/", "/a/b.wsgi"),
            ("/x1", "/fixed", "/x1"),
        ] {
            assert_eq!(&path[..path_info_start(path.as_bytes(), path_info.as_bytes())], name, "{path}");
        }
    }

    #[test]
    fn a_prefix_covers_whole_segments() {
        assert_eq!(covered("/a", b"/a"), Some(2));
        assert_eq!(covered("/a", b"/a/b"), Some(2));
        assert_eq!(covered("/a", b"/ab"), None);
        assert_eq!(covered("/a/", b"/a"), None);
        assert_eq!(covered("/a/", b"/a/b"), Some(3));
        assert_eq!(covered("/", b"/x"), Some(1));
    }

    #[test]
    fn names_of_files() {
        for (name, expected) in [
            ("/srv/www//private/x", "/srv/www/private/x"),
            ("/srv//www/./a/../b/", "/srv/www/b/"),
            ("/../..", "/"),
            ("/srv/.hidden", "/srv/.hidden"),
            ("/srv/www", "/srv/www"),
        ] {
            assert_eq!(file_name(name.as_bytes().to_vec()), expected.as_bytes(), "{name}");
        }
    }
}
