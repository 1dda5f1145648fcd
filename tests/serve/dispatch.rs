//! `WSGIDispatchScript`: the groups and the callable of a request, chosen by a script.

use serde_json::json;

use crate::support::{Request, Server, Site, tests_apache};

const APP: &str = r#"
import json
def show(environ, start_response, name):
    shown = [environ["mod_wsgi.process_group"], environ["mod_wsgi.application_group"], name, environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]

def application(environ, start_response):
    return show(environ, start_response, "application")

def other(environ, start_response):
    return show(environ, start_response, "other")
"#;

/// The query says what to return: `p=one&a=x&c=other`. Bytes for `b:one`, an exception for `raise`, a number for `number`.
const DISPATCH: &str = r#"
import os, sys
from urllib.parse import parse_qs

def said(environ, name):
    value = parse_qs(environ["QUERY_STRING"]).get(name, [None])[0]
    if value == "raise":
        raise ValueError("on purpose")
    if value == "number":
        return 7
    if value == "keys":
        known = ["mod_wsgi.callable_object", "wsgi.input", "wsgi.errors", "SCRIPT_NAME", "PATH_INFO", "HTTP_HOST"]
        return ",".join(key for key in known if key in environ)
    if value == "self":
        environ["wsgi.errors"].write("asked in %r\n" % environ["mod_wsgi.application_group"])
        return environ["mod_wsgi.process_group"] or None
    return value.encode()[2:] if value and value.startswith("b:") else value

def process_group(environ):
    return said(environ, "p")

def application_group(environ):
    return said(environ, "a")

def callable_object(environ):
    return said(environ, "c")
"#;

const COMMON: &str = "WSGIDaemonProcess one threads=1 python-home=${VENV}\nWSGIDaemonProcess two threads=1 python-home=${VENV}\n\
                      WSGIPythonHome ${VENV}\nServerLimit 1\n\
                      <Directory ${DIR}>\n    Require all granted\n</Directory>\n";

#[track_caller]
fn status(server: &Server, target: &str) -> u16 {
    server.get(target).status
}

#[test]
fn a_script_chooses() {
    let site = Site::with_app(APP);
    site.file("dispatch.py", DISPATCH);
    let server = site.start(&format!(
        "{COMMON}WSGIProcessGroup one\nWSGIApplicationGroup %{{GLOBAL}}\nWSGIScriptAlias / ${{DIR}}/app.wsgi\n\
         WSGIDispatchScript ${{DIR}}/dispatch.py\n\
         <Location /restricted>\n    WSGIRestrictProcess one\n</Location>\n\
         <Location /named>\n    WSGIDispatchScript ${{DIR}}/dispatch.py application-group=own\n</Location>\n",
    ));
    let own = format!("localhost:{}", site.port);
    for (target, expected) in [
        ("/x", json!(["one", "", "application", "/x"])),
        ("/x?p=two", json!(["two", "", "application", "/x"])),
        ("/x?p=b:two&a=sub&c=other", json!(["two", "sub", "other", "/x"])),
        ("/x?a=%25%7BSERVER%7D", json!(["one", own, "application", "/x"])),
        ("/x?p=%25%7BGLOBAL%7D", json!(["", "", "application", "/x"])),
        ("/x?c=other", json!(["one", "", "other", "/x"])),
        ("/x?a=keys", json!(["one", "wsgi.errors,SCRIPT_NAME,PATH_INFO,HTTP_HOST", "application", "/x"])),
        ("/restricted?p=one", json!(["one", "", "application", "/restricted"])),
    ] {
        for _ in 0..2 {
            // The port of `%{SERVER}` is the client's in mod_wsgi.
            let answer = server.send(&Request::get(target).header("Host", &own));
            assert_eq!(answer.json(), expected, "{target}");
        }
    }
    assert_eq!(status(&server, "/x?p=three"), 500);
    server.logged("WSGI0151");
    assert_eq!(status(&server, "/restricted?p=two"), 500);
    server.logged("WSGI0149");
    assert_eq!(status(&server, "/x?a=raise"), 500);
    server.logged("ValueError: on purpose");
    assert_eq!(status(&server, "/x?c=number"), 500);
    assert_eq!(status(&server, "/x?p=self"), 200);
    server.logged("asked in ''");
    assert_eq!(status(&server, "/named?p=self"), 200);
    server.logged("asked in 'own'");
    assert_eq!(server.send(&Request::get("/x?c=none")).status, 500, "there is no such callable");
    server.stop();
}

/// mod_wsgi goes on with what is configured, as if there were no dispatch script.
#[test]
fn one_that_cannot_be_loaded_lets_nobody_in() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    site.file("dispatch.py", "raise ValueError('not loaded')\n");
    let server = site.start(&format!(
        "{COMMON}WSGIProcessGroup one\nWSGIRestrictEmbedded On\nWSGIScriptAlias / ${{DIR}}/app.wsgi\n\
         <Location /asked>\n    WSGIDispatchScript ${{DIR}}/dispatch.py\n</Location>\n\
         <Location /missing>\n    WSGIDispatchScript ${{DIR}}/missing.py\n</Location>\n",
    ));
    for (target, expected) in [("/x", 200), ("/asked", 500), ("/missing", 500)] {
        assert_eq!(status(&server, target), expected, "{target}");
    }
    server.logged("ValueError: not loaded");
    site.replace("dispatch.py", "def process_group(environ):\n    return 'two'\n");
    assert_eq!(server.get("/asked").json()[0], json!("two"));
    site.replace("dispatch.py", "def process_group(environ):\n    return '%{GLOBAL}'\n");
    assert_eq!(status(&server, "/asked"), 500, "WSGIRestrictEmbedded still holds");
    server.logged("WSGI0143");
    server.stop();
}
