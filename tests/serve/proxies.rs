//! `WSGITrustedProxyHeaders` and `WSGITrustedProxies`: what is believed, and what is not even seen. Where nothing else is said the
//! expectations were compared with Apache and mod_wsgi.

use serde_json::{Value, json};

use crate::support::{Mode, Request, Server, Site};

/// Answers with what proxies may change.
const SHOW: &str = r#"
import json
NAMES = ("REMOTE_ADDR", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME", "PATH_INFO", "mod_wsgi.mount_point",
         "mod_wsgi.script_name", "wsgi.url_scheme", "HTTPS")
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    shown = {name: value for name, value in environ.items() if name in NAMES or name.startswith("HTTP_X_")}
    return [json.dumps(shown).encode()]
"#;

const SECTIONS: &str = "\
WSGIScriptAlias /app ${DIR}/app.wsgi
<Location /app/all>
    WSGITrustedProxyHeaders X-Forwarded-For X-Real-IP X-Forwarded-Host X-Forwarded-Server X-Forwarded-Port X-Script-Name x-forwarded-proto
    WSGITrustedProxyHeaders X-Forwarded-HTTPS
</Location>
<Location /app/ours>
    WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto
    WSGITrustedProxies 127.0.0.0/8 10.0.0.0/8
</Location>
<Location /app/ours/others>
    WSGITrustedProxies 10.0.0.1
</Location>
<Location /app/ours/host>
    WSGITrustedProxyHeaders X-Forwarded-Host
</Location>
";

/// What differs from the answer to the same request without those fields.
fn changed(server: &Server, path: &str, fields: &[(&str, &str)]) -> Value {
    let plain = server.get(path).json();
    let request = fields.iter().fold(Request::get(path), |request, (name, value)| request.header(name, value));
    let mut shown = server.send(&request).json();
    let shown = shown.as_object_mut().expect("an object");
    shown.retain(|name, value| plain.get(name) != Some(value));
    Value::Object(std::mem::take(shown))
}

#[test]
fn proxies_are_believed_by_address() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, SECTIONS);
        let chain = [("X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.1.1.1"), ("X-Forwarded-Proto", "https")];
        let believed = json!({
            "REMOTE_ADDR": "1.2.3.4",
            "HTTP_X_FORWARDED_FOR": "1.2.3.4, 10.1.1.1",
            "HTTP_X_FORWARDED_PROTO": "https",
            "wsgi.url_scheme": "https",
        });
        assert_eq!(changed(&server, "/app/ours", &chain), believed, "{mode:?}");
        assert_eq!(changed(&server, "/app/ours/others", &chain), json!({}), "neither believed nor seen");
        // Each directive is inherited by itself, and fields that nobody asked about stay as they are.
        let host = [("X-Forwarded-Host", "a.test:81"), ("X-Host", "b.test"), ("X-Forwarded-For", "9.9.9.9")];
        let expected = json!({
            "HTTP_HOST": "a.test:81",
            "HTTP_X_FORWARDED_HOST": "a.test:81",
            "HTTP_X_FORWARDED_FOR": "9.9.9.9",
        });
        assert_eq!(changed(&server, "/app/ours/host", &host), expected);
        server.stop();
    }
}

#[test]
fn every_field_has_its_place() {
    let site = Site::with_app(SHOW);
    let server = site.serve(Mode::Embedded, SECTIONS);
    let all = |fields: &[(&str, &str)]| changed(&server, "/app/all", fields);
    for (name, value, expected) in [
        ("X-Forwarded-For", "1.2.3.4, junk", json!({"REMOTE_ADDR": "1.2.3.4"})),
        ("X-Real-IP", "2001:db8::1", json!({"REMOTE_ADDR": "2001:db8::1"})),
        ("X-Forwarded-Host", "a.test:81", json!({"HTTP_HOST": "a.test:81"})),
        ("X-Forwarded-Server", "a.test", json!({"SERVER_NAME": "a.test"})),
        ("X-Forwarded-Port", "8443", json!({"SERVER_PORT": "8443"})),
        ("X-Script-Name", "/mount", json!({"SCRIPT_NAME": "/mount", "mod_wsgi.mount_point": "/mount"})),
        ("X-Script-Name", "", json!({"SCRIPT_NAME": "", "mod_wsgi.mount_point": ""})),
        ("X-Forwarded-Proto", "HTTPS", json!({"wsgi.url_scheme": "https"})),
        ("X-Forwarded-Proto", "ftp", json!({})),
        ("X-Forwarded-HTTPS", "On", json!({"wsgi.url_scheme": "https"})),
        ("X-Forwarded-HTTPS", "0", json!({})),
    ] {
        let mut expected = expected;
        expected[format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_"))] = json!(value);
        assert_eq!(all(&[(name, value)]), expected, "{name}: {value}");
    }
    // The last field of the configuration that was sent counts, and those that tell the same are not seen.
    let both = all(&[("X-Real-IP", "2.2.2.2"), ("X-Forwarded-For", "1.1.1.1"), ("X-Client-IP", "3.3.3.3")]);
    assert_eq!(both, json!({"REMOTE_ADDR": "2.2.2.2", "HTTP_X_REAL_IP": "2.2.2.2"}));
    let flags = all(&[("X-Forwarded-Proto", "https"), ("X-Forwarded-HTTPS", "off"), ("X-Forwarded-SSL", "on")]);
    assert_eq!(flags, json!({"HTTP_X_FORWARDED_HTTPS": "off"}));
    server.stop();
}

/// mod_wsgi takes any text, and looks up names.
#[test]
fn what_cannot_be_true_is_as_if_it_were_not_sent() {
    if crate::support::tests_apache() {
        return;
    }
    let site = Site::with_app(SHOW);
    let server = site.serve(Mode::Embedded, SECTIONS);
    for (name, value) in
        [("X-Forwarded-For", "9.9.9.9, localhost"), ("X-Forwarded-For", "unknown"), ("X-Forwarded-Proto", "")]
    {
        let mut expected = json!({});
        if name == "X-Forwarded-Proto" {
            expected["HTTP_X_FORWARDED_PROTO"] = json!("");
        }
        assert_eq!(changed(&server, "/app/ours", &[(name, value)]), expected, "{name}: {value}");
    }
    for (name, value) in [
        ("X-Real-IP", "junk"),
        ("X-Forwarded-Host", "a.test, b.test"),
        ("X-Forwarded-Server", "<b>"),
        ("X-Forwarded-Port", "99999"),
        ("X-Script-Name", "mount"),
    ] {
        assert_eq!(changed(&server, "/app/all", &[(name, value)]), json!({}), "{name}: {value}");
    }
    let port = json!({"REMOTE_ADDR": "1.2.3.4", "HTTP_X_FORWARDED_FOR": "1.2.3.4:5678"});
    assert_eq!(changed(&server, "/app/ours", &[("X-Forwarded-For", "1.2.3.4:5678")]), port);
    server.stop();
}
