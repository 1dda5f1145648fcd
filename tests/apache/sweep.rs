//! Configurations that are made from the table: every directive, in every kind of place, with none to three words.

use std::sync::{Mutex, PoisonError};

use wsgi_httpd::compiler::directive;

use crate::answers::Answers;
use crate::corpus::Case;
use crate::oracle::{Oracle, Verdict};

/// What stands around the directive.
const PLACES: [(&str, &str, &str); 5] = [
    ("server", "", ""),
    ("host", "<VirtualHost *:80>\n", "</VirtualHost>\n"),
    ("directory", "<Directory /a>\n", "</Directory>\n"),
    ("location", "<Location /a>\n", "</Location>\n"),
    ("files", "<Files a>\n", "</Files>\n"),
];

/// The words, of which the first so many are given.
const WORDS: [&str; 3] = ["On", "On", "On"];

/// The text of every configuration, after its name.
pub(crate) fn all() -> Vec<(String, String)> {
    let mut names: Vec<&str> = directive::names(false).filter(|name| directive::find_known(name).is_some()).collect();
    names.sort_unstable();
    names.dedup();
    let mut texts = Vec::new();
    for name in names {
        let module = directive::modules_of(name).unwrap_or_default();
        let wsgi6 = if module == "mod_wsgi.c" { "#: wsgi6\n" } else { "" };
        for (place, before, after) in PLACES {
            for count in 0..=WORDS.len() {
                let line = [&[name], &WORDS[..count]].concat().join(" ");
                texts.push((
                    format!("sweep-{name}-{place}-{count}"),
                    format!("#: with {module}\n{wsgi6}{before}{line}\n{after}"),
                ));
            }
        }
    }
    texts
}

/// A part of them, the same each time and spread over the whole.
pub(crate) fn sample(count: usize) -> Vec<(String, String)> {
    let all = all();
    // It has no factor in common with any number of configurations that there may be.
    let step = 7919;
    (0..count.min(all.len())).map(|index| all[index * step % all.len()].clone()).collect()
}

/// How many are judged alike, of how many, and the others.
pub(crate) fn compare(oracle: &Oracle, texts: &[(String, String)]) -> (usize, usize, Vec<String>) {
    let mut answers = Answers::open(oracle);
    let differ = Mutex::new(Vec::new());
    // Not all at once: each has a folder.
    for texts in texts.chunks(2000) {
        let cases: Vec<Case> = texts.iter().map(|(name, text)| Case::new(name, "sweep", text)).collect();
        let judged: Vec<(&Case, Verdict)> = cases.iter().zip(answers.of(oracle, &cases)).collect();
        crate::for_each(&judged, |(case, verdict)| {
            let ours = case.compile();
            let refused = ours.report.has_errors();
            if refused != (*verdict != Verdict::Accepted) {
                let who = if refused { "only we refuse it" } else { "only Apache refuses it" };
                let found = if refused { ours.concise() } else { String::new() };
                let line = format!("{}: {who}: {verdict}\n{found}", case.name);
                differ.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        for case in &cases {
            std::fs::remove_dir_all(&case.folder).expect("what was made can be removed");
        }
    }
    let mut differ = differ.into_inner().unwrap_or_else(PoisonError::into_inner);
    differ.sort();
    (texts.len() - differ.len(), texts.len(), differ)
}
