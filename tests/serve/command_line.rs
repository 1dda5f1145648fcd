//! httpd's flags, with httpd's meaning.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Mode, Server, Site, alive, command, descendants, run, tests_apache, wait_until};

const APP: &str = r#"
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("flavour", "plain").encode()]
"#;

const MOUNT: &str = "WSGIDaemonProcess app python-home=${VENV}\n\
                     WSGIScriptAlias / ${DIR}/app.wsgi process-group=app application-group=%{GLOBAL}\n\
                     <Directory ${DIR}>\n    Require all granted\n</Directory>\n";

/// Runs to the end and gives what was printed.
fn printed(flags: &[&str]) -> String {
    let output = run(command(flags));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{flags:?}: {}\n{text}", output.status);
    text
}

#[test]
fn versions() {
    if tests_apache() {
        return;
    }
    assert!(printed(&["-v"]).contains(env!("CARGO_PKG_VERSION")));
    assert!(printed(&["-V"]).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn one_screen_of_hosts_mounts_and_groups() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let conf = site.configure(&format!(
        "{MOUNT}<VirtualHost *:${{PORT}}>\n    ServerName shop.test\n    ServerAlias www.shop.test\n\
         \x20   WSGIScriptAlias /cart ${{DIR}}/app.wsgi process-group=app\n</VirtualHost>\n"
    ));
    let text = printed(&["-S", "-f", conf.to_str().unwrap()]);
    for word in ["shop.test", "www.shop.test", "/cart", "app.wsgi", "app", &site.port.to_string()] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
}

#[test]
fn defines_and_directives() {
    let site = Site::with_app(APP);
    let conf = site.configure(&format!(
        "{MOUNT}<IfDefine JAM>\n    SetEnv flavour jam\n</IfDefine>\n<IfDefine HONEY>\n    SetEnv flavour ${{HONEY}}\n</IfDefine>\n"
    ));
    let conf = conf.to_str().unwrap();
    for (flags, flavour) in [
        (&["-f", conf][..], "plain"),
        (&["-D", "JAM", "-f", conf], "jam"),
        (&["-DJAM", "-f", conf], "jam"),
        (&["-DFOREGROUND", "-DJAM", "-f", conf], "jam"),
        (&["-C", "Define HONEY honey", "-f", conf], "honey"),
        (&["-f", conf, "-c", "SetEnv flavour late"], "late"),
        (&["-X", "-f", conf], "plain"),
    ] {
        if tests_apache() && flags.contains(&"-X") {
            continue;
        }
        let server = Server::start(&site, flags);
        assert_eq!(server.text("/"), flavour, "{flags:?}");
        server.stop();
    }
}

/// `-f` is relative to `-d`; without `-f` the file may stand by itself.
#[test]
fn where_the_file_is() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let conf = site.configure(MOUNT);
    let folder = site.folder().to_str().unwrap();
    for flags in [&["-d", folder, "-f", "httpd.conf"][..], &[conf.to_str().unwrap()]] {
        let server = Server::start(&site, flags);
        assert_eq!(server.text("/"), "plain", "{flags:?}");
        server.stop();
    }
}

#[test]
fn the_terminal_shows_what_is_up() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    server.text("/");
    wait_until("the URL, the group and its Python on the terminal", || {
        let text = site.read("stdout.log") + &site.read("stderr.log");
        let urls = ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}/", site.port));
        urls.iter().any(|url| text.contains(url)) && ["httpd.conf", "app", "3."].iter().all(|word| text.contains(word))
    });
    server.stop();
}

#[test]
fn the_pid_file() {
    let site = Site::with_app(APP);
    let server = site.serve(Mode::Daemon, "");
    server.text("/");
    assert_eq!(site.read("httpd.pid").trim(), server.pid().to_string());
    server.stop();
    assert!(!site.path("httpd.pid").exists(), "it is removed at the end");
    // One that a crash left behind does not stop a start.
    site.file("httpd.pid", "999999\n");
    let server = site.serve(Mode::Daemon, "");
    server.text("/");
    server.stop();
}

#[test]
fn started_and_stopped_by_command() {
    if tests_apache() {
        return;
    }
    for end in ["stop", "graceful-stop"] {
        let site = Site::with_app(APP);
        let conf = site.configure(MOUNT);
        let conf = conf.to_str().unwrap();
        printed(&["-k", "start", "-f", conf]);
        let pid: u32 = site.read("httpd.pid").trim().parse().expect("a process id");
        let _killed_if_we_fail = Killed(pid);
        let address = ([127, 0, 0, 1], site.port).into();
        wait_until("it listens", || std::net::TcpStream::connect(address).is_ok());
        let answer = crate::support::Connection::open(address).exchange(&crate::support::Request::get("/"));
        assert_eq!(answer.text(), "plain");
        let family = descendants(pid);
        printed(&["-k", end, "-f", conf]);
        wait_until("all have ended", || !alive(pid) && family.iter().all(|pid| !alive(*pid)));
        assert!(!site.path("httpd.pid").exists());
    }
}

/// Ends a server that is nobody's child.
struct Killed(u32);

impl Drop for Killed {
    fn drop(&mut self) {
        if std::thread::panicking() && fs::exists(format!("/proc/{}", self.0)).unwrap_or(false) {
            kill(Pid::from_raw(self.0 as i32), Signal::SIGTERM).ok();
        }
    }
}
