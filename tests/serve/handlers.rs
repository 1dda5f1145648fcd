//! WSGI scripts that no mount leads to: `SetHandler`, `AddHandler`, `WSGIHandlerScript`.

use serde_json::json;

use crate::support::{Mode, Request, Server, Site, tests_apache};

const SHOW: &str = r#"
import json, os
def show(environ, start_response, callable):
    shown = [environ["SCRIPT_NAME"], environ["PATH_INFO"], os.path.basename(environ["SCRIPT_FILENAME"]), callable,
             environ["mod_wsgi.process_group"], environ["mod_wsgi.application_group"],
             os.path.basename(environ["mod_wsgi.handler_script"]), environ.get("HTTP_AUTHORIZATION")]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]

def application(environ, start_response):
    return show(environ, start_response, "application")

def handle_request(environ, start_response):
    return show(environ, start_response, environ["mod_wsgi.request_handler"])
"#;

fn site() -> Site {
    let site = Site::new();
    for name in ["www/page.wsgi", "www/sub/deep.wsgi.en", "www/closed/page.wsgi", "handler.py"] {
        site.file(name, SHOW);
    }
    site.file("www/plain.txt", "a file");
    site.file("www/page.doc", "a document");
    site.file("www/folder/index.html", "an index");
    site
}

const COMMON: &str = "DocumentRoot ${DIR}/www\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n";

fn directives(mode: Mode) -> &'static str {
    match mode {
        Mode::Embedded => "ServerLimit 1\nWSGIPythonHome ${VENV}\nWSGIApplicationGroup %{GLOBAL}\n",
        Mode::Daemon => {
            "WSGIDaemonProcess app threads=2 python-home=${VENV}\nWSGIProcessGroup app\nWSGIApplicationGroup %{GLOBAL}\n"
        }
    }
}

#[track_caller]
fn status(server: &Server, target: &str) -> u16 {
    server.get(target).status
}

#[test]
fn scripts_by_their_endings() {
    for mode in Mode::BOTH {
        let site = site();
        let group = if mode == Mode::Daemon { "app" } else { "" };
        let server = site.start(&format!(
            "{}{COMMON}Alias /other ${{DIR}}/www\n<Directory ${{DIR}}/www>\n    AddHandler wsgi-script .wsgi\n\
             Options +ExecCGI\n</Directory>\n<Directory ${{DIR}}/www/closed>\n    Options -ExecCGI\n</Directory>\n\
             <Location /as-files>\n    SetHandler default-handler\n</Location>\nAlias /as-files ${{DIR}}/www\n",
            directives(mode)
        ));
        for (target, name, path_info, file) in [
            ("/page.wsgi", "/page.wsgi", "", "page.wsgi"),
            ("/page.wsgi/more/of/it?x=1", "/page.wsgi", "/more/of/it", "page.wsgi"),
            ("/sub/deep.wsgi.en/x", "/sub/deep.wsgi.en", "/x", "deep.wsgi.en"),
            ("/other/page.wsgi/", "/other/page.wsgi", "/", "page.wsgi"),
        ] {
            let expected = json!([name, path_info, file, "application", group, "", "", null]);
            assert_eq!(server.get(target).json(), expected, "{target}");
        }
        assert_eq!(server.text("/plain.txt"), "a file");
        assert_eq!(server.text("/folder/"), "an index");
        assert_eq!(status(&server, "/closed/page.wsgi"), 403);
        server.logged("WSGI0134");
        for target in ["/missing.txt", "/plain.txt/more", "/nowhere/page"] {
            assert_eq!(status(&server, target), 404, "{target}");
        }
        assert_eq!(status(&server, "/missing.wsgi"), 404);
        server.logged("WSGI0135");
        assert!(server.text("/as-files/page.wsgi").contains("def application"), "SetHandler has the last word");
        server.stop();
    }
}

#[test]
fn a_folder_of_scripts() {
    let site = site();
    let server = site.start(&format!(
        "{}{COMMON}<Directory ${{DIR}}/www/sub>\n    SetHandler wsgi-script\n    Options ExecCGI\n</Directory>\n\
         <Files deep.wsgi.en>\n    WSGICallableObject handle_request\n</Files>\n",
        directives(Mode::Daemon)
    ));
    let shown = server.get("/sub/deep.wsgi.en/x").json();
    assert_eq!(shown[3], json!("wsgi-script"));
    assert_eq!(status(&server, "/sub"), 301);
    assert_eq!(status(&server, "/sub/"), 403);
    server.logged("WSGI0136");
    assert_eq!(status(&server, "/sub/none"), 404);
    server.stop();
}

