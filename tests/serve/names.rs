//! Which process group and which interpreter a request gets, and what a client can do about it.

use serde_json::{Value, json};

use crate::support::{Request, Server, Site, note, tests_apache};

/// Says where it runs.
const WHERE: &str = r#"
import json
def answer(environ, start_response, name):
    shown = [environ["mod_wsgi.process_group"], environ["mod_wsgi.application_group"], name,
             environ["SCRIPT_NAME"], environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]

def application(environ, start_response):
    return answer(environ, start_response, "application")

def other(environ, start_response):
    return answer(environ, start_response, "other")
"#;

const COMMON: &str = "WSGIDaemonProcess one threads=1 python-home=${VENV}\nWSGIDaemonProcess two threads=1 python-home=${VENV}\n\
                      <Directory ${DIR}>\n    Require all granted\n</Directory>\n";

#[track_caller]
fn place(server: &Server, host: &str, target: &str) -> Value {
    let answer = server.send(&Request::get(target).header("Host", host));
    assert_eq!(answer.status, 200, "{host} {target}: {answer:?}");
    answer.json()
}

#[track_caller]
fn status(server: &Server, host: &str, target: &str) -> u16 {
    server.send(&Request::get(target).header("Host", host)).status
}

#[test]
fn tokens() {
    let site = Site::with_app(WHERE);
    let server = site.start(&format!(
        "{COMMON}WSGIDaemonProcess a.test:${{PORT}} threads=1 python-home=${{VENV}}\n\
         WSGIDaemonProcess a.test:${{PORT}}|/resource threads=1 python-home=${{VENV}}\n\
         <VirtualHost *:${{PORT}}>\n    ServerName a.test:${{PORT}}\n    ServerAlias b.test *.c.test\n\
         SetEnv group two\n    SetEnv token %{{SERVER}}\n    SetEnv name other\n\
         WSGIScriptAlias /server ${{DIR}}/app.wsgi process-group=%{{SERVER}} application-group=%{{SERVER}}\n\
         WSGIScriptAlias /resource ${{DIR}}/app.wsgi process-group=%{{RESOURCE}}\n\
         WSGIScriptAlias /host ${{DIR}}/app.wsgi process-group=one application-group=%{{HOST}}\n\
         WSGIScriptAlias /hosts ${{DIR}}/app.wsgi process-group=%{{HOST}} application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /env ${{DIR}}/app.wsgi process-group=%{{ENV:GROUP}} application-group=%{{ENV:token}}\n\
         WSGIScriptAlias /callable ${{DIR}}/app.wsgi process-group=one\n\
         WSGIScriptAlias /unset ${{DIR}}/app.wsgi process-group=one application-group=%{{ENV:nobody}}\n\
         WSGIScriptAlias /unset-group ${{DIR}}/app.wsgi process-group=%{{ENV:nobody}}\n\
         <Location /callable>\n        WSGICallableObject %{{ENV:name}}\n    </Location>\n\
         <Location /unset>\n        WSGICallableObject %{{ENV:nobody}}\n    </Location>\n\
         </VirtualHost>\n",
    ));
    let port = site.port;
    let name = |host: &str| format!("{host}:{port}");
    let own = name("a.test");
    for (host, target, group, interpreter, callable) in [
        ("a.test", "/server/x", own.as_str(), own.as_str(), "application"),
        ("a.test", "/resource/x", &format!("{own}|/resource"), &format!("{own}|/resource"), "application"),
        ("a.test", "/host", "one", &own, "application"),
        ("B.Test", "/host", "one", &name("b.test"), "application"),
        ("x.c.test", "/host", "one", &name("x.c.test"), "application"),
        ("a.test", "/hosts", &own, "", "application"),
        ("a.test", "/env", "two", &own, "application"),
        ("a.test", "/callable", "one", &format!("{own}|/callable"), "other"),
        ("a.test", "/unset", "one", "%{ENV:nobody}", "application"),
    ] {
        let shown = place(&server, &name(host), target);
        assert_eq!(
            (&shown[0], &shown[1], &shown[2]),
            (&json!(group), &json!(interpreter), &json!(callable)),
            "{target}"
        );
    }
    assert_eq!(status(&server, &name("b.test"), "/hosts"), 500, "no group is called so");
    server.logged("WSGI0151");
    assert_eq!(status(&server, &name("a.test"), "/unset-group"), 500);
    server.logged("%{ENV:nobody}");
    server.stop();
}

