//! What is said of each case of the stage `inspect`, and of a site on a real disk.

mod case;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use wsgi_httpd::compiler::source::Disk;
use wsgi_httpd::compiler::{Compiled, Options, compile};

#[test]
fn inspect() {
    insta::glob!("cases/inspect/*.conf", |path| {
        let case = case::read(path);
        insta::assert_snapshot!(case.with_report(&case.compile()));
    });
}

const APP: &str = "\
import os
import sys

os.environ.setdefault('SHOP_SETTINGS', 'production')


def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [sys.version.encode()]
";

/// A site with a virtual environment of a real Python; `None` where there is no `python3` that can make one.
fn site() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    for name in ["app", "static", "logs"] {
        fs::create_dir(path.join(name)).expect("our own folder");
    }
    fs::write(path.join("app/shop.wsgi"), APP).expect("our own folder");
    fs::write(path.join("static/shop.css"), "body {}\n").expect("our own folder");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("our own folder");
    let venv = path.join("venv");
    let made = Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(venv).status();
    made.is_ok_and(|status| status.success()).then_some(folder)
}

fn checked(folder: &Path, home: &str) -> Compiled {
    let folder_name = folder.display();
    let text = format!(
        "ServerRoot {folder_name}\n\
         Listen 8000\n\
         ServerName shop.example\n\
         ErrorLog logs/error.log\n\
         CustomLog logs/access.log combined\n\
         LogFormat \"%h\" combined\n\
         WSGIDaemonProcess shop {home} home={folder_name}/app python-path={folder_name}/app lang=C.UTF-8\n\
         WSGIScriptAlias / {folder_name}/app/shop.wsgi process-group=shop application-group=%{{GLOBAL}}\n\
         Alias /static {folder_name}/static\n\
         <Directory {folder_name}/app>\n    Require all granted\n</Directory>\n\
         <Directory {folder_name}/static>\n    Require all granted\n</Directory>\n"
    );
    let file = folder.join("httpd.conf");
    fs::write(&file, text).expect("our own folder");
    compile(&Disk, &file, &Options::default()).expect("the file is there")
}

fn names(compiled: &Compiled) -> Vec<&'static str> {
    compiled.report.iter().map(|found| found.code.name).collect()
}

#[test]
fn of_a_site_that_is_in_order_nothing_is_said() {
    let Some(folder) = site() else { return };
    let home = format!("python-home={}/venv", folder.path().display());
    let compiled = checked(folder.path(), &home);
    assert!(compiled.report.is_clean(), "{}", compiled.concise());
}

#[test]
fn what_breaks_on_the_disk_is_seen_there() {
    let Some(folder) = site() else { return };
    let path = folder.path();
    let home = format!("python-home={}/venv", path.display());
    let script = path.join("app/shop.wsgi");
    let broken = |text: &str| {
        fs::write(&script, text).expect("our own folder");
        names(&checked(path, &home))
    };
    assert_eq!(broken("application = ((\n"), ["script-does-not-compile"]);
    assert_eq!(broken("app = None\n"), ["callable-not-found"]);
    assert_eq!(broken(""), ["empty-script"]);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o666)).expect("our own file");
    assert_eq!(broken(APP), ["script-world-writable"]);
    fs::remove_file(&script).expect("our own file");
    assert_eq!(names(&checked(path, &home)), ["script-not-found"]);
    fs::write(&script, APP).expect("our own folder");
    assert_eq!(names(&checked(path, &format!("python-home={}", path.display()))), ["python-home-without-python"]);
    let settings = path.join("venv/pyvenv.cfg");
    fs::write(&settings, "home = /opt/lost/bin\nversion = 3.9.2\n").expect("our own folder");
    assert_eq!(names(&checked(path, &home)), ["python-home-of-lost-python"]);
}

#[test]
fn nothing_is_looked_at_that_is_not_asked_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("httpd.conf");
    let text = format!("WSGIScriptAlias / {}/gone.wsgi\n", folder.path().display());
    fs::write(&file, text).expect("our own folder");
    let options = Options { no_files: true, ..Options::default() };
    assert!(compile(&Disk, &file, &options).expect("the file is there").report.is_clean());
    let looked = compile(&Disk, &file, &Options::default()).expect("the file is there");
    assert_eq!(names(&looked), ["script-not-found"]);
}
