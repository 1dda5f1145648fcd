//! How interpreters are made and ended.

use serde_json::json;

use crate::support::{Site, pythons, tests_apache};

const SHOW: &str = r#"
import atexit, json, os, sys
folder = os.path.dirname(__file__)
def note():
    with open(os.path.join(folder, "exits"), "a") as file:
        file.write("end\n")
atexit.register(note)

def application(environ, start_response):
    shown = {"interval": sys.getswitchinterval(), "path": [os.path.basename(entry) for entry in sys.path[:3]]}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]
"#;

const GRANT: &str = "<Directory ${DIR}>\n    Require all granted\n</Directory>\n";

fn site(python: &crate::support::Python) -> Site {
    let site = Site::under(python);
    site.file("app.wsgi", SHOW);
    for folder in ["one", "two", "three"] {
        site.file(&format!("{folder}/marker.py"), "");
    }
    site
}

#[test]
fn the_switch_interval() {
    for python in pythons() {
        let site = site(python);
        let server = site.start(&format!(
            "{GRANT}WSGISwitchInterval 0.02\n\
             WSGIDaemonProcess plain threads=1 python-home=${{VENV}}\n\
             WSGIDaemonProcess own threads=1 switch-interval=0.03 python-home=${{VENV}}\n\
             <WSGIInterpreterOptions application-group=fast>\n    WSGIPerInterpreterGIL On\n    WSGISwitchInterval 0.001\n\
             </WSGIInterpreterOptions>\n\
             WSGIScriptAlias /plain ${{DIR}}/app.wsgi process-group=plain application-group=%{{GLOBAL}}\n\
             WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=plain application-group=sub\n\
             WSGIScriptAlias /fast ${{DIR}}/app.wsgi process-group=plain application-group=fast\n\
             WSGIScriptAlias /own ${{DIR}}/app.wsgi process-group=own application-group=%{{GLOBAL}}\n",
        ));
        // With a GIL of its own an interpreter has an interval of its own.
        let fast = if python.minor >= 12 { 0.001 } else { 0.02 };
        for (target, expected) in [("/plain", 0.02), ("/sub", 0.02), ("/fast", fast), ("/own", 0.03)] {
            let shown = server.get(target).json()["interval"].as_f64().unwrap();
            assert!((shown - expected).abs() < 1e-6, "{target} under {}: {shown}", python.version);
        }
        server.stop();
    }
}

#[test]
fn the_path_of_some_interpreters() {
    let python = pythons().first().expect("there is a Python");
    let site = site(python);
    let server = site.start(&format!(
        "{GRANT}WSGIDaemonProcess app threads=1 python-path=${{DIR}}/three python-home=${{VENV}}\n\
         <WSGIInterpreterOptions process-group=app>\n    WSGIPythonPath ${{DIR}}/two\n</WSGIInterpreterOptions>\n\
         <WSGIInterpreterOptions process-group=app application-group=sub>\n    WSGIPythonPath ${{DIR}}/one\n\
         </WSGIInterpreterOptions>\n\
         WSGIScriptAlias /main ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=app application-group=sub\n",
    ));
    assert_eq!(server.get("/sub").json()["path"], json!(["one", "two", "three"]));
    assert_eq!(server.get("/main").json()["path"].as_array().unwrap()[..2], [json!("two"), json!("three")]);
    server.stop();
}

#[test]
fn interpreters_that_are_not_ended() {
    for (directive, expected) in [("On", "end\nend\n"), ("Off", "")] {
        let python = pythons().first().expect("there is a Python");
        let site = site(python);
        let server = site.start(&format!(
            "{GRANT}WSGIDestroyInterpreter {directive}\nWSGIDaemonProcess app threads=1 python-home=${{VENV}}\n\
             WSGIScriptAlias /main ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
             WSGIScriptAlias /sub ${{DIR}}/app.wsgi process-group=app application-group=sub\n",
        ));
        assert_eq!((server.get("/main").status, server.get("/sub").status), (200, 200));
        server.stop();
        assert_eq!(site.read("exits"), expected, "WSGIDestroyInterpreter {directive}");
    }
}

#[test]
fn a_python_with_its_lock_says_that_it_keeps_it() {
    if tests_apache() {
        return;
    }
    let python = pythons().iter().find(|python| !python.free_threaded).expect("there is a Python");
    let site = site(python);
    let server = site.start(&format!(
        "{GRANT}WSGIFreeThreading On\n\
         <WSGIInterpreterOptions application-group=sub>\n    WSGIFreeThreading Off\n</WSGIInterpreterOptions>\n\
         WSGIDaemonProcess app threads=1 python-home=${{VENV}}\n\
         WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n",
    ));
    assert_eq!(server.get("/").status, 200);
    server.logged("WSGI0200");
    server.logged("WSGI0201");
    server.stop();
}
