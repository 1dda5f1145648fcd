//! What stands for words after `python`: directives of the whole server.

use crate::support::{Mode, Site, pythons};

const SHOW: &str = r#"
import json, os, sys, warnings
def application(environ, start_response):
    shown = {
        "bytecode": sys.dont_write_bytecode, "optimize": sys.flags.optimize, "options": sys.warnoptions,
        "hash": hash("text"), "random": sys.flags.hash_randomization, "eggs": os.environ.get("PYTHON_EGG_CACHE"),
    }
    try:
        assert False
    except AssertionError:
        shown["asserts"] = True
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]
"#;

const FLAGS: &str = "WSGIDontWriteBytecode On\nWSGIPythonOptimize 1\nWSGIPythonHashSeed 7\nWSGIPythonEggs ${DIR}/eggs\n\
                     WSGIPythonWarnings ignore::DeprecationWarning\nWSGIPythonWarnings error::UserWarning\n";

#[test]
fn python_is_started_with_its_flags() {
    for python in pythons() {
        let mut hashes = Vec::new();
        for mode in Mode::BOTH {
            let site = Site::under(python);
            site.file("app.wsgi", SHOW);
            let server = site.serve(mode, FLAGS);
            let shown = server.get("/").json();
            assert_eq!(shown["bytecode"], true, "{} {mode:?}", python.version);
            assert_eq!(shown["optimize"], 1);
            assert_eq!(shown["options"], serde_json::json!(["ignore::DeprecationWarning", "error::UserWarning"]));
            assert!(shown["asserts"].is_null(), "-O leaves assert out: {shown}");
            let eggs = (mode == Mode::Embedded).then(|| site.path("eggs").to_string_lossy().into_owned());
            assert_eq!(shown["eggs"].as_str(), eggs.as_deref(), "it is embedded mode's");
            hashes.push(shown["hash"].clone());
            server.stop();
        }
        assert_eq!(hashes[0], hashes[1], "the same seed makes the same hashes");
    }
}

#[test]
fn a_random_seed_is_random() {
    let hash = || {
        let site = Site::with_app(SHOW);
        let server = site.serve(Mode::Daemon, "WSGIPythonHashSeed random\n");
        let shown = server.get("/").json();
        server.stop();
        assert_eq!(shown["random"], 1);
        shown["hash"].clone()
    };
    assert_ne!(hash(), hash());
}
