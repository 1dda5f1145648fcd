//! The scheme `Digest` with MD5 and `qop=auth` (RFC 7616, `mod_auth_digest`).

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use hyper::header::HeaderValue;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::basic::{after_scheme, quoted};
use crate::decision::path::normalise;
use crate::plan::EncodedSlashes;

/// `AuthDigestNonceLifetime`'s default, seconds.
pub(super) const LIFETIME: i64 = 300;
/// So many seconds before a nonce is over the client gets the next one.
pub(super) const EARLY: u64 = 30;

/// Makes nonces, and knows them again.
pub(super) struct Nonces {
    secret: [u8; 32],
}

impl Nonces {
    /// All processes that answer for the same clients share a secret.
    pub(super) fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// A nonce for a realm: the time, and a mark that only we can make.
    pub(super) fn make(&self, realm: &str, now: SystemTime) -> String {
        let seconds = seconds(now);
        format!("{seconds:016x}{}", hex(&self.mark(realm, seconds).finalize().into_bytes()))
    }

    /// How many seconds ago a nonce was made; `None` for one that is not ours or not of this realm.
    pub(super) fn age(&self, nonce: &[u8], realm: &str, now: SystemTime) -> Option<u64> {
        let nonce = std::str::from_utf8(nonce).ok()?;
        let (time, mark) = nonce.split_at_checked(16)?;
        let made = u64::from_str_radix(time, 16).ok()?;
        self.mark(realm, made).verify_slice(&unhex(mark)?).ok()?;
        seconds(now).checked_sub(made)
    }

    fn mark(&self, realm: &str, seconds: u64) -> Hmac<Sha256> {
        let mut mark = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key may have any length");
        mark.update(&seconds.to_be_bytes());
        mark.update(realm.as_bytes());
        mark
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `WWW-Authenticate`.
pub(super) fn challenge(realm: &str, nonce: &str, domain: &[String], stale: bool) -> String {
    let domain = if domain.is_empty() { String::new() } else { format!(", domain={}", quoted(&domain.join(" "))) };
    let stale = if stale { ", stale=true" } else { "" };
    format!("Digest realm={}, nonce=\"{nonce}\", algorithm=MD5{domain}{stale}, qop=\"auth\"", quoted(realm))
}

/// What a client sends to prove that it knows the password.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) realm: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    uri: Vec<u8>,
    response: Vec<u8>,
    client_nonce: Vec<u8>,
    count: Vec<u8>,
    protection: Vec<u8>,
}

impl Credentials {
    /// Reads an `Authorization` field.
    ///
    /// # Errors
    /// What is wrong with it, for the error log.
    pub(super) fn read(field: &[u8]) -> Result<Self, &'static str> {
        let rest = after_scheme(field, b"Digest").ok_or("AH01781: the client used another scheme than Digest")?;
        let (mut found, mut algorithm) = (Self::default(), None);
        for (name, value) in parameters(rest) {
            let place = match name.to_ascii_lowercase().as_slice() {
                b"username" => &mut found.user,
                b"realm" => &mut found.realm,
                b"nonce" => &mut found.nonce,
                b"uri" => &mut found.uri,
                b"response" => &mut found.response,
                b"cnonce" => &mut found.client_nonce,
                b"nc" => &mut found.count,
                b"qop" => &mut found.protection,
                b"algorithm" => algorithm.insert(Vec::new()),
                _ => continue,
            };
            *place = value;
        }
        let parts = [&found.user, &found.realm, &found.nonce, &found.uri, &found.response];
        if parts.into_iter().chain([&found.client_nonce, &found.count]).any(Vec::is_empty) {
            return Err("AH01782: a part of the credentials is missing");
        }
        // C would read up to it, and take one user for another.
        if found.user.contains(&0) {
            return Err("AH01782: there is a NUL in the name of the user");
        }
        if algorithm.is_some_and(|name| !name.eq_ignore_ascii_case(b"MD5")) {
            return Err("AH01789: the client used another algorithm than MD5");
        }
        if !found.protection.eq_ignore_ascii_case(b"auth") {
            return Err("AH10560: qop is not auth");
        }
        Ok(found)
    }

