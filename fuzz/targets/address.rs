//! Where a request goes: its target and its `Host`, as a client may write them. The input is both, a line each.
//!
//! A path is decoded and resolved once, so that however it is written the rules about it see one path; and that path, written with all
//! its bytes encoded, means itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsgi_httpd::decision::hosts::{alias_covers, is_authority, requested_name, split_authority};
use wsgi_httpd::decision::path::{covered, file_name, normalise, path_info_start, taken_by_mount};
use wsgi_httpd::plan::EncodedSlashes;

const PREFIXES: [&str; 5] = ["/", "/a", "/a/", "/a/b.wsgi", "/static/"];

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let (target, host) = text.split_once('\n').unwrap_or((&text, ""));
    // What does not begin so, or holds control characters, is refused before.
    if target.starts_with('/') && !target.bytes().any(|byte| byte <= b' ' || byte == 0x7F) {
        for slashes in [EncodedSlashes::Refused, EncodedSlashes::Decoded, EncodedSlashes::Kept] {
            if let Ok(path) = normalise(target, slashes) {
                assert_normal(&path);
                assert_means_itself(&path, slashes);
                locate(&path);
            }
        }
    }
    name(host);
});

fn assert_normal(path: &[u8]) {
    assert_eq!(path[0], b'/');
    assert!(!path.contains(&0));
    let segments: Vec<_> = path[1..].split(|byte| *byte == b'/').collect();
    let (last, inner) = segments.split_last().unwrap();
    assert!(!inner.contains(&&b""[..]), "a slash too many");
    assert!(!segments.iter().any(|segment| matches!(*segment, b"." | b"..")), "a way out of {last:?}");
}

fn assert_means_itself(path: &[u8], slashes: EncodedSlashes) {
    let written: String =
        path.iter().map(|byte| if *byte == b'/' { "/".into() } else { format!("%{byte:02X}") }).collect();
    assert_eq!(normalise(&written, slashes).as_deref(), Ok(path));
}

fn locate(path: &[u8]) {
    for prefix in PREFIXES {
        let Some(length) = covered(prefix, path) else { continue };
        let rest = &path[taken_by_mount(prefix, length)..];
        let start = path_info_start(path, rest);
        assert!(start <= path.len() && matches!(path.get(start), None | Some(b'/')));
        let file = file_name([b"/srv/site", rest].concat());
        assert!(file.starts_with(b"/srv/site"), "a file outside of the folder");
        assert_eq!(file_name(file.clone()), file);
    }
}

fn name(host: &str) {
    let (name, port) = split_authority(host);
    assert!(host.starts_with(name));
    if let Some(port) = port {
        assert_eq!(host.len(), name.len() + 1 + port.len());
    }
    alias_covers("*.example.org", name);
    if is_authority(host) {
        assert!(!host.bytes().any(|byte| byte <= b' ' || matches!(byte, b'/' | b'@' | b',' | 0x7F..)));
        let name = requested_name(host);
        assert!(!name.ends_with('.') && !name.bytes().any(|byte| byte.is_ascii_uppercase()));
    }
}
