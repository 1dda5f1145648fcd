//! Static files by `DocumentRoot` and `Alias`.

use std::os::unix::fs::symlink;

use crate::support::{Request, Server, Site};

const ROOT: &str = "DocumentRoot ${DIR}/public\nAlias /static/ ${DIR}/assets/\nAlias /one ${DIR}/single.txt\n\
                    <Directory ${DIR}>\n    Require all denied\n</Directory>\n\
                    <Directory ${DIR}/public>\n    Require all granted\n</Directory>\n\
                    <Directory ${DIR}/assets>\n    Require all granted\n</Directory>\n\
                    <Files single.txt>\n    Require all granted\n</Files>\n";

fn site() -> Site {
    let site = Site::new();
    site.file("public/page.html", "<p>page</p>");
    site.file("public/plain.txt", "0123456789");
    site.file("public/name with blank.txt", "blank");
    site.file("public/folder/index.html", "the index");
    site.file("public/empty/keep", "");
    site.file("public/private/secret.txt", "secret");
    site.file("assets/style.css", "body {}");
    site.file("assets/code.js", "1");
    site.file("assets/image.png", "\x7fPNG");
    site.file("assets/strange.zzz", "?");
    site.file("single.txt", "single");
    site.file("outside.txt", "secret");
    site
}

fn serving(directives: &str, test: impl Fn(&Site, &Server)) {
    let site = site();
    let server = site.start(&(ROOT.to_owned() + directives));
    test(&site, &server);
    server.stop();
}

#[test]
fn files_have_types() {
    serving("", |_, server| {
        for (target, body, types) in [
            ("/page.html", "<p>page</p>", &["text/html"][..]),
            ("/plain.txt", "0123456789", &["text/plain"]),
            ("/name%20with%20blank.txt", "blank", &["text/plain"]),
            ("/static/style.css", "body {}", &["text/css"]),
            ("/static/code.js", "1", &["text/javascript", "application/javascript"]),
            ("/static/image.png", "\x7fPNG", &["image/png"]),
            ("/one", "single", &["text/plain"]),
        ] {
            let answer = server.get(target);
            assert_eq!((answer.status, answer.text().as_str()), (200, body), "{target}");
            let kind = answer.header("Content-Type").unwrap_or_default().split(';').next().unwrap_or_default();
            assert!(types.contains(&kind), "Content-Type of {target}: {kind}");
            assert_eq!(answer.header("Content-Length"), Some(body.len().to_string().as_str()));
        }
        assert_eq!(server.text("/static/strange.zzz"), "?");
        for target in ["/none.txt", "/static/none", "/page.html/more", "/static"] {
            assert_eq!(server.get(target).status, 404, "{target}");
        }
    });
}

#[test]
fn conditional_requests() {
    serving("", |_, server| {
        let first = server.get("/plain.txt");
        let tag = first.header("ETag").expect("an ETag").to_owned();
        let time = first.header("Last-Modified").expect("a time").to_owned();
        let ask = |name: &str, value: &str| server.send(&Request::get("/plain.txt").header(name, value));
        for (name, value, status) in [
            ("If-None-Match", tag.as_str(), 304),
            ("If-None-Match", "*", 304),
            ("If-None-Match", "\"other\"", 200),
            ("If-Modified-Since", time.as_str(), 304),
            ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:01 GMT", 200),
            ("If-Modified-Since", "nonsense", 200),
        ] {
            assert_eq!(ask(name, value).status, status, "{name}: {value}");
        }
        let mut connection = server.connect();
        let answer = connection.exchange(&Request::get("/plain.txt").header("If-None-Match", &tag));
        assert_eq!((answer.status, answer.header("ETag")), (304, Some(tag.as_str())));
        assert_eq!(connection.exchange(&Request::get("/plain.txt")).text(), "0123456789", "the connection is in step");
    });
}

/// A client that means another version is told so (RFC 9110 section 13.2.1).
#[test]
fn preconditions_that_fail_are_412() {
    serving("", |_, server| {
        let first = server.get("/plain.txt");
        let weak = first.header("ETag").filter(|tag| tag.starts_with("W/")).unwrap_or("W/\"any\"").to_owned();
        let time = first.header("Last-Modified").expect("a time").to_owned();
        let old = "Thu, 01 Jan 1970 00:00:01 GMT";
        for (headers, status) in [
            (&[("If-Unmodified-Since", old)][..], 412),
            (&[("If-Unmodified-Since", &time)], 200),
            (&[("If-Unmodified-Since", "nonsense")], 200),
            (&[("If-Match", "\"other\"")], 412),
            (&[("If-Match", &weak)], 412),
            (&[("If-Match", "*")], 200),
            // The tag is the better word.
            (&[("If-Match", "*"), ("If-Unmodified-Since", old)], 200),
            (&[("If-Match", "\"other\""), ("If-None-Match", "*")], 412),
        ] {
            let request = headers.iter().fold(Request::get("/plain.txt"), |one, (name, value)| one.header(name, value));
            assert_eq!(server.send(&request).status, status, "{headers:?}");
        }
    });
}

