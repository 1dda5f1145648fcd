//! The same configurations, judged by Apache and by us: who accepts them, and which line is blamed.
//!
//! `tests/apache/*.conf` hold the cases. What a real Apache says of each is asked anew where `apache2` is installed, and is
//! otherwise read from `tests/apache/verdicts.tsv`; `APACHE_VERDICTS=record` writes that file, and
//! `APACHE_VERDICTS=new` asks only about the cases that are not in it. Cases in which we differ on
//! purpose stand in `tests/apache/differences.conf`, and each has its reason in `docs/differences.md`.
//! `APACHE_PART=2/5` takes the second of five parts of what is made from the table.

#[path = "apache/answers.rs"]
mod answers;
#[path = "apache/corpus.rs"]
mod corpus;
#[path = "apache/generated.rs"]
mod generated;
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

/// Does something with each, on a few threads.
fn for_each<'a, T: Sync>(cases: &'a [T], work: impl Fn(&'a T) + Sync) {
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

/// The first columns of the tables of `docs/differences.md` below a heading.
fn listed(heading: &str) -> BTreeSet<String> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md"))
        .expect("docs/differences.md is there");
    let (_, part) = page.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let part = part.split("\n## ").next().unwrap_or_default();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|line| line.split('`').next());
    rows.map(str::to_owned).collect()
}

/// The findings by which we are stricter on purpose.
fn stricter() -> BTreeSet<String> {
    listed("Findings that are stricter than `apache2 -t`")
}

#[test]
fn every_difference_has_its_reason() {
    let cases = corpus::all();
    let differ: BTreeSet<String> = cases.iter().filter(|case| case.differs).map(|case| case.name.clone()).collect();
    let listed = listed("Cases");
    assert_eq!(listed, differ, "docs/differences.md and tests/apache/differences.conf are not in step");
    for name in stricter() {
        let known = wsgi_httpd::compiler::explain::codes().iter().any(|code| code.name == name);
        assert!(known, "{name} is no finding");
    }
}

#[test]
fn names_of_cases_are_unique() {
    let mut names = BTreeSet::new();
    for case in corpus::all() {
        assert!(names.insert(case.name.clone()), "{} is there twice", case.name);
    }
}

/// Says how many of the configurations are judged alike; the share in tenths of a percent must be so much.
fn agreement(name: &str, texts: &[(String, String)], least: usize) {
    let oracle = Oracle::find();
    if !oracle.is_here() {
        writeln!(std::io::stderr(), "skipped: there is no apache2 with mod_wsgi here").ok();
        return;
    }
    let sweep::Comparison { alike, stricter, differ } = sweep::compare(&oracle, texts, &stricter());
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/apache/differ-{name}.txt"));
    std::fs::write(&list, differ.join("\n")).expect("the list can be written");
    writeln!(
        std::io::stderr(),
        "{alike} of {} made configurations are judged alike, {stricter} we refuse on purpose, {} differ: {}",
        texts.len(),
        differ.len(),
        list.display()
    )
    .ok();
    let all = texts.len() - stricter;
    assert!(alike * 1000 >= all * least, "{alike} of {all} are judged alike:\n{}", differ.join("\n"));
}

#[test]
fn generated_configurations_are_judged_alike() {
    agreement("few", &generated::some(60), 990);
}

#[test]
#[ignore = "takes minutes: make agreement"]
fn many_generated_configurations_are_judged_alike() {
    agreement("generated", &generated::some(4000), 990);
}

#[test]
fn a_sample_of_the_whole_table_is_judged_alike() {
    agreement("sample", &sweep::sample(120), 990);
}

#[test]
#[ignore = "takes minutes: make agreement"]
fn values_of_many_kinds_are_judged_alike() {
    agreement("values", &sweep::part(sweep::values()), 980);
}

#[test]
#[ignore = "takes minutes: make agreement"]
fn the_whole_table_is_judged_alike() {
    agreement("table", &sweep::part(sweep::all()), 995);
}
