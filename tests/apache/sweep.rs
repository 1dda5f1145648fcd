//! Configurations that are made from the table: every directive, in every kind of place, with none to three words.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use wsgi_httpd::compiler::directive::{self, Context};

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

/// Words of many kinds, each given alone and twice.
const VALUES: [&str; 36] = [
    "\"\"",
    "-1",
    "0",
    "1",
    "7",
    "100",
    "5000",
    "70000",
    "5000000000",
    "1.5",
    "1m",
    "5s",
    "100ms",
    "1K",
    "abc",
    "None",
    "all",
    "default",
    "auto",
    "full",
    "/a",
    "/tmp",
    "http://a/b",
    "https://a.example:8443",
    "a.example",
    ".example",
    "*",
    "*:80",
    "10.0.0.1",
    "10.0.0.0/8",
    "a=b",
    "+a",
    "text/html",
    "^a(b)",
    "(",
    "s/a/b/",
];

/// Every directive that is no section, in order.
fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = directive::names(false).filter(|name| directive::find_known(name).is_some()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every directive where it may stand, with words of many kinds.
pub(crate) fn values() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    // What lies in `/tmp` is nobody's configuration.
    for name in names().into_iter().filter(|name| !name.starts_with("Include")) {
        let Some(known) = directive::find_known(name) else { continue };
        let (module, wsgi6) = modules(name);
        let inside = !known.contexts.contains(&Context::ServerConfig);
        let (before, after) = if inside { ("<Directory /a>\n", "</Directory>\n") } else { ("", "") };
        let least = known.args.least.max(1);
        for count in least..=known.args.most.unwrap_or(2).min(2).max(least) {
            for (index, value) in VALUES.iter().enumerate() {
                let line = [name].into_iter().chain(std::iter::repeat_n(*value, count)).collect::<Vec<_>>().join(" ");
                let text = format!("#: with {module}\n{wsgi6}{before}{line}\n{after}");
                texts.push((format!("values-{name}-{count}-{index}"), text));
            }
        }
    }
    texts
}

/// The modules that have a directive, and the line that asks for mod_wsgi 6.
fn modules(name: &str) -> (&'static str, &'static str) {
    let module = directive::modules_of(name).unwrap_or_default();
    // It does nothing without one of those that keep the files.
    let module = if module == "mod_dav.c" { "mod_dav.c,mod_dav_fs.c" } else { module };
    (module, if module == "mod_wsgi.c" { "#: wsgi6\n" } else { "" })
}

/// The text of every configuration, after its name.
pub(crate) fn all() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for name in names() {
        let (module, wsgi6) = modules(name);
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

/// The part that `APACHE_PART` asks for, spread over the whole.
pub(crate) fn part(texts: Vec<(String, String)>) -> Vec<(String, String)> {
    let Ok(wanted) = std::env::var("APACHE_PART") else { return texts };
    let numbers = wanted.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    let (part, of): (usize, usize) = numbers.filter(|(part, of)| (1..=*of).contains(part)).expect("as in `2/5`");
    texts.into_iter().skip(part - 1).step_by(of).collect()
}

/// What came of a comparison.
pub(crate) struct Comparison {
    /// How many are judged alike.
    pub(crate) alike: usize,
    /// How many only we refuse, each for reasons that `docs/differences.md` names.
    pub(crate) stricter: usize,
    /// The others.
    pub(crate) differ: Vec<String>,
}

/// Compares who accepts each.
pub(crate) fn compare(oracle: &Oracle, texts: &[(String, String)], stricter: &BTreeSet<String>) -> Comparison {
    let mut answers = Answers::open(oracle);
    let found = Mutex::new(Comparison { alike: 0, stricter: 0, differ: Vec::new() });
    // Not all at once: each has a folder.
    for texts in texts.chunks(2000) {
        let cases: Vec<Case> = texts.iter().map(|(name, text)| Case::new(name, "sweep", text)).collect();
        let judged: Vec<(&Case, Verdict)> = cases.iter().zip(answers.of(oracle, &cases)).collect();
        crate::for_each(&judged, |(case, verdict)| {
            let ours = case.compile();
            let refused = ours.report.has_errors();
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            let elsewhere = match verdict {
                Verdict::Refused { place: Some((file, line)), .. } => refused && !Case::blames(&ours, file, *line),
                _ => false,
            };
            if elsewhere {
                let text = &case.text;
                found.differ.push(format!(
                    "{}: another line is blamed: {verdict}\n{text}\n{}",
                    case.name,
                    ours.concise()
                ));
            } else if refused == (*verdict != Verdict::Accepted) {
                found.alike += 1;
            } else if refused && Case::errors(&ours).all(|code| stricter.contains(code)) {
                found.stricter += 1;
            } else {
                let who = if refused { "only we refuse it" } else { "only Apache refuses it" };
                let said = if refused { ours.concise() } else { String::new() };
                let line =
                    case.text.lines().filter(|line| !line.starts_with(['#', '<'])).collect::<Vec<_>>().join(" | ");
                found.differ.push(format!("{}: {line}: {who}: {verdict}\n{said}", case.name));
            }
        });
        for case in &cases {
            std::fs::remove_dir_all(&case.folder).expect("what was made can be removed");
        }
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.differ.sort();
    found
}
