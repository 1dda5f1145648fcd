//! `docs/mod_wsgi.md`: each directive of mod_wsgi and each option of `WSGIDaemonProcess`, what it does here, and the test that
//! proves it. Made from the table of directives and `proofs.tsv`; `PROOFS=write cargo test --test proofs` writes it.

// A test may read files and the environment.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use wsgi_httpd::compiler::explain::{Here, Row, support};

const PAGE: &str = "docs/mod_wsgi.md";

const HEAD: &str = "\
# mod_wsgi's directives and options in wsgi-serve

Made from the table of directives and `tests/proofs.tsv` by `PROOFS=write cargo test --test proofs`: do not edit. The last column
names the test, or the configuration that is served by Apache with mod_wsgi and by wsgi-serve and answered alike. Where
something differs from mod_wsgi, [differences.md](differences.md) has the reason.

";

/// A row of `proofs.tsv`: what it does here, where the summary does not say it, and the proofs.
struct Proof<'a> {
    here: &'a str,
    proofs: Vec<&'a str>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn proofs(table: &str) -> BTreeMap<&str, Proof<'_>> {
    let rows = table.lines().skip(1).map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        let &[name, here, proofs] = fields.as_slice() else { panic!("three fields in {line:?}") };
        (name, Proof { here, proofs: proofs.split(' ').filter(|proof| !proof.is_empty()).collect() })
    });
    rows.collect()
}

/// A proof is `tests/FILE.rs::NAME`, a function there, or a file that a test reads.
fn exists(proof: &str) -> bool {
    match proof.split_once("::") {
        Some((file, name)) => fs::read_to_string(root().join("tests").join(file))
            .is_ok_and(|text| text.contains(&format!("#[test]\nfn {name}()"))),
        None => root().join("tests").join(proof).is_file(),
    }
}

fn line(row: &Row, proof: &Proof<'_>) -> String {
    let here = match (row.here, proof.here) {
        (Here::Ignored(why), _) => format!("accepted, and does nothing: {why}"),
        (Here::Acts, "") => row.summary.to_owned(),
        (Here::Acts, here) => here.to_owned(),
    };
    let proofs: Vec<_> = proof.proofs.iter().map(|proof| format!("`{proof}`")).collect();
    format!("| `{}` | {here} | {} |", row.name, proofs.join("<br>"))
}

#[test]
fn every_directive_and_option_has_its_proof() {
    let table = fs::read_to_string(root().join("tests/proofs.tsv")).expect("it is there");
    let mut proofs = proofs(&table);
    let rows = support();
    let options = rows.iter().filter(|row| row.summary.is_empty()).count();
    assert_eq!((rows.len() - options, options), (49, 44), "mod_wsgi 6.1.1 has so many directives and options");
    let mut page = HEAD.to_owned();
    let mut wrong = Vec::new();
    page.push_str("| directive or option | here | proved by |\n|---|---|---|\n");
    for row in &rows {
        let Some(proof) = proofs.remove(row.name.as_str()) else {
            wrong.push(format!("{}: no row in tests/proofs.tsv", row.name));
            continue;
        };
        if proof.proofs.is_empty() {
            wrong.push(format!("{}: no proof", row.name));
        }
        if row.summary.is_empty() && proof.here.is_empty() {
            wrong.push(format!("{}: an option has no summary, so the row must say what it does", row.name));
        }
        wrong.extend(
            proof
                .proofs
                .iter()
                .filter(|proof| !exists(proof))
                .map(|proof| format!("{}: there is no {proof}", row.name)),
        );
        writeln!(page, "{}", line(row, &proof)).expect("a String takes everything");
    }
    wrong.extend(proofs.into_keys().map(|name| format!("{name}: nothing of mod_wsgi's")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let path = root().join(PAGE);
    if std::env::var_os("PROOFS").is_some() {
        fs::write(&path, &page).expect("the folder is there");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{PAGE} is stale: run `PROOFS=write cargo test --test proofs`");
}