    /// Whether what was signed is what is asked for: path and query, however the path is written.
    pub(super) fn speaks_of(&self, target: &str) -> bool {
        let Ok(signed) = std::str::from_utf8(&self.uri) else { return false };
        let absolute = signed.split_once("://").filter(|_| !signed.starts_with('/'));
        let signed = absolute.map_or(signed, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        let split = |target: &str| {
            let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let path = normalise(path, EncodedSlashes::Kept).map(std::borrow::Cow::into_owned).ok();
            (path, query.map(str::to_owned))
        };
        signed == target || matches!((split(signed), split(target)), (one, other) if one.0.is_some() && one == other)
    }

    /// Whether the response was made with the hash of `user:realm:password`.
    pub(super) fn are_signed(&self, hash: &[u8], method: &str) -> bool {
        self.response == self.response_to(hash, method).as_bytes()
    }

    /// `Authentication-Info`: proves to the client that we know the hash too.
    pub(super) fn info(&self, hash: &[u8], next: Option<&str>) -> Option<HeaderValue> {
        let mut text = format!("rspauth=\"{}\", ", self.response_to(hash, "")).into_bytes();
        if let Some(next) = next {
            text.extend_from_slice(format!("nextnonce=\"{next}\", ").as_bytes());
        }
        for part in [&b"cnonce=\""[..], &self.client_nonce, b"\", nc=", &self.count, b", qop=auth"] {
            text.extend_from_slice(part);
        }
        let may_be_sent = !self.client_nonce.contains(&b'"') && self.count.iter().all(u8::is_ascii_hexdigit);
        may_be_sent.then(|| HeaderValue::from_bytes(&text).ok()).flatten()
    }

    fn response_to(&self, hash: &[u8], method: &str) -> String {
        let request = joined(&[method.as_bytes(), &self.uri]);
        joined(&[hash, &self.nonce, &self.count, &self.client_nonce, &self.protection, request.as_bytes()])
    }
}

/// The hash of texts with colons between.
fn joined(parts: &[&[u8]]) -> String {
    hex(&Md5::digest(parts.join(&b':')))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// `name=value, name="value"`. In quotes a backslash stands before what is meant as it is.
fn parameters(mut text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_ascii_start();
        while let [b',', rest @ ..] = text {
            text = rest.trim_ascii_start();
        }
        let Some(equals) = text.iter().position(|byte| *byte == b'=') else { return found };
        let name = text[..equals].trim_ascii().to_vec();
        text = text[equals + 1..].trim_ascii_start();
        let mut value = Vec::new();
        if let [b'"', rest @ ..] = text {
            let mut rest = rest.iter();
            while let Some(byte) = rest.next() {
                match byte {
                    b'"' => break,
                    b'\\' => value.extend(rest.next()),
                    byte => value.push(*byte),
                }
            }
            text = rest.as_slice();
        } else {
            let end = text.iter().position(|byte| matches!(byte, b',' | b' ' | b'\t')).unwrap_or(text.len());
            value.extend_from_slice(&text[..end]);
            text = &text[end..];
        }
        found.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 2617 §3.5.
    const EXAMPLE: &str = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth, nc=00000001, \
        cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

    #[test]
    fn the_example_of_the_standard_is_right() {
        let credentials = Credentials::read(EXAMPLE.as_bytes()).unwrap();
        let hash = joined(&[b"Mufasa", b"testrealm@host.com", b"Circle Of Life"]);
        assert!(credentials.are_signed(hash.as_bytes(), "GET"));
        assert!(!credentials.are_signed(hash.as_bytes(), "POST"));
        assert!(!credentials.are_signed(joined(&[b"x"]).as_bytes(), "GET"));
        assert!(credentials.speaks_of("/dir/index.html") && credentials.speaks_of("/dir/%69ndex.html"));
        assert!(!credentials.speaks_of("/dir/index.html?a=1") && !credentials.speaks_of("/dir/"));
    }

    #[test]
    fn what_is_missing_or_odd_is_refused() {
        for part in ["username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop"] {
            let without = EXAMPLE.replace(&format!("{part}="), "other=");
            assert!(Credentials::read(without.as_bytes()).is_err(), "{part}");
        }
        assert!(Credentials::read(EXAMPLE.replace("qop=auth", "qop=auth-int").as_bytes()).is_err());
        assert!(Credentials::read(format!("{EXAMPLE}, algorithm=SHA-256").as_bytes()).is_err());
        assert!(Credentials::read(format!("{EXAMPLE}, algorithm=md5").as_bytes()).is_ok());
        assert!(Credentials::read(EXAMPLE.replace("Digest ", "Basic ").as_bytes()).is_err());
    }

    #[test]
    fn a_nonce_is_known_again_by_who_made_it() {
        let nonces = Nonces::new([7; 32]);
        let now = SystemTime::now();
        let nonce = nonces.make("shop", now);
        let later = now + Duration::from_secs(20);
        assert_eq!(nonces.age(nonce.as_bytes(), "shop", later), Some(20));
        assert_eq!(nonces.age(nonce.as_bytes(), "other", later), None);
        assert_eq!(nonces.age(nonce.as_bytes(), "shop", now - Duration::from_secs(20)), None, "from the future");
        assert_eq!(Nonces::new([8; 32]).age(nonce.as_bytes(), "shop", later), None);
        for odd in [
            &b""[..],
            b"abc",
            &nonce.as_bytes()[..79],
            "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}".as_bytes(),
        ] {
            assert_eq!(nonces.age(odd, "shop", later), None);
        }
    }

    #[test]
    fn parameters_may_be_in_quotes() {
        let read = parameters(br#"a="x, \"y\"", b=z ,, c="unclosed"#);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (text(name), text(value))).collect();
        let expected = [("a", "x, \"y\""), ("b", "z"), ("c", "unclosed")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    fn field() -> impl Strategy<Value = Vec<u8>> {
        let name = "(username|realm|nonce|uri|response|cnonce|nc|qop|algorithm|opaque|[a-z]{0,3})";
        let value = r#"("([^"\\]|\\.)*"?|[^ ,"]{0,9}|auth|MD5)"#;
        let parameter =
            (name, "[ \t]{0,2}=[ \t]{0,2}", value, "[ ,]{0,3}").prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"));
        let parameters = prop::collection::vec(parameter, 0..14).prop_map(|all| format!("Digest {}", all.concat()));
        prop_oneof![
            parameters.prop_map(String::into_bytes),
            any::<Vec<u8>>().prop_map(|rest| [b"Digest ".as_slice(), &rest].concat()),
            any::<Vec<u8>>(),
        ]
    }

    proptest! {
        #[test]
        fn any_field_is_read(field in field(), target in "/[ -~]{0,20}", hash in "[0-9a-f]{0,32}") {
            if let Ok(found) = Credentials::read(&field) {
                prop_assert!(!found.user.is_empty() && !found.user.contains(&0));
                found.speaks_of(&target);
                found.are_signed(hash.as_bytes(), "GET");
                found.info(hash.as_bytes(), Some("next"));
                prop_assert_eq!(Nonces::new([7; 32]).age(&found.nonce, "shop", SystemTime::now()), None);
            }
        }

        /// What is quoted is read as it was, and nothing in it becomes a parameter of its own.
        #[test]
        fn what_is_quoted_comes_back(values in prop::collection::vec("[^\\n]{0,20}", 0..5)) {
            let written: Vec<_> = values.iter().map(|value| format!("a={}", quoted(value))).collect();
            let read: Vec<_> = parameters(written.join(", ").as_bytes()).into_iter().map(|(_, value)| value).collect();
            prop_assert_eq!(read, values.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }

        #[test]
        fn no_other_nonce_is_ours(nonce in prop_oneof![any::<Vec<u8>>(), "[0-9a-f]{80}".prop_map(String::into_bytes)]) {
            prop_assert_eq!(Nonces::new([7; 32]).age(&nonce, "shop", SystemTime::now()), None);
        }
    }
}