#[test]
fn ranges() {
    serving("", |_, server| {
        let ask = |range: &str| server.send(&Request::get("/plain.txt").header("Range", range));
        for (range, body, said) in [
            ("bytes=0-3", "0123", "bytes 0-3/10"),
            ("bytes=4-", "456789", "bytes 4-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"),
            ("bytes=8-100", "89", "bytes 8-9/10"),
        ] {
            let answer = ask(range);
            assert_eq!((answer.status, answer.text().as_str()), (206, body), "{range}");
            assert_eq!(answer.header("Content-Range"), Some(said));
        }
        let answer = ask("bytes=10-");
        assert_eq!(answer.status, 416);
        assert!(matches!(answer.header("Content-Range"), None | Some("bytes */10")), "{answer:?}");
        for ignored in ["lines=1-2", "bytes=x"] {
            assert_eq!(ask(ignored).text(), "0123456789", "{ignored}");
        }
    });
}

#[test]
fn methods() {
    serving("", |_, server| {
        let mut connection = server.connect();
        let answer = connection.exchange(&Request::new("HEAD", "/plain.txt"));
        assert_eq!((answer.status, answer.header("Content-Length")), (200, Some("10")));
        assert_eq!(connection.exchange(&Request::get("/plain.txt")).text(), "0123456789");
        // Apache takes a POST for a GET; refusing it is better, and allowed.
        assert!(matches!(server.send(&Request::post("/plain.txt", "x")).status, 200 | 405));
        assert_eq!(server.send(&Request::new("DELETE", "/plain.txt")).status, 405);
    });
}

#[test]
fn folders() {
    serving("", |_, server| {
        let answer = server.get("/folder");
        assert_eq!(answer.status, 301);
        assert!(answer.header("Location").is_some_and(|to| to.ends_with("/folder/")), "{answer:?}");
        assert_eq!(server.text("/folder/"), "the index");
        // A browser would take a backslash for a slash, and two of them for another host.
        let answer = server.get("/\\evil.example/../folder");
        assert!(!answer.header("Location").is_some_and(|to| to.contains('\\')), "{answer:?}");
        for target in ["/empty/", "/", "/static/"] {
            assert!(matches!(server.get(target).status, 403 | 404), "{target}");
        }
    });
}

/// No way out of the folders, and no way in where access is denied.
#[test]
fn nothing_escapes() {
    serving("<Location /private>\n    Require all denied\n</Location>\n", |site, server| {
        symlink(site.path("outside.txt"), site.path("public/link.txt")).unwrap();
        for target in [
            "/../outside.txt",
            "/static/../outside.txt",
            "/static/../../outside.txt",
            "/static/%2e%2e/outside.txt",
            "/static/..%2foutside.txt",
            "/static/.%2e/outside.txt",
            "/static../outside.txt",
            "/static/..%5coutside.txt",
            "/%2e%2e/outside.txt",
            "/one/../outside.txt",
            "//outside.txt",
            "/static/%00",
            "/plain.txt%00.html",
            "/private/secret.txt",
            "//private/secret.txt",
            "/%70rivate/secret.txt",
            "/folder/../private/secret.txt",
            "/private//secret.txt",
        ] {
            let answer = server.get(target);
            assert!(matches!(answer.status, 400 | 403 | 404), "{target}: {answer:?}");
            assert!(!answer.text().contains("secret"), "{target}: {answer:?}");
        }
        assert_eq!(server.get("/private/secret.txt").status, 403);
        assert_eq!(server.get("/plain.txt").status, 200);
    });
}

#[test]
fn symbolic_links_as_options_says() {
    for (options, status) in [("Options FollowSymLinks", 200), ("Options None", 403), ("", 200)] {
        let directives = format!("<Directory ${{DIR}}/public>\n    {options}\n</Directory>\n");
        serving(&directives, |site, server| {
            symlink(site.path("public/plain.txt"), site.path("public/link.txt")).unwrap();
            assert_eq!(server.get("/link.txt").status, status, "{options:?}");
        });
    }
}

