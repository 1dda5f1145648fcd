//! What is in `environ`, against a table that was compared with Apache and mod_wsgi.

use serde_json::{Map, Value, json};

use crate::support::{Answer, Mode, Request, Site};

/// Answers with every key, its type and, where JSON can hold it, its value.
const SHOW: &str = r#"
import json
def application(environ, start_response):
    assert type(environ) is dict
    shown = {}
    for key, value in environ.items():
        plain = isinstance(value, (str, int, float, bool, tuple))
        shown[key] = [type(value).__name__, value if plain else None]
    body = json.dumps(shown).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
"#;

const MOUNTS: &str = "DocumentRoot \"${DIR}\"\nServerAdmin root@example.org\nSetEnv site.name shop\n\
                      WSGIScriptAlias /sub ${DIR}/app.wsgi\n";

fn strings(answer: &Answer) -> Map<String, Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let shown = answer.json();
    let pairs = shown.as_object().expect("an object").iter();
    pairs.filter(|(_, shown)| shown[0] == "str").map(|(key, shown)| (key.clone(), shown[1].clone())).collect()
}

/// Keys of a request that Apache's mod_wsgi gives and whose value no test can know, or that newer versions have.
const ALSO: &[&str] = &[
    "SERVER_SOFTWARE",
    "mod_wsgi.request_id",
    "mod_wsgi.connection_id",
    "mod_wsgi.server_pid",
    "mod_wsgi.enable_sendfile",
    "mod_wsgi.queue_start",
    "mod_wsgi.ignore_activity",
    "mod_wsgi.script_reloading",
    "mod_wsgi.handler_script",
    "mod_wsgi.request_start",
    "mod_wsgi.daemon_start",
];

#[test]
fn every_string_of_a_request() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, MOUNTS);
        let request = Request::get("/sub//a%20b/%c3%a9//c?x=1&y=%20")
            .header("Host", &format!("localhost:{}", site.port))
            .header("X-One", "1")
            .header("x-one", "2")
            .header("X-Umlaut", "\u{e4}")
            .header("Accept", "text/plain")
            .header("X_Real_User", "root")
            .header("X.Real.User", "root")
            .header("Content_Length", "5")
            .header("Proxy", "http://evil.example/")
            .header("Authorization", "Basic c2VjcmV0");
        let mut shown = strings(&server.send(&request));
        let folder = site.folder().to_str().unwrap();
        let expected = json!({
            "REQUEST_METHOD": "GET",
            "REQUEST_URI": "/sub//a%20b/%c3%a9//c?x=1&y=%20",
            "QUERY_STRING": "x=1&y=%20",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REQUEST_SCHEME": "http",
            "GATEWAY_INTERFACE": null,
            "SCRIPT_NAME": "/sub",
            // Decoded bytes as latin-1 (PEP 3333); repeated slashes are one.
            "PATH_INFO": "/a b/\u{c3}\u{a9}/c",
            "SCRIPT_FILENAME": format!("{folder}/app.wsgi"),
            "DOCUMENT_ROOT": folder,
            "CONTEXT_DOCUMENT_ROOT": folder,
            "CONTEXT_PREFIX": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": site.port.to_string(),
            "SERVER_ADDR": "127.0.0.1",
            "SERVER_ADMIN": "root@example.org",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": format!("localhost:{}", site.port),
            "HTTP_X_ONE": "1, 2",
            "HTTP_X_UMLAUT": "\u{c3}\u{a4}",
            "HTTP_ACCEPT": "text/plain",
            "site.name": "shop",
            "wsgi.url_scheme": "http",
            "mod_wsgi.process_group": if mode == Mode::Daemon { "app" } else { "" },
            "mod_wsgi.application_group": format!("localhost:{}|/sub", site.port),
            "mod_wsgi.callable_object": "application",
            "mod_wsgi.request_handler": "wsgi-script",
            "mod_wsgi.script_name": "/sub",
            "mod_wsgi.path_info": "/a b/\u{c3}\u{a9}/c",
            "mod_wsgi.listener_host": "127.0.0.1",
            "mod_wsgi.listener_port": site.port.to_string(),
        });
        let remote_port = shown.remove("REMOTE_PORT").unwrap_or_default();
        assert!(remote_port.as_str().is_some_and(|port| port.parse::<u16>().is_ok()), "REMOTE_PORT {remote_port}");
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(shown.remove(key).unwrap_or_default(), *value, "{key}, {mode:?}");
        }
        shown.retain(|key, _| !ALSO.contains(&key.as_str()));
        assert!(shown.is_empty(), "keys that should not be there, {mode:?}: {shown:?}");
        server.stop();
    }
}

#[test]
fn every_other_type() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, MOUNTS);
        let shown = server.get("/").json();
        assert_eq!(shown["wsgi.version"], json!(["tuple", [1, 0]]));
        assert_eq!(shown["wsgi.multithread"], json!(["bool", true]));
        assert_eq!(shown["wsgi.run_once"], json!(["bool", false]));
        assert_eq!(shown["wsgi.input_terminated"], json!(["bool", true]));
        assert_eq!(shown["wsgi.multiprocess"][0], "bool");
        assert_eq!(shown["wsgi.file_wrapper"][0], "type");
        for key in ["wsgi.input", "wsgi.errors"] {
            assert!(shown[key][0].is_string(), "{key}");
        }
        let version = shown["mod_wsgi.version"][1].as_array().expect("a tuple");
        assert_eq!(version.len(), 3, "mod_wsgi.version {version:?}");
        server.stop();
    }
}

