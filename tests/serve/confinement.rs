//! What processes of a group see of the machine, and whose scripts they run: `supplementary-groups`, `chroot`, `script-user`,
//! `script-group`. All of it as root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Group, User, geteuid};
use serde_json::json;

use crate::support::{Server, Site, command, run, skipped, system_python};

const APP: &str = r#"
import json, os
def application(environ, start_response):
    body = {"groups": sorted(os.getgroups()), "uid": os.getuid(), "root": sorted(os.listdir("/")), "cwd": os.getcwd(),
            "file": __file__, "script": environ["SCRIPT_FILENAME"], "tmp": os.listdir("/tmp") if os.path.isdir("/tmp") else None,
            "stdin": os.read(0, 1).decode()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]
"#;

const USER: &str = "daemon";

fn account(name: &str) -> User {
    User::from_name(name).expect("a database of accounts").expect("every Linux has it")
}

fn group(name: &str) -> u32 {
    Group::from_name(name).expect("a database of groups").expect("every Linux has it").gid.as_raw()
}

/// Whether this can be tested here.
fn is_possible() -> bool {
    let accounts = [USER, "nobody"].iter().all(|name| User::from_name(name).is_ok_and(|user| user.is_some()));
    let groups = ["mail", "adm", "tty"].iter().all(|name| Group::from_name(name).is_ok_and(|group| group.is_some()));
    let possible = geteuid().is_root() && system_python().is_some() && accounts && groups;
    if !possible {
        skipped("confinement: needs root, /usr/bin/python3, and the accounts of a Linux");
    }
    possible
}

/// A server as root starts it; the system's Python, since every account can execute it.
fn start<'a>(site: &'a Site, directives: &str) -> Server<'a> {
    let mut command = command(&["-f", configure(site, directives).to_str().unwrap(), "--no-allow-root"]);
    command.env("PATH", "/usr/bin:/bin");
    Server::start_with(site, command)
}

fn configure(site: &Site, directives: &str) -> PathBuf {
    site.configure(&format!("User nobody\n{directives}<Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"))
}

fn serve<'a>(site: &'a Site, options: &str) -> Server<'a> {
    start(
        site,
        &format!(
            "WSGIDaemonProcess app threads=1 user={USER} {options}\n\
             WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n"
        ),
    )
}