/// Before `Require`: the forms of Apache 2.2.
#[test]
fn order_allow_deny() {
    for (rules, status) in [
        ("Order allow,deny\n    Allow from all", 200),
        ("Order allow,deny", 403),
        ("Order deny,allow", 200),
        ("Order deny,allow\n    Deny from all", 403),
        ("Order deny,allow\n    Deny from all\n    Allow from 127.0.0.1", 200),
        ("Order allow,deny\n    Allow from all\n    Deny from 127.0.0.0/8", 403),
        ("Order allow,deny\n    Allow from 127.0", 200),
        ("Order deny,allow\n    Deny from 10.0.0.0/255.0.0.0", 200),
    ] {
        let site = site();
        let directives = format!(
            "Alias /static/ ${{DIR}}/assets/\n<Directory ${{DIR}}/assets>\n    Require all granted\n    {rules}\n</Directory>\n"
        );
        let server = site.start(&directives);
        assert_eq!(server.get("/static/style.css").status, status, "{rules}");
        server.stop();
    }
}

/// mod_access_compat merges nothing: a section with one of the three replaces all three from outside.
#[test]
fn access_by_order_of_an_inner_section() {
    let open = "Order allow,deny\n    Allow from all";
    for (outer, inner, status) in [
        (open, "Deny from 10.0.0.0/8", 200),
        (open, "Order allow,deny", 403),
        ("Order allow,deny", "Allow from 10.0.0.0/8", 200),
        (open, "Options None", 200),
    ] {
        let site = site();
        let directives = format!(
            "Alias /static/ ${{DIR}}/assets/\n<Directory />\n    Require all granted\n    {outer}\n</Directory>\n\
             <Directory ${{DIR}}/assets>\n    {inner}\n</Directory>\n"
        );
        let server = site.start(&directives);
        assert_eq!(server.get("/static/style.css").status, status, "{outer}; {inner}");
        server.stop();
    }
}

/// `Alias` beats `WSGIScriptAlias`, wherever it stands.
#[test]
fn an_alias_beats_a_mount() {
    let site = site();
    site.file(
        "app.wsgi",
        "def application(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'x/y')])\n    return [b'app']\n",
    );
    let server = site.start(
        "WSGIDaemonProcess app python-home=${VENV}\nWSGIProcessGroup app\nWSGIScriptAlias / ${DIR}/app.wsgi\n\
         Alias /static/ ${DIR}/assets/\n<Directory ${DIR}>\n    Require all granted\n</Directory>\n",
    );
    assert_eq!(server.text("/static/style.css"), "body {}");
    assert_eq!(server.get("/static/none.css").status, 404);
    assert_eq!(server.text("/other"), "app");
    server.stop();
}

#[test]
fn a_large_file_arrives_whole() {
    serving("", |site, server| {
        let data: Vec<u8> = (0..4_000_000_u32).map(|number| (number % 253) as u8).collect();
        site.file("public/large.bin", &data);
        assert!(server.get("/large.bin").body == data);
    });
}

/// Whatever slashes and dots stand in the names of the configuration, a section holds for the file that they lead to.
#[test]
fn sections_hold_however_names_are_written() {
    let site = Site::new();
    site.file("www/open.txt", "open");
    site.file("www/private/secret.txt", "secret");
    let server = site.start(
        "DocumentRoot \"${DIR}//www/\"\nAlias /a \"${DIR}/www/\"\nAlias /b \"${DIR}/x/../www/./\"\n\
         <Directory \"${DIR}//www\">\n    Require all granted\n</Directory>\n\
         <Directory \"${DIR}/./www/x/../private\">\n    Require all denied\n</Directory>\n",
    );
    for prefix in ["", "/a", "/b"] {
        assert_eq!(server.text(&format!("{prefix}/open.txt")), "open", "{prefix}");
        assert_eq!(server.get(&format!("{prefix}/private/secret.txt")).status, 403, "{prefix}");
    }
    server.stop();
}

#[test]
fn what_is_too_long_is_refused() {
    let site = Site::new();
    site.file("open.txt", "open");
    let server = site.start("DocumentRoot \"${DIR}\"\n<Directory \"${DIR}\">\n    Require all granted\n</Directory>\n");
    let long = "a/".repeat(5000);
    assert_eq!(server.get(&format!("/{long}")).status, 414);
    let request = Request::get("/open.txt").header("Authorization", &format!("Basic {}", "a".repeat(8190)));
    assert_eq!(server.send(&request).status, 400);
    assert_eq!(server.send(&Request::get("/open.txt").header("X-Long", &"a".repeat(8000))).status, 200);
    server.stop();
}