#[test]
fn a_script_as_a_handler() {
    for mode in Mode::BOTH {
        let site = site();
        site.file("other.wsgi", SHOW);
        let server = site.start(&format!(
            "{}{COMMON}WSGIHandlerScript page ${{DIR}}/handler.py\n\
             WSGIHandlerScript authorized ${{DIR}}/handler.py application-group=own pass-authorization=On\n\
             WSGIHandlerScript missing ${{DIR}}/missing.py\n\
             AddHandler page .doc\n<Location /virtual>\n    SetHandler authorized\n</Location>\n\
             <Location /missing>\n    SetHandler missing\n</Location>\n\
             WSGIScriptAlias /mounted ${{DIR}}/other.wsgi\n<Location /mounted/x>\n    SetHandler page\n</Location>\n",
            directives(mode)
        ));
        let group = if mode == Mode::Daemon { "app" } else { "" };
        let ask = |target: &str| server.send(&Request::get(target).header("Authorization", "Basic YTpi"));
        for (target, expected) in [
            ("/page.doc", json!(["/page.doc", "", "page.doc", "page", group, "", "handler.py", null])),
            ("/page.doc/x/y", json!(["/page.doc", "/x/y", "page.doc", "page", group, "", "handler.py", null])),
            ("/nowhere.doc", json!(["/nowhere.doc", "", "nowhere.doc", "page", group, "", "handler.py", null])),
            (
                "/virtual/a/b",
                json!(["/virtual", "/a/b", "virtual", "authorized", group, "own", "handler.py", "Basic YTpi"]),
            ),
            ("/mounted/x", json!(["/mounted", "/x", "other.wsgi", "page", group, "", "handler.py", null])),
            ("/mounted/y", json!(["/mounted", "/y", "other.wsgi", "application", group, "", "", null])),
        ] {
            assert_eq!(ask(target).json(), expected, "{target}");
        }
        assert_eq!(status(&server, "/missing"), 500, "the handler's own script is not there");
        server.stop();
    }
}

/// What is asked for decides whether the script of a handler is loaded again.
#[test]
fn a_handler_is_asked_about_its_resource() {
    const CODE: &str = r#"
import os
def reload_required(resource):
    with open(os.path.join(os.path.dirname(__file__), "asked"), "a") as file:
        file.write(os.path.basename(resource) + "\n")
    return False

def handle_request(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
"#;
    if tests_apache() {
        return;
    }
    let site = site();
    site.file("handler.py", CODE);
    let server = site.start(&format!(
        "{}{COMMON}WSGIHandlerScript page ${{DIR}}/handler.py\nAddHandler page .doc\n",
        directives(Mode::Embedded)
    ));
    for _ in 0..2 {
        assert_eq!(server.text("/page.doc"), "ok");
    }
    assert_eq!(site.read("asked"), "page.doc\n");
    server.stop();
}

/// A media type may be a handler; any other one is what the file is sent as.
#[test]
fn media_types() {
    let page = "def application(environ, start_response):\n    start_response('200 OK', [])\n    \
                return [(environ['SCRIPT_NAME'] + ' ' + environ['PATH_INFO']).encode()]\n";
    let site = Site::new();
    for name in
        ["files/page.page", "files/forced/page", "files/closed/page.page", "files/forced/plain/page", "files/set.page"]
    {
        site.file(name, page);
    }
    site.file("files/a.special.en", "special");
    let server = site.start(
        "ServerLimit 1\nWSGIPythonHome \"${VENV}\"\nDocumentRoot ${DIR}/files\nWSGIApplicationGroup %{GLOBAL}\n\
         AddType application/x-httpd-wsgi .page\nAddType text/x-special .special .other\n\
         <Directory ${DIR}/files>\n    Require all granted\n    Options ExecCGI\n</Directory>\n\
         <Directory ${DIR}/files/closed>\n    Options -ExecCGI\n</Directory>\n\
         <Directory ${DIR}/files/forced>\n    ForceType application/x-httpd-wsgi\n</Directory>\n\
         <Directory ${DIR}/files/forced/plain>\n    ForceType text/x-page\n</Directory>\n\
         <Files set.page>\n    SetHandler default-handler\n</Files>\n",
    );
    assert_eq!(server.text("/page.page/x"), "/page.page /x");
    assert_eq!(server.text("/forced/page"), "/forced/page ");
    assert_eq!(server.get("/closed/page.page").status, 403);
    for (target, expected) in [
        ("/a.special.en", "text/x-special"),
        ("/forced/plain/page", "text/x-page"),
        ("/set.page", "application/x-httpd-wsgi"),
    ] {
        assert_eq!(server.get(target).header("Content-Type"), Some(expected), "{target}");
    }
    server.stop();
}
