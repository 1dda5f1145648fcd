//! The same server through a client library that others wrote.

use std::path::Path;
use std::process::{Command, Output};

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
#[allow(clippy::print_stdout)]
fn pygls_understands_every_answer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prepared = Command::new(root.join("examples/prepare.sh")).arg("tests").output().expect("sh is there");
    if prepared.status.code() == Some(3) {
        println!("skipped: {}", text(&prepared));
        return;
    }
    assert!(prepared.status.success(), "examples/prepare.sh tests: {}", text(&prepared));
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let output = Command::new(root.join("target/venvs/tests/bin/python"))
        .arg(root.join("tests/language_server/pygls_client.py"))
        .arg(env!("CARGO_BIN_EXE_wsgi-check"))
        .arg(folder.path().join("shop.conf"))
        .output()
        .expect("the virtual environment has a Python");
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(text(&output).trim(), "all as expected");
}
