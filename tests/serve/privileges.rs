//! Started by root: who the application is, and that there is no way back.

use nix::unistd::{Group, User, geteuid};
use serde_json::json;

use crate::support::{Mode, Server, Site, command, skipped, system_python, tests_apache};

const APP: &str = r#"
import json, os
def attempt(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except OSError as error:
        return type(error).__name__
def application(environ, start_response):
    shown = {
        "uids": os.getresuid(), "gids": os.getresgid(), "groups": os.getgroups(),
        "setuid": attempt(os.setuid, 0), "setgid": attempt(os.setgid, 0),
        "setgroups": attempt(os.setgroups, [0]),
        "shadow": attempt(open, "/etc/shadow"),
        "parent": attempt(os.kill, os.getppid(), 0),
        "group": environ["mod_wsgi.process_group"],
        "home": os.environ.get("HOME"), "user": os.environ.get("USER"),
        "umask": "%03o" % os.umask(0o27),
    }
    os.umask(int(shown["umask"], 8))
    body = json.dumps(shown).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]
"#;

/// The accounts of the tests: every Linux has them.
const FRONT: &str = "nobody";
const DAEMON: &str = "daemon";

/// A server as root starts it, with no `--allow-root`; the system's Python, since every account can execute it.
fn start<'a>(site: &'a Site, directives: &str) -> Option<Server<'a>> {
    let accounts = [FRONT, DAEMON].iter().all(|name| User::from_name(name).is_ok_and(|user| user.is_some()));
    if !geteuid().is_root() || system_python().is_none() || !accounts {
        skipped("privileges: needs root, /usr/bin/python3, and the accounts nobody and daemon");
        return None;
    }
    let group = group_of(FRONT);
    let conf = site.configure(&format!(
        "User {FRONT}\nGroup {group}\n{directives}WSGIScriptAlias / ${{DIR}}/app.wsgi\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
    ));
    let mut command = command(&["-f", conf.to_str().unwrap(), "--no-allow-root"]);
    command.env("PATH", "/usr/bin:/bin");
    Some(Server::start_with(site, command))
}

fn account(name: &str) -> User {
    User::from_name(name).expect("a database of accounts").expect("the account was looked for")
}

fn group_of(name: &str) -> String {
    Group::from_gid(account(name).gid).expect("a database of groups").expect("a primary group").name
}

fn expect(server: &Server, name: &str) -> serde_json::Value {
    let shown = server.get("/").json();
    let account = account(name);
    let (uid, gid) = (account.uid.as_raw(), account.gid.as_raw());
    assert_eq!(shown["uids"], json!([uid, uid, uid]));
    assert_eq!(shown["gids"], json!([gid, gid, gid]));
    let groups = shown["groups"].as_array().expect("a list");
    assert!(!groups.contains(&json!(0)), "root's group is among {groups:?}");
    for way in ["setuid", "setgid", "setgroups", "shadow", "parent"] {
        assert_eq!(shown[way], "PermissionError", "{way}: {shown}");
    }
    shown
}

#[test]
fn a_daemon_is_its_user() {
    let site = Site::with_app(APP);
    let directives =
        format!("WSGIDaemonProcess app user={DAEMON} group={} umask=0027\nWSGIProcessGroup app\n", group_of(DAEMON));
    let Some(server) = start(&site, &directives) else { return };
    let shown = expect(&server, DAEMON);
    assert_eq!(shown["umask"], "027");
    // mod_wsgi replaces USER only where it was set.
    assert!(shown["user"] == DAEMON || tests_apache(), "{shown}");
    assert_eq!(shown["home"], account(DAEMON).dir.to_str().unwrap());
    server.stop();
}

#[test]
fn a_daemon_without_a_user_is_the_servers() {
    let site = Site::with_app(APP);
    let Some(server) = start(&site, "WSGIDaemonProcess app\nWSGIProcessGroup app\n") else { return };
    expect(&server, FRONT);
    server.stop();
}

#[test]
fn an_embedded_application_is_the_servers_user() {
    let site = Site::with_app(APP);
    let Some(server) = start(&site, "") else { return };
    expect(&server, FRONT);
    server.stop();
}

/// Where all applications have process groups, scripts that are asked who may come are not theirs.
#[test]
fn a_script_that_is_asked_is_the_servers_user() {
    let site = Site::with_app(APP);
    site.file("access.py", format!("import os, pwd\ndef allow_access(environ, host):\n    return pwd.getpwuid(os.getuid()).pw_name == '{FRONT}'\n"));
    let directives = format!(
        "WSGIDaemonProcess app user={DAEMON} group={}\nWSGIProcessGroup app\nWSGIRestrictEmbedded On\n\
         <Location />\n    WSGIAccessScript ${{DIR}}/access.py\n</Location>\n",
        group_of(DAEMON)
    );
    let Some(server) = start(&site, &directives) else { return };
    expect(&server, DAEMON);
    server.stop();
}

/// With `--allow-root` root stays root where no `User` is given, and `Group` alone changes nothing.
#[test]
fn a_group_without_a_user_changes_nothing() {
    if !geteuid().is_root() || tests_apache() {
        skipped("a_group_without_a_user_changes_nothing: not root");
        return;
    }
    for mode in Mode::BOTH {
        let site = Site::with_app(APP);
        let server = site.serve(mode, &format!("Group {}\n", group_of(DAEMON)));
        assert_eq!(server.get("/").json()["gids"], json!([0, 0, 0]), "{mode:?}");
        server.stop();
    }
}

const LOOKS: &str = r#"
import json, mod_wsgi, os
def attempt(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except OSError as error:
        return type(error).__name__
def application(environ, start_response):
    folder = "/proc/self/fd"
    files = [os.path.join(folder, name) for name in os.listdir(folder)]
    boards = [name for name in files if os.path.islink(name) and "scoreboard" in os.readlink(name)]
    shown = [worker for worker in mod_wsgi.server_metrics()["processes"][0]["workers"] if worker["status"] == "W"]
    ways = [(attempt(os.pwrite, int(os.path.basename(name)), b"x", 0), attempt(os.open, name, os.O_RDWR)) for name in boards]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"requests": [worker["request"] for worker in shown], "ways": ways}).encode()]
"#;

/// What the server does is seen by a process of another account, which cannot write there.
#[test]
fn a_daemon_cannot_change_what_server_metrics_shows() {
    if tests_apache() {
        return;
    }
    let site = Site::new();
    site.file("app.wsgi", LOOKS);
    let directives = format!("WSGIDaemonProcess app user={DAEMON} server-metrics=On\nWSGIProcessGroup app\n");
    let Some(server) = start(&site, &directives) else { return };
    let shown = server.get("/").json();
    assert_eq!(shown, json!({"requests": ["GET / HTTP/1.1"], "ways": [["OSError", "PermissionError"]]}));
    server.stop();
}
