//! Real applications behind wsgi-serve: those that install quickly, below the names that their recipes give them. `make frameworks`
//! runs all of them.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const QUICK: [&str; 6] = ["cherrypy", "django", "flask", "pyramid", "webpy", "werkzeug"];

#[test]
fn applications_answer_as_their_recipes_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let recipes = root.join("../shared/frameworks");
    if !recipes.exists() {
        writeln!(std::io::stderr(), "skipped: the recipes of applications are not beside this folder").ok();
        return;
    }
    let output = Command::new("python3")
        .arg(root.join("tests/frameworks/run.py"))
        .arg(&recipes)
        .arg(root.join("target/frameworks"))
        .args(["--serve", env!("CARGO_BIN_EXE_wsgi-serve")])
        .args(QUICK)
        .output()
        .expect("python3 is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(": 6 applications, 6 of them alone"), "{said}");
}
