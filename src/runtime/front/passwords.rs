//! Files of users: what `htpasswd` and `htdigest` write, and `AuthGroupFile`. Each is read anew, so that a change holds at once.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use base64::engine::Engine;
use base64::engine::general_purpose::STANDARD;
use crypt3_rs::crypt::{apr1, bcrypt, md5, sha256, sha512, unix};
use sha1::{Digest, Sha1};

/// The hash of a user's password, if the user is in the file.
pub(super) fn hash(file: &Path, user: &[u8]) -> io::Result<Option<Vec<u8>>> {
    find(file, |line| {
        let mut fields = line.split(|byte| *byte == b':');
        (fields.next() == Some(user)).then(|| fields.next().unwrap_or_default().to_vec())
    })
}

/// The hash of `user:realm:password`, if the file has one.
pub(super) fn realm_hash(file: &Path, user: &[u8], realm: &[u8]) -> io::Result<Option<Vec<u8>>> {
    find(file, |line| {
        let mut fields = line.split(|byte| *byte == b':');
        let is_theirs = fields.next() == Some(user) && fields.next() == Some(realm);
        is_theirs.then(|| fields.next().unwrap_or_default().to_vec()).filter(|hash| !hash.is_empty())
    })
}

/// The groups of a user.
pub(super) fn groups(file: &Path, user: &[u8]) -> io::Result<Vec<String>> {
    let mut groups = Vec::new();
    find(file, |line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let mut members = line[colon + 1..].split(u8::is_ascii_whitespace);
        if members.any(|member| member == user) && !user.is_empty() {
            groups.push(String::from_utf8_lossy(line[..colon].trim_ascii()).into_owned());
        }
        None::<()>
    })?;
    Ok(groups)
}

/// What `f` finds first in the lines that are no comments.
fn find<T>(file: &Path, mut f: impl FnMut(&[u8]) -> Option<T>) -> io::Result<Option<T>> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = line.trim_ascii();
        if !text.is_empty()
            && !text.starts_with(b"#")
            && let Some(found) = f(text)
        {
            return Ok(Some(found));
        }
        line.clear();
    }
    Ok(None)
}

const SHA1: &str = "{SHA}";

/// Whether a hash takes long to compare with a password, as it should.
pub(super) fn takes_long(hash: &[u8]) -> bool {
    !hash.starts_with(SHA1.as_bytes())
}

/// Whether a hash is that of a password. One that is written in no way that we know is nobody's.
pub(super) fn is_right(password: &[u8], hash: &[u8]) -> bool {
    let Ok(hash) = std::str::from_utf8(hash) else { return false };
    if let Some(encoded) = hash.strip_prefix(SHA1) {
        return STANDARD.encode(Sha1::digest(password)) == encoded;
    }
    match hash.get(..3) {
        Some("$ap") => apr1::verify(password, hash),
        Some("$2y" | "$2a" | "$2b") => bcrypt::verify(password, hash),
        Some("$5$") => sha256::verify(password, hash),
        Some("$6$") => sha512::verify(password, hash),
        Some("$1$") => md5::verify(password, hash),
        _ => !hash.starts_with('$') && unix::verify(password, hash),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `htpasswd` of Apache 2.4.
    const USERS: &str = "# users\n\
        joe:$2y$05$FHknCk39QTlRflt4t5CD3.EpLUQdHbQctFpzYvzlGjbZNr3tqTmsm\n\
        md5:$apr1$2ezrenT/$siGPruDw/figz/bK5.T3o.\n\
        sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n\
        crypt:8wHeWHgebNWE6\n\
        plain:secret\n\
        sha256:$5$E6zwvAu3DQDvRUnq$EZTaExODoV5PFgIoeLZViJpI7fu8oKYeX53XQ248tD8:rest\n\
        sha512:$6$FP2X00QTlFQTiXCR$gd8hk2qJNfBljYmK9kBLW0in34IAStUXxT0rc0LR/UXkjkwOCWZ5n9P9kUyesNRZ6RXHlwhs8X242O8PH0GgH.\n\
        none:\n\
        odd:$y$j9T$abc\n\
        broken:$apr1$\n";

    fn written(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn each_way_of_htpasswd_is_read() {
        let file = written(USERS);
        let hash = |user: &str| hash(file.path(), user.as_bytes()).unwrap();
        let check = |user: &str, password: &str| is_right(password.as_bytes(), &hash(user).unwrap());
        for user in ["joe", "md5", "sha", "crypt", "sha256", "sha512"] {
            assert!(check(user, "secret"), "{user}");
            assert!(!check(user, "Secret"), "{user}");
            assert!(!check(user, ""), "{user}");
        }
        for user in ["plain", "none", "odd", "broken"] {
            assert!(!check(user, "secret"), "{user}");
            assert!(!check(user, ""), "{user}");
        }
        for user in ["nobody", "", "# users"] {
            assert_eq!(hash(user), None, "{user}");
        }
    }

    #[test]
    fn groups_are_those_with_the_user_in_them() {
        let file = written("staff: joe sha\n# none: joe\nother:md5\nempty:\nall:  md5\tjoe \n");
        let groups = |user: &str| groups(file.path(), user.as_bytes()).unwrap();
        assert_eq!(groups("joe"), ["staff", "all"]);
        assert_eq!(groups("md5"), ["other", "all"]);
        assert!(groups("jo").is_empty() && groups("").is_empty());
    }

    #[test]
    fn a_hash_belongs_to_a_realm() {
        let file = written("joe:test:0123\njoe:other:4567\nann:test:\n");
        let hash = |user: &str, realm: &str| realm_hash(file.path(), user.as_bytes(), realm.as_bytes()).unwrap();
        assert_eq!(hash("joe", "other").as_deref(), Some(&b"4567"[..]));
        assert_eq!(hash("joe", "third"), None);
        assert_eq!(hash("ann", "test"), None);
    }
}
