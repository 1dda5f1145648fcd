//! Which server answers, and with what: virtual hosts, aliases, access.

use crate::support::{Mode, Request, Server, Site};

/// Answers with the value of a variable that each host sets.
const WHO: &str = r#"
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("who", "nobody").encode()]
"#;

const ALLOW: &str = "<Directory ${DIR}>\n    Require all granted\n</Directory>\nWSGIScriptAlias / ${DIR}/app.wsgi\n\
                     WSGIDaemonProcess app python-home=${VENV}\nWSGIProcessGroup app\n";

fn host(addresses: &str, who: &str, names: &str) -> String {
    format!("<VirtualHost {addresses}>\n    {names}\n    SetEnv who {who}\n</VirtualHost>\n")
}

#[track_caller]
fn who(server: &Server, host: &str) -> String {
    let answer = server.send(&Request::get("/").header("Host", host));
    assert_eq!(answer.status, 200, "{host}: {answer:?}");
    answer.text()
}

#[test]
fn by_name() {
    let site = Site::with_app(WHO);
    let hosts = host("*:${PORT}", "first", "ServerName first.test")
        + &host("*:${PORT}", "second", "ServerName second.test\n    ServerAlias alias.test *.wild.test qu?stion.test")
        + &host("*:${PORT}", "third", "ServerName third.test:${PORT}\n    ServerAlias www.second.test");
    let server = site.start(&(ALLOW.to_owned() + &hosts));
    for (name, expected) in [
        ("first.test", "first"),
        ("second.test", "second"),
        ("SECOND.Test", "second"),
        ("second.test.", "second"),
        ("second.test:8080", "second"),
        ("alias.test", "second"),
        ("a.wild.test", "second"),
        ("a.b.wild.test", "second"),
        ("wild.test", "first"),
        ("question.test", "second"),
        ("third.test", "third"),
        ("www.second.test", "third"),
        ("unknown.test", "first"),
        ("127.0.0.1", "first"),
    ] {
        assert_eq!(who(&server, name), expected, "Host: {name}");
    }
    // An absolute target beats the header.
    let target = format!("http://second.test:{}/", site.port);
    assert_eq!(server.send(&Request::get(&target).header("Host", "first.test")).text(), "second");
    server.stop();
}

#[test]
fn by_address_and_port() {
    let site = Site::with_app(WHO);
    let other = crate::support::free_port();
    let hosts = format!("Listen 127.0.0.2:${{PORT}}\nListen 127.0.0.1:{other}\nSetEnv who main\n")
        + &host("127.0.0.2:${PORT}", "second-address", "ServerName same.test")
        + &host(&format!("*:{other}"), "other-port", "ServerName same.test")
        + &host(&format!("*:{other}"), "other-name", "ServerName other.test");
    let server = site.start(&(ALLOW.to_owned() + &hosts));
    let ask = |address: &str, port: u16, name: &str| {
        let address = format!("{address}:{port}").parse().unwrap();
        crate::support::Connection::open(address).exchange(&Request::get("/").header("Host", name)).text()
    };
    assert_eq!(ask("127.0.0.1", site.port, "same.test"), "main");
    assert_eq!(ask("127.0.0.2", site.port, "same.test"), "second-address");
    assert_eq!(ask("127.0.0.2", site.port, "any.test"), "second-address");
    assert_eq!(ask("127.0.0.1", other, "any.test"), "other-port");
    assert_eq!(ask("127.0.0.1", other, "other.test"), "other-name");
    server.stop();
}

/// Entries of a host come before those of the main server; within a list the first that matches wins.
#[test]
fn the_first_mount_that_matches() {
    let site = Site::new();
    for name in ["main", "host", "pre", "longer"] {
        site.file(&format!("{name}.wsgi"), WHO.replace("environ.get(\"who\", \"nobody\")", &format!("\"{name}\"")));
    }
    let server = site.start(
        "WSGIDaemonProcess app python-home=${VENV}\nWSGIProcessGroup app\n\
         <Directory ${DIR}>\n    Require all granted\n</Directory>\n\
         WSGIScriptAlias /both ${DIR}/main.wsgi\nWSGIScriptAlias /main ${DIR}/main.wsgi\n\
         <VirtualHost *:${PORT}>\n    ServerName localhost\n    WSGIScriptAlias /both ${DIR}/host.wsgi\n\
         \x20   WSGIScriptAlias /pre ${DIR}/pre.wsgi\n    WSGIScriptAlias /pre/longer ${DIR}/longer.wsgi\n</VirtualHost>\n",
    );
    for (target, expected) in
        [("/both", "host"), ("/main", "main"), ("/pre", "pre"), ("/pre/longer", "pre"), ("//pre//x", "pre")]
    {
        assert_eq!(server.text(target), expected, "{target}");
    }
    for target in ["/other", "/prefix", "/bot"] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
    server.stop();
}

