//! Who gets in: `Require` and its sections, `Satisfy`, `AuthMerging`, and who is asked for a name and a password. The expectations
//! were compared with Apache and mod_wsgi.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Answer, Mode, Request, Server, Site, tests_apache, wait_until};

const APP: &str = r#"
import json
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    names = "REMOTE_USER", "AUTH_TYPE", "HTTP_AUTHORIZATION"
    return [json.dumps({name: environ[name] for name in names if name in environ}).encode()]
"#;

/// Names say what is returned.
const SCRIPT: &str = r#"
def check_password(environ, user, password):
    return {"b\xc3\xb6": "n\u00f6", "b\xf6": True,
            "yes": True, "no": False, "none": None, "name": "other", "empty": "", "number": 1, "bytes": b"x",
            "joe": password == "secret"}[user]

def groups_for_user(environ, user):
    return {"yes": ["staff", b"bytes", "a b"], "name": [], "joe": "staff", "other": 3}[user]

def allow_access(environ, host):
    assert host == environ["REMOTE_ADDR"] == "127.0.0.1"
    return {"yes": True, "no": False, "none": None, "number": 1, "text": "x"}[environ["QUERY_STRING"]]
"#;

/// Written by `htpasswd`; each password is `secret`.
const USERS: &str = "joe:$2y$05$FHknCk39QTlRflt4t5CD3.EpLUQdHbQctFpzYvzlGjbZNr3tqTmsm\n\
    md5:$apr1$2ezrenT/$siGPruDw/figz/bK5.T3o.\n\
    sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n\
    crypt:8wHeWHgebNWE6\n\
    plain:secret\n";

