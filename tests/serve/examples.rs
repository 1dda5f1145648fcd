//! The examples, as a reader of their pages would run them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Answer, Request, Server, Site, check, command, skipped};

/// An example that is prepared; its server writes into `site`.
struct Example {
    name: &'static str,
    site: Site,
    variables: Vec<(&'static str, String)>,
}

impl Example {
    /// Makes what it needs, by `examples/prepare.sh`. `None`, with a message, where that cannot be had here.
    fn prepare(name: &'static str) -> Option<Self> {
        let output = Command::new(root().join("examples/prepare.sh")).arg(name).output().expect("sh is there");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(3) {
            skipped(&format!("example {said}"));
            return None;
        }
        assert!(output.status.success(), "examples/prepare.sh {name}: {said}");
        let site = Site::new();
        copy(&root().join("target/data").join(name), &site.path("data"));
        let variables = vec![
            ("SITE", root().join("examples").join(name).display().to_string()),
            ("VENVS", root().join("target/venvs").display().to_string()),
            ("DATA", site.path("data").display().to_string()),
            ("PORT", site.port.to_string()),
        ];
        Some(Self { name, site, variables })
    }

    fn conf(&self) -> PathBuf {
        root().join("examples").join(self.name).join("httpd.conf")
    }

    /// Checks it, with nothing to say, and serves it.
    fn serve(&self) -> Server<'_> {
        let conf = self.conf();
        let mut server = command(&["-f", conf.to_str().unwrap()]);
        server.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        if !crate::support::tests_apache() {
            self.checks(&conf);
        }
        Server::start_with(&self.site, server)
    }

    fn checks(&self, conf: &Path) {
        let arguments: [&[&str]; 2] = [&["--for", "wsgi-serve"], &[]];
        // One Apache has one Python, and `wsgi-check` says so.
        let judged = if self.name == "two-pythons" { &arguments[..1] } else { &arguments[..] };
        for arguments in judged {
            let mut all = arguments.to_vec();
            all.push(conf.to_str().unwrap());
            let output = check(&all, &self.variables);
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "wsgi-check {all:?}: {said}");
            assert!(!said.contains('⚠') && !said.contains("warning"), "wsgi-check {all:?}: {said}");
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy to write to: databases are written when somebody logs in.
fn copy(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(to).expect("our own folder");
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).expect("our own folder");
    for entry in fs::read_dir(from).expect("prepare.sh made it").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.path().extension().is_none_or(|end| end != "pid") {
            fs::copy(entry.path(), &target).expect("our own folder");
            fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).expect("our own file");
        }
    }
}

#[test]
fn hello() {
    let Some(example) = Example::prepare("hello") else { return };
    let server = example.serve();
    let text = server.text("/");
    assert!(text.starts_with("Hello from Python 3.") && text.ends_with("process group 'hello'.\n"), "{text}");
    server.stop();
}

#[test]
fn flask() {
    let Some(example) = Example::prepare("flask") else { return };
    let server = example.serve();
    let page = server.text("/");
    assert!(page.contains("<h1>Guest book</h1>") && page.contains("/static/style.css"), "{page}");
    assert!(server.text("/static/style.css").starts_with("body"));
    let form = Request::post("/sign", "name=Ada").header("Content-Type", "application/x-www-form-urlencoded");
    let answer = server.send(&form);
    assert_eq!((answer.status, answer.header("Location")), (302, Some("/")));
    assert!(server.text("/").contains("<li>Ada</li>"));
    let sum = server.send(&Request::post("/sum", "[1, 2, 3]").header("Content-Type", "application/json"));
    assert_eq!(sum.json()["sum"], 6);
    server.stop();
}

/// The value of a cookie that an answer sets.
fn cookie(answer: &Answer, name: &str) -> String {
    let start = format!("{name}=");
    let mut values = answer.all("Set-Cookie").into_iter().filter_map(|line| line.strip_prefix(&start));
    let line = values.next().unwrap_or_else(|| panic!("no cookie {name}: {answer:?}"));
    line.split(';').next().unwrap_or_default().to_owned()
}

