//! The same configurations, judged by Apache and by us: who accepts them, and which line is blamed.
//!
//! `tests/apache/*.conf` hold the cases. What a real Apache says of each is asked anew where `apache2` is installed, and is
//! otherwise read from `tests/apache/verdicts.tsv`; `APACHE_VERDICTS=record` writes that file, and
//! `APACHE_VERDICTS=new` asks only about the cases that are not in it. Cases in which we differ on
//! purpose stand in `tests/apache/differences.conf`, and each has its reason in `docs/differences.md`.

#[path = "apache/corpus.rs"]
mod corpus;
#[path = "apache/oracle.rs"]
mod oracle;
#[path = "apache/sweep.rs"]
mod sweep;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use corpus::Case;
use oracle::{Oracle, Verdict};

/// Runs something for every case, on a few threads.
fn for_each<'a>(cases: &'a [Case], work: impl Fn(&'a Case) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(case);
                }
            });
        }
    });
}

/// Why the two answers do not fit, if they do not.
fn disagreement(case: &Case, verdict: &Verdict) -> Option<String> {
    let ours = case.compile();
    match verdict {
        Verdict::Accepted if !ours.report.has_errors() => None,
        Verdict::Refused { .. } if !ours.report.has_errors() => Some("only Apache refuses it".to_owned()),
        Verdict::Accepted => Some(format!("only we refuse it:\n{}", ours.concise())),
        Verdict::Refused { place: Some((file, line)), .. } if !Case::blames(&ours, file, *line) => {
            Some(format!("another line is blamed:\n{}", ours.concise()))
        }
        Verdict::Refused { .. } => None,
    }
}

#[test]
fn we_accept_and_refuse_what_apache_does() {
    let oracle = Oracle::find();
    let cases = corpus::all();
    let verdicts = oracle.verdicts(&cases);
    let (mut differ, mut compared, mut listed) = (BTreeSet::new(), 0, 0);
    let mut said = String::new();
    for (case, verdict) in cases.iter().zip(&verdicts) {
        let Some(verdict) = verdict else { continue };
        compared += 1;
        listed += usize::from(case.differs);
        let found = disagreement(case, verdict);
        if let (Some(found), false) = (&found, case.differs) {
            writeln!(said, "\n== {} ({})\n{}\nApache: {verdict}\n{found}", case.name, case.file, case.text)
                .expect("writing to a string cannot fail");
        }
        if found.is_some() {
            differ.insert(case.name.clone());
        } else if case.differs {
            writeln!(said, "\n== {}: there is no difference any more", case.name)
                .expect("writing to a string cannot fail");
        }
    }
    writeln!(
        std::io::stderr(),
        "{compared} configurations compared ({}), {} left out; {} differ, {listed} of them on purpose",
        oracle.description(),
        cases.len() - compared,
        differ.len(),
    )
    .ok();
    assert!(compared >= 300 || cases.len() < 300, "too few are compared");
    assert!(said.is_empty(), "{said}");
}

#[test]
fn every_difference_has_its_reason() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md"))
        .expect("docs/differences.md is there");
    let (page, _) = page.split_once("\n# ").expect("what wsgi-serve does differently has a heading of its own");
    let named: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|line| line.split('`').next()).collect();
    let cases = corpus::all();
    let differ: BTreeSet<&str> = cases.iter().filter(|case| case.differs).map(|case| case.name.as_str()).collect();
    assert_eq!(named, differ, "docs/differences.md and tests/apache/differences.conf are not in step");
}

#[test]
fn names_of_cases_are_unique() {
    let mut names = BTreeSet::new();
    for case in corpus::all() {
        assert!(names.insert(case.name.clone()), "{} is there twice", case.name);
    }
}

/// Says how many of the configurations are judged alike; the share in tenths of a percent must be so much.
fn agreement(texts: &[(String, String)], least: usize) {
    let oracle = Oracle::find();
    if !oracle.is_here() {
        writeln!(std::io::stderr(), "skipped: there is no apache2 with mod_wsgi here").ok();
        return;
    }
    let (alike, all, differ) = sweep::compare(&oracle, texts);
    writeln!(std::io::stderr(), "{alike} of {all} made configurations are judged alike").ok();
    assert!(alike * 1000 >= all * least, "{alike} of {all} are judged alike:\n{}", differ.join("\n"));
}

#[test]
fn a_sample_of_the_whole_table_is_judged_alike() {
    agreement(&sweep::sample(120), 850);
}

#[test]
#[ignore = "takes minutes: make agreement"]
fn the_whole_table_is_judged_alike() {
    agreement(&sweep::all(), 900);
}