fn credentials(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn ask(server: &Server, path: &str, user: Option<&str>) -> Answer {
    let request = Request::get(path);
    server.send(&match user {
        Some(user) => request.header("Authorization", &credentials(user, "secret")),
        None => request,
    })
}

/// A site with sections that are called after the first word of each; in the rest `@` stands for what asks the script.
fn site(sections: &[&str]) -> (Site, String) {
    let site = Site::with_app(APP);
    site.file("auth.py", SCRIPT);
    site.file("nothing.py", "");
    site.file("users", USERS);
    site.file("groups", "staff: joe sha\nother: md5\n");
    let asks = "AuthType Basic\nAuthName test\nAuthBasicProvider wsgi\nWSGIAuthUserScript ${DIR}/auth.py\n";
    let section = |text: &&str| {
        let (name, lines) = text.split_once(' ').expect("a name before the lines");
        format!("<Location /{name}>\n{}\n</Location>\n", lines.replace('@', asks).replace("; ", "\n"))
    };
    (site, sections.iter().map(section).collect())
}

/// `200 NAME`, `200` without a user, or the status.
fn outcome(answer: &Answer) -> String {
    if answer.status != 200 {
        assert_eq!(answer.status == 401, answer.header("WWW-Authenticate").is_some(), "{answer:?}");
        return answer.status.to_string();
    }
    let shown = answer.json();
    assert_eq!(shown["REMOTE_USER"].is_null(), shown["AUTH_TYPE"].is_null(), "{shown}");
    format!("200 {}", shown["REMOTE_USER"].as_str().unwrap_or_default()).trim().to_owned()
}

/// Asks each path as nobody and as each user, in both modes.
fn compare(sections: &[&str], users: &[&str], expected: &[(&str, &str)]) {
    for mode in Mode::BOTH {
        let (site, directives) = site(sections);
        let server = site.serve(mode, &format!("WSGIPythonHome ${{VENV}}\n{directives}"));
        for (path, outcomes) in expected {
            let asked = std::iter::once(None).chain(users.iter().map(|user| Some(*user)));
            let outcomes: Vec<&str> = outcomes.split(" | ").collect();
            assert_eq!(outcomes.len(), users.len() + 1, "{path}");
            for (user, expected) in asked.zip(outcomes) {
                let answer = ask(&server, &format!("/{path}"), user);
                assert_eq!(outcome(&answer), expected, "{mode:?} /{path} as {user:?}");
            }
        }
        server.stop();
    }
}

#[test]
fn a_script_knows_users_and_their_groups() {
    compare(
        &[
            "valid @Require valid-user",
            "user @Require user yes other",
            "group @WSGIAuthGroupScript ${DIR}/auth.py; Require wsgi-group staff",
            "bytes @WSGIAuthGroupScript ${DIR}/auth.py; Require wsgi-group none bytes",
            "blank @WSGIAuthGroupScript ${DIR}/auth.py; Require wsgi-group \"a b\"",
            "ungrouped @Require wsgi-group staff",
            "functionless @WSGIAuthUserScript ${DIR}/nothing.py; Require valid-user",
            "missing @WSGIAuthUserScript ${DIR}/missing.py; Require valid-user",
            "scriptless AuthType Basic; AuthName test; AuthBasicProvider wsgi; Require valid-user",
            "nameless AuthType Basic; AuthBasicProvider wsgi; WSGIAuthUserScript ${DIR}/auth.py; Require valid-user",
            "typeless Require valid-user",
            "undecided @AuthBasicAuthoritative Off; Require valid-user",
            "forbidden @AuthzSendForbiddenOnFailure On; Require user joe",
            "named @WSGIAuthUserScript ${DIR}/auth.py application-group=other; Require valid-user",
            "shared @Require valid-user; Require all denied",
            "closed @Require all denied",
            "local @Require valid-user; Require local",
        ],
        &["yes", "no", "none", "name", "joe", "empty", "number", "bytes", "unheard of"],
        &[
            ("valid", "401 | 200 yes | 401 | 401 | 200 other | 200 joe | 500 | 500 | 500 | 500"),
            ("user", "401 | 200 yes | 401 | 401 | 200 other | 401 | 500 | 500 | 500 | 500"),
            ("group", "401 | 200 yes | 401 | 401 | 401 | 401 | 500 | 500 | 500 | 500"),
            ("bytes", "401 | 200 yes | 401 | 401 | 401 | 401 | 500 | 500 | 500 | 500"),
            ("ungrouped", "401 | 401 | 401 | 401 | 401 | 401 | 500 | 500 | 500 | 500"),
            ("functionless", "401 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("missing", "401 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("scriptless", "401 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("nameless", "500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("typeless", "500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("undecided", "401 | 200 yes | 401 | 500 | 200 other | 200 joe | 500 | 500 | 500 | 500"),
            ("forbidden", "401 | 403 | 401 | 401 | 403 | 200 joe | 500 | 500 | 500 | 500"),
            ("named", "401 | 200 yes | 401 | 401 | 200 other | 200 joe | 500 | 500 | 500 | 500"),
            ("shared", "401 | 200 yes | 401 | 401 | 200 other | 200 joe | 500 | 500 | 500 | 500"),
            ("closed", "403 | 403 | 403 | 403 | 403 | 403 | 403 | 403 | 403 | 403"),
            ("local", "200 | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200"),
        ],
    );
}

#[test]
fn requirements_are_put_together() {
    let none = "<RequireNone>; Require user yes; Require ip 10.0.0.1; </RequireNone>";
    compare(
        &[
            "all @<RequireAll>; Require valid-user; Require not user joe; </RequireAll>",
            "any @<RequireAny>; Require ip 10.0.0.1; Require valid-user; </RequireAny>",
            "here @<RequireAny>; Require ip 127.0.0.1; Require valid-user; </RequireAny>",
            &format!("none @<RequireAll>; Require valid-user; {none}; </RequireAll>"),
            "elsewhere <RequireAll>; Require all granted; Require not ip 127.0.0.1; </RequireAll>",
            "neutral <RequireAll>; Require not ip 10.0.0.1; Require all granted; </RequireAll>",
            "satisfy @Require valid-user; Satisfy Any; Order deny,allow; Deny from all",
            "satisfy/open @Require valid-user; Satisfy Any",
            "satisfy/reset Order deny,allow",
            "merge @Require user joe",
            "merge/and AuthMerging And; Require user yes",
            "merge/here AuthMerging And; Require ip 127.0.0.1",
            "merge/or AuthMerging Or; Require user yes",
            "merge/off Require user yes",
            "merge/nobody AuthMerging Off",
            "merge/same AuthMerging And",
            "merge/here/both AuthMerging And; Require user yes joe",
            "granted @",
        ],
        &["yes", "joe"],
        &[
            ("all", "401 | 200 yes | 401"),
            ("any", "401 | 200 yes | 200 joe"),
            ("here", "200 | 200 | 200"),
            ("none", "401 | 401 | 200 joe"),
            ("elsewhere", "403 | 403 | 403"),
            ("neutral", "200 | 200 | 200"),
            ("satisfy", "401 | 200 yes | 200 joe"),
            ("satisfy/open", "200 | 200 | 200"),
            ("satisfy/reset", "401 | 200 yes | 200 joe"),
            ("merge", "401 | 401 | 200 joe"),
            ("merge/and", "401 | 401 | 401"),
            ("merge/here", "401 | 401 | 200 joe"),
            // Locations are merged with each other first, and then, by "or" too, with the folder, where all is granted.
            ("merge/or", "200 | 200 | 200"),
            ("merge/off", "401 | 200 yes | 401"),
            ("merge/nobody", "500 | 500 | 500"),
            ("merge/same", "401 | 401 | 200 joe"),
            ("merge/here/both", "401 | 401 | 200 joe"),
            ("granted", "200 | 200 | 200"),
        ],
    );
}

#[test]
fn a_file_knows_users_and_their_groups() {
    compare(
        &[
            "file AuthType Basic; AuthName test; AuthUserFile ${DIR}/users; Require valid-user",
            "file/group AuthGroupFile ${DIR}/groups; Require group staff",
            "file/lost AuthGroupFile ${DIR}/missing; Require group staff",
            "file/ungrouped Require group staff",
            "missing AuthType Basic; AuthName test; AuthUserFile ${DIR}/missing; Require valid-user",
            "none AuthType Basic; AuthName test; Require valid-user",
            "both AuthBasicProvider file; @AuthUserFile ${DIR}/users; Require valid-user",
        ],
        &["joe", "md5", "sha", "crypt", "plain", "nobody", "yes"],
        &[
            ("file", "401 | 200 joe | 200 md5 | 200 sha | 200 crypt | 401 | 401 | 401"),
            ("file/group", "401 | 200 joe | 401 | 200 sha | 401 | 401 | 401 | 401"),
            ("file/lost", "401 | 401 | 401 | 401 | 401 | 401 | 401 | 401"),
            ("file/ungrouped", "401 | 401 | 401 | 401 | 401 | 401 | 401 | 401"),
            ("missing", "401 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("none", "401 | 500 | 500 | 500 | 500 | 500 | 500 | 500"),
            ("both", "401 | 200 joe | 200 md5 | 200 sha | 200 crypt | 401 | 500 | 200 yes"),
        ],
    );
}

#[test]
fn a_script_says_which_clients_may_come() {
    for mode in Mode::BOTH {
        let (site, directives) = site(&[
            "script WSGIAccessScript ${DIR}/auth.py",
            "functionless WSGIAccessScript ${DIR}/nothing.py",
            "missing WSGIAccessScript ${DIR}/missing.py",
            "any @WSGIAccessScript ${DIR}/auth.py; Satisfy Any; Require valid-user",
            "all @WSGIAccessScript ${DIR}/auth.py; Require valid-user",
        ]);
        let server = site.serve(mode, &format!("WSGIPythonHome ${{VENV}}\n{directives}"));
        for (path, expected) in [
            ("script", [200, 403, 200, 403, 403, 403]),
            ("functionless", [403; 6]),
            ("missing", [403; 6]),
            ("any", [200, 401, 200, 401, 401, 401]),
            ("all", [401, 403, 401, 403, 403, 403]),
        ] {
            for (query, expected) in ["yes", "no", "none", "number", "text", "raise"].iter().zip(expected) {
                let answer = ask(&server, &format!("/{path}?{query}"), None);
                assert_eq!(answer.status, expected, "{mode:?} /{path}?{query}");
            }
        }
        assert_eq!(outcome(&ask(&server, "/any?no", Some("joe"))), "200 joe");
        assert_eq!(outcome(&ask(&server, "/any?yes", Some("joe"))), "200", "nobody was asked");
        assert_eq!(outcome(&ask(&server, "/all?yes", Some("joe"))), "200 joe");
        assert_eq!(outcome(&ask(&server, "/all?no", Some("joe"))), "403");
        server.stop();
    }
}

#[test]
fn what_a_client_may_send() {
    let (site, directives) = site(&[
        "pass @Require valid-user; WSGIPassAuthorization On",
        "keep @Require valid-user",
        "quotes @Require valid-user; AuthName \"a \\\"b\\\"\"",
    ]);
    let server = site.serve(Mode::Daemon, &format!("CustomLog ${{DIR}}/access.log \"%u %s\"\n{directives}"));
    let send = |path: &str, field: &str| server.send(&Request::get(path).header("Authorization", field));
    for (field, expected) in [
        ("basic eWVzOng=", "200 yes"),
        ("Basic  eWVzOng6eQ==", "200 yes"),
        ("Basic eWVzOng", "200 yes"),
        ("Basic eWVzOng====", "200 yes"),
        ("Bearer abc", "401"),
        ("Digest x", "401"),
        // An empty name, which the script does not know.
        ("Basic", "500"),
        ("Basic !!!", "500"),
    ] {
        assert_eq!(outcome(&send("/pass", field)), expected, "{field}");
    }
    // Names are bytes: the script gets them as latin-1, and what it gives back is UTF-8, read as latin-1 too.
    for (name, expected) in [(&b"b\xc3\xb6"[..], "200 n\u{c3}\u{b6}"), (b"b\xf6", "200 b\u{f6}")] {
        let field = format!("Basic {}", STANDARD.encode([name, b":x"].concat()));
        assert_eq!(outcome(&send("/pass", &field)), expected);
    }
    let passed = send("/pass", "Basic eWVzOng=").json();
    assert_eq!((&passed["AUTH_TYPE"], &passed["HTTP_AUTHORIZATION"]), (&"Basic".into(), &"Basic eWVzOng=".into()));
    assert_eq!(send("/keep", "Basic eWVzOng=").json()["HTTP_AUTHORIZATION"], Value::Null);
    assert_eq!(server.get("/quotes").header("WWW-Authenticate"), Some(r#"Basic realm="a \"b\"""#));
    wait_until("the user in the access log", || site.read("access.log").contains("yes 200\n"));
    assert_eq!(outcome(&ask(&server, "/keep", Some("no"))), "401");
    server.logged("AH01617");
    if !tests_apache() {
        // C reads up to the NUL, and takes `yes` for `yes\0b`.
        assert_eq!(send("/pass", "Basic eWVzAGI6eA==").status, 401);
    }
    server.stop();
}

/// Files are guarded as applications are, and the file that a folder answers with as if it were asked for by name.
#[test]
fn files_are_guarded_too() {
    let (site, directives) =
        site(&["static/script @Require valid-user", "static/asked WSGIAccessScript ${DIR}/auth.py"]);
    site.file("files/script/a.txt", "for users");
    site.file("files/asked/a.txt", "for those who are allowed");
    site.file("files/index.html", "index");
    site.file("files/a.txt", "for all");
    let server = site.serve(
        Mode::Daemon,
        &format!(
            "WSGIPythonHome ${{VENV}}\nAlias /static ${{DIR}}/files\n{directives}\
             <Files index.html>\n    Require all denied\n</Files>\n"
        ),
    );
    assert_eq!(server.text("/static/a.txt"), "for all");
    assert_eq!(ask(&server, "/static/script/a.txt", None).status, 401);
    assert_eq!(ask(&server, "/static/script/missing.txt", None).status, 401);
    assert_eq!(ask(&server, "/static/script/a.txt", Some("no")).status, 401);
    assert_eq!(ask(&server, "/static/script/a.txt", Some("joe")).text(), "for users");
    assert_eq!(ask(&server, "/static/asked/a.txt?no", None).status, 403);
    assert_eq!(ask(&server, "/static/asked/a.txt?yes", None).text(), "for those who are allowed");
    assert_eq!(server.get("/static/index.html").status, 403);
    assert_eq!(server.get("/static/").status, 403);
    server.stop();
}

/// mod_wsgi compares names of groups without regard to case.
#[test]
fn groups_differ_by_case() {
    if tests_apache() {
        return;
    }
    let (site, directives) = site(&["group @WSGIAuthGroupScript ${DIR}/auth.py; Require wsgi-group Staff"]);
    let server = site.serve(Mode::Embedded, &directives);
    assert_eq!(ask(&server, "/group", Some("yes")).status, 401);
    server.stop();
}

/// A script that was repaired counts with the next request, also where applications run elsewhere.
#[test]
fn a_changed_script_counts_at_once() {
    let (site, directives) = site(&["valid @Require valid-user"]);
    let server = site.serve(Mode::Daemon, &format!("WSGIPythonHome ${{VENV}}\n{directives}"));
    site.replace("auth.py", "def check_password(environ, user, password)\n");
    assert_eq!(ask(&server, "/valid", Some("yes")).status, 500);
    site.replace("auth.py", "def check_password(environ, user, password):\n    return user == 'ann'\n");
    assert_eq!(outcome(&ask(&server, "/valid", Some("ann"))), "200 ann");
    assert_eq!(ask(&server, "/valid", Some("yes")).status, 401);
    server.stop();
}

/// Apache: access comes first, whatever is there or not.
#[test]
fn nobody_learns_what_they_may_not_see() {
    let site = Site::with_app(APP);
    site.file("users", USERS);
    site.file("scripts/there.wsgi", APP);
    site.file("static/there.txt", "there");
    let server = site.start(&format!(
        "{}WSGIScriptAlias /scripts ${{DIR}}/scripts\nWSGIScriptAliasMatch ^/m/(.*)$ ${{DIR}}/scripts/$1.wsgi\n\
         Alias /static ${{DIR}}/static\nDocumentRoot ${{DIR}}/static\n\
         <Directory ${{DIR}}>\nRequire all granted\n</Directory>\n\
         <Location />\nAuthType Basic\nAuthName test\nAuthUserFile ${{DIR}}/users\nRequire valid-user\n</Location>\n",
        Mode::Daemon.directives()
    ));
    for path in ["/scripts/", "/m/", "/static/", "/"] {
        for name in ["there.wsgi", "there", "there.txt", "none.wsgi", "none", ".htpasswd", "none/x"] {
            assert_eq!(ask(&server, &format!("{path}{name}"), None).status, 401, "{path}{name}");
        }
        assert_eq!(ask(&server, &format!("{path}none"), Some("sha")).status, 404, "{path}none");
    }
    assert_eq!(ask(&server, "/scripts/there.wsgi", Some("sha")).status, 200);
    server.stop();
}

/// What keeps somebody out and cannot be carried out lets nobody in.
#[test]
fn what_is_ignored_lets_nobody_in() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    let section = |name: &str, text: &str| format!("<Location /{name}>\n{text}\n</Location>\n");
    let directives = [
        section("name", "Order allow,deny\nAllow from all\nDeny from bad.example"),
        section("agent", "Order allow,deny\nAllow from all\nDeny from env=bad"),
        section("methods", "AllowMethods POST"),
        section("condition", "<If \"true\">\nRequire all denied\n</If>"),
        section("listed", "Order deny,allow\nDeny from all\nAllow from good.example"),
        section("free", "Order deny,allow\nAllow from good.example"),
        section("limited", "<Limit POST>\nDeny from bad.example\n</Limit>"),
    ];
    let conf = site.configure(&format!(
        "{}SetEnvIf User-Agent bad bad\n{}WSGIScriptAlias / ${{DIR}}/app.wsgi\n\
         <Directory ${{DIR}}>\nRequire all granted\n</Directory>\n",
        Mode::Daemon.directives(),
        directives.concat()
    ));
    let conf = conf.to_str().expect("our own path");
    assert!(!crate::support::run(crate::support::command(&["-f", conf])).status.success(), "without the flag");
    let server = Server::start(&site, &["--ignore-unsupported", "-f", conf]);
    for name in ["name", "agent", "methods", "condition", "listed"] {
        assert_eq!(server.get(&format!("/{name}")).status, 403, "{name}");
    }
    for name in ["free", "limited", "else"] {
        assert_eq!(server.get(&format!("/{name}")).status, 200, "{name}");
    }
    assert_eq!(server.send(&Request::post("/limited", "x")).status, 403);
    server.stop();
}

/// A password that takes long to compare keeps no others waiting, and not without end.
#[test]
fn the_queue_of_passwords_ends() {
    if tests_apache() {
        return;
    }
    const SLOW: &str = "slow:$2y$08$FHknCk39QTlRflt4t5CD3.EpLUQdHbQctFpzYvzlGjbZNr3tqTmsm\n";
    let site = Site::with_app(APP);
    site.file("users", format!("{SLOW}{USERS}"));
    let section =
        "<Location />\nAuthType Basic\nAuthName test\nAuthUserFile ${DIR}/users\nRequire valid-user\n</Location>\n";
    let server = site.serve(Mode::Daemon, section);
    let slow = Request::get("/").header("Authorization", &credentials("slow", "x"));
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut sent = Vec::new();
    for _ in 0..processors * 33 * 2 {
        let mut connection = server.connect();
        connection.write(&slow.bytes());
        sent.push(connection);
    }
    // Neither one whose hash is quick, nor one who does not say who they are, waits behind them.
    assert_eq!(ask(&server, "/", Some("sha")).status, 200);
    assert_eq!(ask(&server, "/", None).status, 401);
    let answers: Vec<Answer> = sent.iter_mut().map(|connection| connection.answer("GET")).collect();
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(with(401) + with(503), answers.len(), "each is answered");
    assert!(with(401) >= processors * 33 && with(503) > 0, "{} and {}", with(401), with(503));
    assert!(answers.iter().filter(|answer| answer.status == 503).all(|answer| answer.header("Retry-After").is_some()));
    server.stop();
}
