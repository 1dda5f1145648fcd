//! The files that the configurations serve, in a folder that any account may enter.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Answers with its environ as JSON, under the name by which it was called.
const SCRIPT: &str = r#"import json

def answers_as(name):
    def callable_object(environ, start_response):
        seen = {key: value for key, value in environ.items() if isinstance(value, (str, bool, int))}
        seen["callable"] = name
        seen["file"] = __file__
        body = json.dumps(seen).encode("utf-8", "surrogateescape")
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
    return callable_object

application = answers_as("application")
other = answers_as("other")
"#;

const SCRIPTS: [&str; 9] = [
    "scripts/app.wsgi",
    "scripts/other.wsgi",
    "scripts/app1.wsgi",
    "scripts/folder/one.wsgi",
    "scripts/folder/two.wsgi",
    "scripts/folder/deep/three.wsgi",
    "www/run.wsgi",
    "www/mixed/index.wsgi",
    "www/fallback.wsgi",
];

const FILES: [&str; 17] = [
    "www/index.html",
    "www/a.txt",
    "www/sub/index.html",
    "www/sub/b.txt",
    "www/list/c.txt",
    "www/secret/d.txt",
    "www/secret/open/e.txt",
    "www/other/start.html",
    "www/mixed/x.txt",
    "www/two words.txt",
    "www/h\u{e9}.txt",
    "www/page.html.en",
    "www/overridden/f.txt",
    "static/x.css",
    "static/sub/y.css",
    "static/app.wsgi.txt",
    "private/p.txt",
];

pub(crate) struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let site = Self { folder };
        for script in SCRIPTS {
            site.write(script, SCRIPT);
        }
        for file in FILES {
            site.write(file, &format!("{file}\n"));
        }
        site.write("www/overridden/.htaccess", "Require all denied\n");
        site.write("users", "ann:$apr1$x$ZbJCHJ3fJ8vkGcHrqPvPw1\n");
        fs::create_dir_all(site.path("www/empty")).expect("our own folder");
        std::os::unix::fs::symlink("a.txt", site.path("www/link.txt")).expect("our own folder");
        std::os::unix::fs::symlink("sub", site.path("www/linked")).expect("our own folder");
        fs::set_permissions(site.folder.path(), fs::Permissions::from_mode(0o755)).expect("our own folder");
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // The real name: the system's folder for such things may be a link.
        self.folder.path().canonicalize().expect("it is there").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("below the site")).expect("our own folder");
        fs::write(&path, text).expect("our own folder");
        path
    }
}