/// A folder as target: each script in it, by name.
#[test]
fn a_folder_of_scripts() {
    let site = Site::new();
    let app = WHO.replace("environ.get(\"who\", \"nobody\")", "(environ['SCRIPT_NAME'] + ' ' + environ['PATH_INFO'])");
    site.file("apps/one.wsgi", &app);
    site.file("apps/below/two.wsgi", &app);
    let server = site.start(
        "WSGIDaemonProcess app python-home=${VENV}\nWSGIProcessGroup app\n\
         WSGIScriptAlias /apps/ ${DIR}/apps/\n<Directory ${DIR}/apps>\n    Require all granted\n</Directory>\n",
    );
    assert_eq!(server.text("/apps/one.wsgi"), "/apps/one.wsgi ");
    assert_eq!(server.text("/apps/one.wsgi/more"), "/apps/one.wsgi /more");
    assert_eq!(server.text("/apps/below/two.wsgi/x/y"), "/apps/below/two.wsgi /x/y");
    assert_eq!(server.get("/apps/none.wsgi").status, 404);
    server.stop();
}

/// Without `Require all granted` for the folder of the script, nobody gets in.
#[test]
fn scripts_obey_access() {
    for mode in Mode::BOTH {
        for (access, expected) in [
            ("", 200),
            ("<Directory ${DIR}>\n    Require all denied\n</Directory>\n", 403),
            ("<Location /shut>\n    Require all denied\n</Location>\n", 200),
            ("<Files app.wsgi>\n    Require all denied\n</Files>\n", 403),
            ("<Directory ${DIR}>\n    <Files *.wsgi>\n    Require all denied\n    </Files>\n</Directory>\n", 403),
        ] {
            let site = Site::with_app(WHO);
            let modules = "WSGIPythonHome ${VENV}\nWSGIScriptAlias / ${DIR}/app.wsgi\n";
            let daemon = "WSGIDaemonProcess app python-home=${VENV}\nWSGIProcessGroup app\n\
                          WSGIScriptAlias / ${DIR}/app.wsgi\n";
            let mount = if mode == Mode::Daemon { daemon } else { modules };
            let server = site.start(&format!("<Directory />\n    Require all granted\n</Directory>\n{mount}{access}"));
            assert_eq!(server.get("/").status, expected, "{mode:?}: {access}");
            if access.contains("/shut") {
                for target in ["/shut", "/shut/x", "//shut", "/%73hut", "/x/../shut"] {
                    assert_eq!(server.get(target).status, 403, "{target}");
                }
                assert_eq!(server.get("/shutter").status, 200);
            }
            server.stop();
        }
    }
}

#[test]
fn process_groups_by_section() {
    let app = WHO.replace("environ.get(\"who\", \"nobody\")", "environ['mod_wsgi.process_group']");
    let site = Site::with_app(&app);
    let server = site.start(
        "WSGIDaemonProcess one python-home=${VENV}\nWSGIDaemonProcess two python-home=${VENV}\n\
         <Directory ${DIR}>\n    Require all granted\n    WSGIProcessGroup one\n</Directory>\n\
         <Location /two>\n    WSGIProcessGroup two\n</Location>\n\
         WSGIScriptAlias /by-option ${DIR}/app.wsgi process-group=two\nWSGIScriptAlias / ${DIR}/app.wsgi\n",
    );
    assert_eq!(server.text("/"), "one");
    assert_eq!(server.text("/two"), "two");
    assert_eq!(server.text("/by-option"), "two");
    server.stop();
}

#[test]
fn embedded_mode_may_be_forbidden() {
    let site = Site::with_app(WHO);
    let server = site.start(
        "WSGIRestrictEmbedded On\nWSGIScriptAlias / ${DIR}/app.wsgi\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    assert_eq!(server.get("/").status, 500);
    server.stop();
}