#[test]
fn multiprocess_is_whether_processes_was_given() {
    let site = Site::with_app(SHOW);
    let daemon = "WSGIProcessGroup one\nWSGIScriptAlias / ${DIR}/app.wsgi\n\
                  <Directory ${DIR}>\nRequire all granted\n</Directory>\n";
    for (option, expected) in [("", false), ("processes=1", true), ("processes=2", true)] {
        let line = format!("WSGIDaemonProcess one {option} threads=1 python-home=${{VENV}}\n");
        let server = site.start(&(line + daemon));
        let shown = server.get("/").json();
        assert_eq!(shown["wsgi.multiprocess"][1], expected, "{option:?}");
        assert_eq!(shown["wsgi.multithread"][1], false);
        server.stop();
    }
}

/// `AllowEncodedSlashes`; Apache gives the same.
#[test]
fn encoded_slashes() {
    for (line, status, path_info) in [
        ("", 404, ""),
        ("AllowEncodedSlashes Off\n", 404, ""),
        ("AllowEncodedSlashes On\n", 200, "/a/b"),
        ("AllowEncodedSlashes NoDecode\n", 200, "/a%2fb"),
    ] {
        let site = Site::with_app(SHOW);
        let server = site.serve(Mode::Daemon, &format!("{line}{MOUNTS}"));
        let answer = server.get("/sub/a%2fb");
        assert_eq!(answer.status, status, "{line}");
        if status == 200 {
            assert_eq!(strings(&answer)["PATH_INFO"], path_info, "{line}");
        }
        server.stop();
    }
}

/// A mount at `/` leaves `SCRIPT_NAME` empty and all of the path to `PATH_INFO`.
#[test]
fn script_name_and_path_info() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, MOUNTS);
        for (target, script_name, path_info) in [
            ("/", "", "/"),
            ("/a/b", "", "/a/b"),
            ("/a/", "", "/a/"),
            ("/a//b", "", "/a/b"),
            ("/subway", "", "/subway"),
            ("/sub", "/sub", ""),
            ("/sub/", "/sub", "/"),
            ("//sub/x", "/sub", "/x"),
            ("/x/../sub/./y", "/sub", "/y"),
            ("/a;b+c?d", "", "/a;b+c"),
        ] {
            let shown = strings(&server.get(target));
            assert_eq!(shown["SCRIPT_NAME"], script_name, "SCRIPT_NAME of {target}, {mode:?}");
            assert_eq!(shown["PATH_INFO"], path_info, "PATH_INFO of {target}, {mode:?}");
            assert_eq!(shown["REQUEST_URI"], target);
        }
        server.stop();
    }
}

#[test]
fn content_type_and_length_have_one_home() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, MOUNTS);
        let shown = strings(&server.send(&Request::post("/", "abc").header("Content-Type", "text/x")));
        assert_eq!((&shown["CONTENT_TYPE"], &shown["CONTENT_LENGTH"]), (&json!("text/x"), &json!("3")));
        assert!(!shown.contains_key("HTTP_CONTENT_TYPE") && !shown.contains_key("HTTP_CONTENT_LENGTH"), "{shown:?}");
        server.stop();
    }
}

#[test]
fn authorization_only_where_it_is_passed() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, "<Location /open>\n    WSGIPassAuthorization On\n</Location>\n");
        let with = |target: &str| strings(&server.send(&Request::get(target).header("Authorization", "Bearer t")));
        assert_eq!(with("/open")["HTTP_AUTHORIZATION"], "Bearer t");
        assert!(!with("/shut").contains_key("HTTP_AUTHORIZATION"));
        server.stop();
    }
}

/// Several `Cookie` fields are one, joined as cookies are (RFC 9113 section 8.2.3); Apache joins them with a comma.
#[test]
fn cookies_are_joined_as_cookies() {
    let site = Site::with_app(SHOW);
    let server = site.serve(Mode::Daemon, "");
    let shown = strings(&server.send(&Request::get("/").header("Cookie", "a=1").header("Cookie", "b=2")));
    assert_eq!(shown["HTTP_COOKIE"], "a=1; b=2");
    server.stop();
}

/// Nothing of the server's own environment comes along.
#[test]
fn the_servers_environment_stays_outside() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, "");
        let shown = strings(&server.get("/"));
        for key in ["PATH", "HOME", "CARGO", "HTTPS", "REMOTE_USER", "REMOTE_HOST", "HTTP_PROXY"] {
            assert!(!shown.contains_key(key), "{key}, {mode:?}");
        }
        server.stop();
    }
}

#[test]
fn callable_object_by_name() {
    for mode in Mode::BOTH {
        let site = Site::with_app(&SHOW.replace("def application", "def app"));
        let server = site.serve(mode, "WSGICallableObject app\n");
        assert_eq!(strings(&server.get("/"))["mod_wsgi.callable_object"], "app");
        server.stop();
    }
}

/// There is no Apache, and an application that only looks for its request goes on without it.
#[test]
fn no_request_of_apache_is_passed() {
    for mode in Mode::BOTH {
        let site = Site::with_app(SHOW);
        let server = site.serve(mode, "WSGIPassApacheRequest On\n");
        let shown = strings(&server.get("/"));
        assert!(!shown.contains_key("apache.request_rec"), "{mode:?}: {shown:?}");
        server.stop();
    }
}
