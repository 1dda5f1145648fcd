//! What `mod_wsgi-express setup-server` generates gives no error and no warning, nor does what Debian's package installs. `make
//! prepare` installs both where it may.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use wsgi_httpd::compiler::source::Disk;
use wsgi_httpd::compiler::{Options, compile};

/// Ways of asking for a server, as its manual shows them.
const MODES: [&[&str]; 12] = [
    &[],
    &["--embedded-mode"],
    &["--processes", "4", "--threads", "3"],
    &["--url-alias", "/static", "/srv/static"],
    &["--mount-point", "/shop"],
    &["--debug-mode"],
    &["--server-metrics", "--server-status"],
    &["--auth-user-script", "/srv/auth.wsgi"],
    &["--access-log", "--rotate-logs"],
    &["--compress-responses", "--trust-proxy-header", "X-Forwarded-For", "--trust-proxy", "10.0.0.1"],
    &["--python-path", "/srv/lib"],
    &["--reload-on-changes"],
];

#[test]
fn generated_configurations_are_clean() {
    let express = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/apache/venv/bin/mod_wsgi-express");
    if !express.exists() {
        writeln!(std::io::stderr(), "skipped: `make prepare` did not install mod_wsgi-express").ok();
        return;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = folder.path().join("app.wsgi");
    std::fs::write(
        &script,
        "def application(environ, start_response):\n    start_response('200 OK', [])\n    return []\n",
    )
    .expect("a file can be written");
    for (number, mode) in MODES.iter().enumerate() {
        let root = folder.path().join(format!("server{number}"));
        let made = Command::new(&express)
            .arg("setup-server")
            .arg(&script)
            .arg("--server-root")
            .arg(&root)
            .args(["--port", "18080", "--user", "www-data", "--group", "www-data"])
            .args(*mode)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .expect("mod_wsgi-express can be run");
        assert!(made.status.success(), "{mode:?}: {}", String::from_utf8_lossy(&made.stderr));
        let apachectl = std::fs::read_to_string(root.join("apachectl")).expect("it makes an apachectl");
        let options = options(&apachectl);
        assert!(options.defines.len() > 3, "{mode:?}: apachectl was not understood");
        let compiled = compile(&Disk, &root.join("httpd.conf"), &options).expect("the configuration is there");
        assert!(compiled.report.is_clean(), "{mode:?}:\n{}", compiled.concise());
    }
}

/// The main file with all that it includes, and each of the others by itself.
#[test]
fn the_configuration_of_debian_is_clean() {
    let main = Path::new("/etc/apache2/apache2.conf");
    if !main.exists() {
        writeln!(std::io::stderr(), "skipped: Debian's apache2 is not installed").ok();
        return;
    }
    let folders = ["conf-available", "mods-available", "sites-available"].map(|name| main.with_file_name(name));
    let listed = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("the package makes it"));
    let mut files: Vec<_> = listed.map(|entry| entry.expect("it can be read").path()).collect();
    files.push(main.to_owned());
    assert!(files.len() > 50, "{files:?}");
    let options = Options { no_files: true, ..Options::default() };
    for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "conf")) {
        let compiled = compile(&Disk, file, &options).expect("the configuration is there");
        assert!(compiled.report.is_clean(), "{}:\n{}", file.display(), compiled.concise());
    }
}

/// With what its apachectl starts Apache. The machine may lack the locale that it asks for.
fn options(apachectl: &str) -> Options {
    let account = ["MOD_WSGI_USER", "MOD_WSGI_GROUP"].map(|name| (name.to_owned(), "www-data".to_owned()));
    let mut options = Options { environment: account.into_iter().collect(), no_files: true, ..Options::default() };
    for line in apachectl.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim_matches('"');
        if name == "HTTPD_ARGS" {
            let defines = value.split_ascii_whitespace().filter_map(|word| word.strip_prefix("-D"));
            options.defines.extend(defines.map(str::to_owned));
        } else if name.starts_with("MOD_WSGI_") && !value.contains('$') {
            options.environment.insert(name.to_owned(), value.to_owned());
        }
    }
    options
}
