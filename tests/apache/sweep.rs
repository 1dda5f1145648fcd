//! Configurations that are made from the table: every directive, in every kind of place, with none to three words.

use wsgi_httpd::compiler::directive;

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
        for (place, before, after) in PLACES {
            for count in 0..=WORDS.len() {
                let line = [&[name], &WORDS[..count]].concat().join(" ");
                texts.push((format!("sweep-{name}-{place}-{count}"), format!("{before}{line}\n{after}")));
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
    let differ = std::sync::Mutex::new(Vec::new());
    // Not all at once: each has a folder.
    for texts in texts.chunks(500) {
        let cases: Vec<Case> = texts.iter().map(|(name, text)| Case::new(name, "sweep", text)).collect();
        crate::for_each(&cases, |case| {
            let verdict = oracle.ask(case);
            let refused = case.compile().report.has_errors();
            if refused != (verdict != Verdict::Accepted) {
                let who = if refused { "only we refuse it" } else { "only Apache refuses it" };
                let line = format!("{}: {who}: {verdict}", case.name);
                differ.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
            }
        });
    }
    let mut differ = differ.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    differ.sort();
    (texts.len() - differ.len(), texts.len(), differ)
}
