//! A real Apache with mod_wsgi 6 and `wsgi-serve` side by side: each configuration of `cases/beside` is served by both, from the same
//! file, in embedded and in daemon mode; both get the same requests, and status, headers and bodies are compared. Where there is no
//! Apache, or no mod_wsgi 6 could be built, the comparison says that it is left out.
//!
//! A case serves the files of `cases/beside/site`. `#: METHOD TARGET Name:value… | body` is a request; several bodies are chunks;
//! `#: raw BYTES` sends what it says. `\r`, `\n`, `\t`, `\s` (a space), `\p` (a bar) and `\xNN` stand for a byte, and `PORT` for the port. The line `#~ REASON`
//! before a request says why its answers differ, `#~ (embedded) REASON` that they do in this mode alone; that they differ is tested too. A line of `#! daemon` or `#! embedded` leaves the
//! other mode out.

// A test may read files, clocks and the environment, and fails by panicking.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used)]
#![allow(clippy::doc_markdown, clippy::items_after_statements)]

#[path = "beside/answers.rs"]
mod answers;
#[path = "beside/case.rs"]
mod case;
#[path = "beside/servers.rs"]
mod servers;
#[allow(dead_code, unused_imports, reason = "each test file takes what it needs")]
mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;
use servers::Apache;
use support::{Mode, skipped};

/// How many requests are compared at least.
const ENOUGH: usize = 1400;

/// How many pairs run at once.
const ABREAST: usize = 3;

#[test]
#[allow(clippy::print_stdout)]
fn both_answer_alike() {
    let Some(apache) = Apache::find() else {
        skipped("side by side: there is no Apache with mod_wsgi 6 on this machine to compare with");
        return;
    };
    let cases = case::all();
    let runs: Vec<(&Case, Mode)> = Mode::BOTH
        .iter()
        .flat_map(|mode| cases.iter().map(|case| (case, *mode)))
        .filter(|(case, mode)| case.runs_in(*mode))
        .collect();
    let next = AtomicUsize::new(0);
    let compared = AtomicUsize::new(0);
    let listed = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| {
                while let Some((case, mode)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = answers::compare(case, *mode, &servers::both(&apache, case, *mode));
                    compared.fetch_add(outcome.alike, Ordering::Relaxed);
                    listed.fetch_add(outcome.listed, Ordering::Relaxed);
                    let named = outcome.wrong.into_iter().map(|text| format!("{} ({mode:?}): {text}", case.name));
                    wrong.lock().unwrap().extend(named);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let (compared, listed) = (compared.into_inner(), listed.into_inner());
    println!("{compared} answers alike, {listed} differ for a reason, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{} differ, {compared} are alike:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= ENOUGH, "only {compared} answers are compared");
}