/// Login form by GET, login by POST with the CSRF cookie, admin page by the session's cookie, the admin's style sheet.
#[test]
fn django() {
    let Some(example) = Example::prepare("django") else { return };
    let server = example.serve();
    assert!(server.text("/").ends_with("knows 1 user(s).\n"));

    let sent_away = server.get("/admin/");
    assert_eq!((sent_away.status, sent_away.header("Location")), (302, Some("/admin/login/?next=/admin/")));
    let form = server.get("/admin/login/?next=/admin/");
    assert_eq!(form.status, 200);
    let css = "/static/admin/css/base.css";
    assert!(form.text().contains(css), "{}", form.text());

    let token = cookie(&form, "csrftoken");
    let login = |password: &str, token: &str| {
        let body = format!("username=admin&password={password}&next=/admin/&csrfmiddlewaretoken={token}");
        let request = Request::post("/admin/login/?next=/admin/", body)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", &format!("csrftoken={token}"));
        server.send(&request)
    };
    assert_eq!(login("correct+horse", "forged").status, 403, "without the right token");
    assert_eq!(login("wrong", &token).status, 200, "the form again");
    let answer = login("correct+horse", &token);
    assert_eq!((answer.status, answer.header("Location")), (302, Some("/admin/")), "{answer:?}");
    let session = cookie(&answer, "sessionid");
    let page = server.send(&Request::get("/admin/").header("Cookie", &format!("sessionid={session}")));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Site administration"), "{}", page.text());

    let style = server.get(css);
    assert_eq!((style.status, style.header("Content-Type").map(|kind| &kind[..8])), (200, Some("text/css")));
    let token = server.send(&Request::get("/api/whoami").header("Authorization", "Token 5"));
    assert_eq!(token.json()["authorization"], "Token 5");
    server.stop();
}

#[test]
fn two_sites() {
    let Some(example) = Example::prepare("two-sites") else { return };
    let server = example.serve();
    for (host, text) in [
        ("blog.localhost", "blog: itsdangerous 2.1.2\n"),
        ("www.blog.localhost", "blog: itsdangerous 2.1.2\n"),
        ("shop.localhost", "shop: itsdangerous 2.2.0\n"),
        ("unknown.localhost", "blog: itsdangerous 2.1.2\n"),
    ] {
        assert_eq!(server.send(&Request::get("/").header("Host", host)).text(), text, "{host}");
    }
    server.stop();
}

#[test]
fn embedded() {
    let Some(example) = Example::prepare("embedded") else { return };
    let server = example.serve();
    assert_eq!(server.text("/"), "application group '': call 1\n");
    assert_eq!(server.text("/"), "application group '': call 2\n");
    assert_eq!(server.text("/counter"), "application group 'counter': call 1\n");
    server.stop();
}

#[test]
fn two_pythons() {
    if crate::support::tests_apache() {
        return;
    }
    let Some(example) = Example::prepare("two-pythons") else { return };
    let server = example.serve();
    let (old, new) = (server.text("/old"), server.text("/new"));
    let version = |text: &str| text.split(' ').nth(2).expect("a version").to_owned();
    assert!(old.starts_with("old: Python 3.") && new.starts_with("new: Python 3."), "{old}{new}");
    assert_ne!(version(&old), version(&new));
    server.stop();
}

/// Whoever adds an example tells its page, this file and the table of examples.
#[test]
fn every_example_is_complete() {
    let table = fs::read_to_string(root().join("examples/README.md")).expect("it is there");
    let source = fs::read_to_string(root().join("tests/serve/examples.rs")).expect("it is there");
    for entry in fs::read_dir(root().join("examples")).expect("it is there").flatten() {
        if !entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().expect("plain names");
        for file in ["httpd.conf", "app.wsgi", "README.md"] {
            assert!(entry.path().join(file).exists(), "examples/{name}/{file}");
        }
        assert!(table.contains(&format!("`{name}`")), "{name} in examples/README.md");
        assert!(source.contains(&format!("prepare(\"{name}\")")), "{name} in tests/serve/examples.rs");
    }
}
