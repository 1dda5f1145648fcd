//! `AuthType Digest`: nonces, `qop=auth`, and what a client must not leave out. The expectations were compared with Apache and
//! mod_wsgi.

use std::thread::sleep;
use std::time::Duration;

use md5::{Digest, Md5};

use crate::support::{Answer, Mode, Request, Server, Site};

const APP: &str = r#"
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s %s" % (environ["AUTH_TYPE"], environ["REMOTE_USER"])).encode()]
"#;

const SCRIPT: &str = r#"
from hashlib import md5
def get_realm_hash(environ, user, realm):
    right = md5(("%s:%s:secret" % (user, realm)).encode()).hexdigest()
    return {"joe": right, "ann": right.encode(), "none": None, "empty": "", "number": 3}[user]
"#;

const SECTIONS: &str = "\
<Location />
    AuthType Digest
    AuthName test
    WSGIAuthUserScript ${DIR}/auth.py
    Require valid-user
</Location>
<Location /script>
    AuthDigestProvider wsgi
</Location>
<Location /file>
    AuthUserFile ${DIR}/users
    AuthDigestDomain /file http://other.test/
</Location>
<Location /short>
    AuthDigestProvider wsgi
    AuthDigestNonceLifetime 1
</Location>
<Location /functionless>
    AuthDigestProvider wsgi
    WSGIAuthUserScript ${DIR}/nothing.py
</Location>
";

fn hash(parts: &[&str]) -> String {
    format!("{:x}", Md5::digest(parts.join(":")))
}

/// What a client sends.
#[derive(Clone)]
struct Credentials {
    user: &'static str,
    password: &'static str,
    realm: &'static str,
    nonce: String,
    uri: String,
    protection: &'static str,
    count: &'static str,
    method: &'static str,
}

impl Credentials {
    /// Those of Joe, for what a path was answered with when nobody was named.
    fn of(server: &Server, path: &str) -> Self {
        let refused = server.get(path);
        assert_eq!(refused.status, 401);
        Self {
            user: "joe",
            password: "secret",
            realm: "test",
            nonce: nonce(&refused),
            uri: path.to_owned(),
            protection: "auth",
            count: "00000001",
            method: "GET",
        }
    }

    fn hash(&self) -> String {
        hash(&[self.user, self.realm, self.password])
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let request = hash(&[self.method, &self.uri]);
        let response = hash(&[&self.hash(), &self.nonce, self.count, "abc", self.protection, &request]);
        vec![
            ("username", format!("\"{}\"", self.user)),
            ("realm", format!("\"{}\"", self.realm)),
            ("nonce", format!("\"{}\"", self.nonce)),
            ("uri", format!("\"{}\"", self.uri)),
            ("response", format!("\"{response}\"")),
            ("cnonce", "\"abc\"".to_owned()),
            ("nc", self.count.to_owned()),
            ("qop", self.protection.to_owned()),
        ]
    }

    fn send(&self, server: &Server, path: &str) -> Answer {
        send(server, self.method, path, &self.fields())
    }
}

fn send(server: &Server, method: &str, path: &str, fields: &[(&str, String)]) -> Answer {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    server.send(&Request::new(method, path).header("Authorization", &format!("Digest {}", fields.join(", "))))
}

/// The nonce in what the client is asked with.
fn nonce(refused: &Answer) -> String {
    let field = refused.header("WWW-Authenticate").expect("a 401 asks");
    field.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce").to_owned()
}

/// What the client is asked with, but for the nonce.
fn challenge(refused: &Answer) -> String {
    assert_eq!(refused.status, 401, "{refused:?}");
    refused.header("WWW-Authenticate").expect("a 401 asks").replace(&nonce(refused), "…")
}

const PLAIN: &str = "Digest realm=\"test\", nonce=\"…\", algorithm=MD5, qop=\"auth\"";

fn site() -> Site {
    let site = Site::with_app(APP);
    site.file("auth.py", SCRIPT);
    site.file("nothing.py", "");
    site.file("users", format!("ann:test:\njoe:other:0\njoe:test:{}\n", hash(&["joe", "test", "secret"])));
    site
}