/// mod_wsgi takes every name and port of a `Host` field for that of a new interpreter.
#[test]
fn a_client_makes_no_interpreters() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(WHERE);
    let server = site.start(&format!(
        "{COMMON}WSGIProcessGroup one\n\
         <VirtualHost *:${{PORT}}>\n    ServerName a.test\n    ServerAlias b.test\n\
         WSGIScriptAlias /host ${{DIR}}/app.wsgi application-group=%{{HOST}}\n\
         WSGIScriptAlias /server ${{DIR}}/app.wsgi application-group=%{{SERVER}}\n\
         WSGIScriptAlias /resource ${{DIR}}/app.wsgi\n\
         WSGIScriptAliasMatch ^/pattern/[a-z0-9]* ${{DIR}}/app.wsgi\n    </VirtualHost>\n",
    ));
    let own = format!("a.test:{}", site.port);
    for host in ["a.test", "a.test:1", "a.test:2", "stranger.test", "127.0.0.1:99"] {
        assert_eq!(place(&server, host, "/host")[1], json!(own), "{host}");
        assert_eq!(place(&server, host, "/server")[1], json!(own), "{host}");
        assert_eq!(place(&server, host, "/resource")[1], json!(format!("{own}|/resource")), "{host}");
    }
    // What the pattern lets a client choose gets interpreters of its own, and then shares one.
    let mut names: Vec<String> = Vec::new();
    for number in 0..70 {
        let shown = place(&server, "a.test", &format!("/pattern/{number}/rest"));
        assert_eq!((&shown[3], &shown[4]), (&json!(format!("/pattern/{number}")), &json!("/rest")));
        names.push(shown[1].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], format!("{own}|/pattern/0"));
    assert_eq!(names[63], format!("{own}|/pattern/63"));
    assert!(names[64..].iter().all(|name| *name == format!("{own}|*")), "{names:?}");
    assert_eq!(place(&server, "a.test", "/pattern/0")[1], json!(names[0]), "the first keep theirs");
    server.stop();
}

/// The names that a pattern of `ServerAlias` covers are sites of their own: one more than there may be is refused.
#[test]
fn names_that_a_pattern_covers_are_counted() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(WHERE);
    let server = site.start(&format!(
        "{COMMON}WSGIProcessGroup one\nWSGIApplicationGroup %{{HOST}}\nWSGIScriptAlias / ${{DIR}}/app.wsgi\n\
         <VirtualHost *:${{PORT}}>\n    ServerName a.test\n    ServerAlias *.a.test\n</VirtualHost>\n",
    ));
    for number in 0..64 {
        let name = format!("n{number}.a.test");
        assert_eq!(place(&server, &name, "/")[1], json!(format!("{name}:{}", site.port)));
    }
    assert_eq!(status(&server, "n64.a.test", "/"), 503);
    server.logged("covered too many names");
    for known in ["a.test", "n0.a.test", "n63.a.test"] {
        assert_eq!(status(&server, known, "/"), 200, "{known}");
    }
    server.stop();
}