#[test]
fn groups_beside_that_of_the_user() {
    if !is_possible() {
        return;
    }
    let own = account(USER).gid.as_raw();
    let sorted = |mut groups: Vec<u32>| {
        groups.sort_unstable();
        json!(groups)
    };
    for (option, expected) in [
        ("supplementary-groups=mail,adm", sorted(vec![own, group("mail"), group("adm")])),
        ("supplementary-groups=#4711", sorted(vec![own, 4711])),
    ] {
        let site = Site::with_app(APP);
        let server = serve(&site, option);
        assert_eq!(server.get("/").json()["groups"], expected, "{option}");
        server.stop();
    }
    // Root's group, and one that is not there, are mistakes.
    for (option, text) in [
        ("supplementary-groups=mail,root", "the group is root"),
        ("supplementary-groups=mail,no-such-group", "there is no group `no-such-group`"),
    ] {
        let site = Site::with_app(APP);
        let directives = format!("WSGIDaemonProcess app user={USER} {option}\n");
        let output = run(command(&["-f", configure(&site, &directives).to_str().unwrap(), "--no-allow-root"]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(text), "{option}: {said}");
    }
}

/// Copies the system's Python, and what it and our library need, into a folder.
fn furnish(jail: &Path) {
    let python = &system_python().expect("looked for before").program;
    let copy = |from: &Path| {
        let to = jail.join(from.strip_prefix("/").expect("an absolute path"));
        fs::create_dir_all(to.parent().expect("below the folder")).expect("our own folder");
        let copied = Command::new("cp").args(["-aL", "--no-preserve=ownership"]).arg(from).arg(&to).status();
        assert!(copied.is_ok_and(|status| status.success()), "{} can be copied", from.display());
    };
    copy(python);
    fs::copy(python, jail.join("usr/bin/python3")).expect("our own folder");
    let library = crate::support::profile_folder().join("libwsgi_python.so");
    let asked = Command::new(python).args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output();
    let folder = String::from_utf8(asked.expect("it can be executed").stdout).expect("a path");
    let folder = PathBuf::from(folder.trim_end());
    copy(&folder);
    let mut programs = vec![python.clone(), library];
    let found = fs::read_dir(folder.join("lib-dynload")).expect("Python's own folder").flatten();
    programs.extend(found.map(|entry| entry.path()));
    for program in programs {
        let listed = Command::new("ldd").arg(&program).output().expect("ldd is there");
        for word in String::from_utf8_lossy(&listed.stdout).split_whitespace() {
            let path = Path::new(word);
            if path.is_absolute() && path.is_file() && !jail.join(&word[1..]).exists() {
                copy(path);
            }
        }
    }
    fs::create_dir_all(jail.join("tmp")).expect("our own folder");
    fs::set_permissions(jail.join("tmp"), fs::Permissions::from_mode(0o1777)).expect("our own folder");
}

#[test]
fn a_process_sees_its_chroot_alone() {
    if !is_possible() {
        return;
    }
    let site = Site::new();
    let jail = site.path("jail");
    furnish(&jail);
    site.file("jail/srv/app.wsgi", APP);
    site.file("outside.wsgi", APP);
    let server = start(
        &site,
        &format!(
            "WSGIDaemonProcess app threads=1 user={USER} chroot=${{DIR}}/jail home=/srv python-home=/usr\n\
             Alias /outside ${{DIR}}/outside.wsgi\n\
             <Location /outside>\n    Options ExecCGI\n    SetHandler wsgi-script\n    WSGIProcessGroup app\n</Location>\n\
             WSGIScriptAlias /late ${{DIR}}/jail/srv/late.wsgi process-group=app\n\
             WSGIScriptAlias / ${{DIR}}/jail/srv/app.wsgi process-group=app application-group=%{{GLOBAL}}\n"
        ),
    );
    let shown = server.get("/").json();
    let seen = shown["root"].as_array().expect("a list");
    assert!(seen.contains(&json!("srv")) && !seen.contains(&json!("proc")) && !seen.contains(&json!("etc")), "{shown}");
    assert_eq!(shown["uid"], account(USER).uid.as_raw());
    assert_eq!((&shown["cwd"], &shown["file"]), (&json!("/srv"), &json!("/srv/app.wsgi")));
    assert_eq!(shown["script"], "/srv/app.wsgi");
    // The copy of the library that was needed is gone.
    assert_eq!((&shown["tmp"], &shown["stdin"]), (&json!([]), &json!("")));
    // A script outside is refused, one that is not there is not found.
    assert_eq!(server.get("/outside").status, 500);
    server.logged("WSGI0081: script '");
    assert_eq!(server.get("/late").status, 404);
    server.stop();
}

#[test]
fn a_chroot_that_cannot_be_entered() {
    if !is_possible() {
        return;
    }
    let site = Site::with_app(APP);
    let directives = format!("WSGIDaemonProcess app user={USER} chroot=${{DIR}}/nowhere\n");
    let output = run(command(&["-f", configure(&site, &directives).to_str().unwrap(), "--no-allow-root"]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &site.read("error.log");
    assert!(!output.status.success() && said.contains("chroot ") && said.contains("nowhere"), "{said}");
}

#[test]
fn whose_scripts_are_run() {
    if !is_possible() {
        return;
    }
    let (user, other) = (account(USER), account("nobody"));
    let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
    let group_name = Group::from_gid(user.gid).expect("a database of groups").expect("a primary group").name;
    for (option, wrong) in [
        (
            format!("script-user={USER}"),
            [
                (0o755, 0o644, Some(other.uid.as_raw()), None, "WSGI0164"),
                (0o755, 0o664, None, None, "WSGI0166"),
                (0o755, 0o646, None, None, "WSGI0168"),
                (0o757, 0o644, None, None, "WSGI0172"),
                (0o775, 0o644, None, None, "WSGI0173"),
            ],
        ),
        (
            format!("script-group={group_name}"),
            [
                (0o755, 0o644, None, Some(other.gid.as_raw()), "WSGI0155"),
                (0o755, 0o646, None, None, "WSGI0157"),
                (0o757, 0o644, None, None, "WSGI0161"),
                (0o775, 0o664, None, None, ""),
                (0o755, 0o644, None, None, ""),
            ],
        ),
    ] {
        let site = Site::new();
        let script = site.file("own/app.wsgi", APP);
        let folder = site.path("own");
        let server = start(
            &site,
            &format!(
                "WSGIDaemonProcess app threads=1 user={USER} {option}\n\
                 WSGIScriptAlias / ${{DIR}}/own/app.wsgi process-group=app application-group=%{{GLOBAL}}\n"
            ),
        );
        let set = |of_folder: u32, of_script: u32, owner: Option<u32>, group: Option<u32>| {
            chown(&folder, Some(uid), Some(gid)).expect("root may");
            chown(&script, Some(owner.unwrap_or(uid)), Some(group.unwrap_or(gid))).expect("root may");
            fs::set_permissions(&folder, fs::Permissions::from_mode(of_folder)).expect("root may");
            fs::set_permissions(&script, fs::Permissions::from_mode(of_script)).expect("root may");
        };
        set(0o755, 0o644, None, None);
        assert_eq!(server.get("/").status, 200, "{option}");
        for (of_folder, of_script, owner, group, code) in wrong {
            set(of_folder, of_script, owner, group);
            let expected = if code.is_empty() { 200 } else { 403 };
            assert_eq!(server.get("/").status, expected, "{option}: {code}");
            server.logged(code);
        }
        // The folder's own.
        set(0o755, 0o644, None, None);
        chown(&folder, Some(other.uid.as_raw()), Some(other.gid.as_raw())).expect("root may");
        assert_eq!(server.get("/").status, 403, "{option}");
        server.logged(if option.starts_with("script-user") { "WSGI0171" } else { "WSGI0160" });
        server.stop();
    }
}

#[test]
fn an_owner_that_is_not_there() {
    if !is_possible() {
        return;
    }
    for option in ["script-user=no-such-user", "script-group=no-such-group"] {
        let site = Site::with_app(APP);
        let directives = format!("WSGIDaemonProcess app user={USER} {option}\n");
        let output = run(command(&["-f", configure(&site, &directives).to_str().unwrap(), "--no-allow-root"]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("there is no "), "{option}: {said}");
    }
}