#[test]
fn a_hash_of_a_script_or_a_file_is_enough() {
    for mode in Mode::BOTH {
        let site = site();
        let server = site.serve(mode, &format!("WSGIPythonHome ${{VENV}}\n{SECTIONS}"));
        assert_eq!(challenge(&server.get("/script")), PLAIN);
        let with_domain = PLAIN.replace(", qop", ", domain=\"/file http://other.test/\", qop");
        assert_eq!(challenge(&server.get("/file")), with_domain);
        for path in ["/script", "/file"] {
            let joe = Credentials::of(&server, path);
            let answer = joe.send(&server, path);
            assert_eq!((answer.status, answer.text().as_str()), (200, "Digest joe"), "{mode:?} {path}");
            let proof = hash(&[&joe.hash(), &joe.nonce, joe.count, "abc", "auth", &hash(&["", path])]);
            let info = format!("rspauth=\"{proof}\", cnonce=\"abc\", nc=00000001, qop=auth");
            assert_eq!(answer.header("Authentication-Info"), Some(&*info));
            // A nonce is good for more than one request.
            assert_eq!(Credentials { count: "00000002", ..joe.clone() }.send(&server, path).status, 200);
            assert_eq!(Credentials { password: "wrong", ..joe }.send(&server, path).status, 401);
        }
        for (user, expected) in [("ann", 200), ("none", 401), ("empty", 500), ("number", 500), ("nobody", 500)] {
            let credentials = Credentials { user, ..Credentials::of(&server, "/script") };
            assert_eq!(credentials.send(&server, "/script").status, expected, "{user}");
        }
        let ann = Credentials { user: "ann", ..Credentials::of(&server, "/file") };
        assert_eq!(ann.send(&server, "/file").status, 401, "the file has no hash of hers");
        assert_eq!(Credentials::of(&server, "/functionless").send(&server, "/functionless").status, 500);
        server.stop();
    }
}

#[test]
fn credentials_are_for_one_request_and_whole() {
    let site = site();
    let server = site.serve(Mode::Embedded, SECTIONS);
    let joe = Credentials::of(&server, "/script");
    for name in ["username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop"] {
        let fields: Vec<_> = joe.fields().into_iter().filter(|(known, _)| *known != name).collect();
        assert_eq!(challenge(&send(&server, "GET", "/script", &fields)), PLAIN, "without {name}");
    }
    let with = |name, value: &str| [joe.fields(), vec![(name, value.to_owned())]].concat();
    assert_eq!(send(&server, "GET", "/script", &with("algorithm", "MD5")).status, 200);
    assert_eq!(send(&server, "GET", "/script", &with("algorithm", "SHA-256")).status, 401);
    assert_eq!(send(&server, "GET", "/script", &with("other", "\"any, thing\"")).status, 200);
    for (credentials, path, expected) in [
        (Credentials { protection: "auth-int", ..joe.clone() }, "/script", 401),
        (Credentials { realm: "other", ..joe.clone() }, "/script", 401),
        (Credentials { uri: "/other".into(), ..joe.clone() }, "/script", 400),
        (joe.clone(), "/script?a=1", 400),
        (Credentials { uri: "/script?a=1".into(), ..joe.clone() }, "/script?a=1", 200),
        (Credentials { uri: "http://localhost/script".into(), ..joe.clone() }, "/script", 200),
        (Credentials { method: "POST", ..joe.clone() }, "/script", 200),
        // Another realm's nonce would be one here, too: sections with one AuthName are one realm.
        (Credentials { uri: "/file".into(), ..joe.clone() }, "/file", 200),
    ] {
        assert_eq!(credentials.send(&server, path).status, expected, "{} as {path}", credentials.uri);
    }
    let mut forged = joe.nonce.clone();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    let stale = PLAIN.replace(", qop", ", stale=true, qop");
    assert_eq!(challenge(&Credentials { nonce: forged, ..joe.clone() }.send(&server, "/script")), stale);
    let basic = server.send(&Request::get("/script").header("Authorization", "Basic am9lOnNlY3JldA=="));
    assert_eq!(challenge(&basic), PLAIN);

    let short = Credentials::of(&server, "/short");
    let answer = short.send(&server, "/short");
    assert!(answer.header("Authentication-Info").is_some_and(|info| info.contains("nextnonce=\"")), "{answer:?}");
    // The nonce's age counts in whole seconds.
    sleep(Duration::from_millis(2100));
    assert_eq!(challenge(&short.send(&server, "/short")), stale);
    assert_eq!(challenge(&Credentials { password: "wrong", ..short }.send(&server, "/short")), PLAIN);
    server.stop();
}

/// A client may come back to another process than the one that asked it.
#[test]
fn all_processes_know_the_nonce() {
    let site = site();
    let server = site.serve(Mode::Embedded, &SECTIONS.replace("<Location />", "StartServers 3\n<Location />"));
    let joe = Credentials::of(&server, "/script");
    for _ in 0..20 {
        assert_eq!(joe.send(&server, "/script").status, 200);
    }
    server.stop();
}