#[test]
fn process_groups_that_may_not_be_used() {
    let site = Site::with_app(WHERE);
    let server = site.start(&format!(
        "{COMMON}SetEnv one one\nSetEnv theirs theirs\nSetEnv embedded %{{GLOBAL}}\nServerLimit 1\nWSGIPythonHome ${{VENV}}\n\
         WSGIScriptAlias /one ${{DIR}}/app.wsgi process-group=%{{ENV:one}} application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /two ${{DIR}}/app.wsgi process-group=two application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /embedded ${{DIR}}/app.wsgi process-group=%{{ENV:embedded}} application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /theirs ${{DIR}}/app.wsgi process-group=%{{ENV:theirs}} application-group=%{{GLOBAL}}\n\
         <Location /one>\n    WSGIRestrictProcess two %{{GLOBAL}}\n</Location>\n\
         <Location /two>\n    WSGIRestrictProcess two\n</Location>\n\
         <Location /embedded>\n    WSGIRestrictProcess %{{GLOBAL}}\n</Location>\n\
         <Location /embedded/not>\n    WSGIRestrictProcess one\n</Location>\n\
         <VirtualHost *:${{PORT}}>\n    ServerName user.test\n</VirtualHost>\n\
         <VirtualHost *:${{PORT}}>\n    ServerName owner.test\n\
         WSGIDaemonProcess theirs threads=1 python-home=${{VENV}}\n</VirtualHost>\n\
         <VirtualHost 127.0.0.1:${{PORT}}>\n    ServerName none.test\n</VirtualHost>\n\
         <VirtualHost 127.0.0.1:${{PORT}}>\n    ServerName owner.test\n    SetEnv which second\n</VirtualHost>\n",
    ));
    for (host, target, expected, group) in [
        ("user.test", "/one", 500, ""),
        ("user.test", "/two", 200, "two"),
        ("user.test", "/embedded", 200, ""),
        ("user.test", "/embedded/not", 500, ""),
        ("user.test", "/theirs", 500, ""),
        ("owner.test", "/theirs", 200, "theirs"),
    ] {
        note(&format!("{host}{target}"));
        assert_eq!(status(&server, host, target), expected, "{host}{target}");
        if expected == 200 {
            assert_eq!(place(&server, host, target)[0], json!(group));
        }
    }
    for code in ["WSGI0149", "WSGI0152"] {
        server.logged(code);
    }
    server.stop();
}

#[test]
fn mounts_by_pattern() {
    let site = Site::with_app(WHERE);
    site.file("app7.wsgi", WHERE);
    let server = site.start(&format!(
        "{COMMON}WSGIProcessGroup one\nWSGIApplicationGroup %{{GLOBAL}}\n\
         WSGIScriptAliasMatch ^/m([0-9]) ${{DIR}}/app$1.wsgi\n\
         WSGIScriptAliasMatch ^/wiki(/.*)?$ ${{DIR}}/app.wsgi$1 callable-object=other process-group=two\n\
         WSGIScriptAlias /first/in ${{DIR}}/app.wsgi callable-object=other\n\
         WSGIScriptAliasMatch ^/first ${{DIR}}/app.wsgi\n\
         WSGIScriptAlias /first/late ${{DIR}}/app.wsgi callable-object=other\n",
    ));
    for (target, expected) in [
        ("/m7", json!(["one", "", "application", "/m7", ""])),
        ("/m7/more", json!(["one", "", "application", "/m7", "/more"])),
        ("/wiki", json!(["two", "", "other", "/wiki", ""])),
        ("/wiki/a/b", json!(["two", "", "other", "/wiki", "/a/b"])),
        ("/first/in/x", json!(["one", "", "other", "/first/in", "/x"])),
        ("/first/late", json!(["one", "", "application", "/first", "/late"])),
    ] {
        assert_eq!(server.get(target).json(), expected, "{target}");
    }
    for target in ["/m7x", "/m8", "/m", "/other"] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
    server.stop();
}

/// `WSGICaseSensitivity Off` on a file system that does not tell cases apart: the same file has two names. Here a link makes them.
#[test]
fn one_file_by_two_names() {
    let site = Site::with_app(
        "import sys\ncount = 0\ndef application(environ, start_response):\n    global count\n    count += 1\n    \
         start_response('200 OK', [])\n    \
         names = [name for name in sys.modules if name.startswith('_mod_wsgi_')]\n    \
         return [b'%d %d' % (count, len(names))]\n",
    );
    std::fs::hard_link(site.path("app.wsgi"), site.path("APP.wsgi")).expect("both names are in one folder");
    for (state, expected) in [("Off", ["1 1", "2 1", "3 1"]), ("On", ["1 1", "1 2", "2 2"])] {
        let server = site.start(&format!(
            "{COMMON}WSGICaseSensitivity {state}\nWSGIProcessGroup one\nWSGIApplicationGroup %{{GLOBAL}}\n\
             WSGIScriptAlias /lower ${{DIR}}/app.wsgi\nWSGIScriptAlias /upper ${{DIR}}/APP.wsgi\n"
        ));
        let found = ["/lower", "/upper", "/upper"].map(|target| server.text(target));
        assert_eq!(found, expected, "{state}");
        server.stop();
    }
}
