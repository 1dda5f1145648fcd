//! The order in which sections are merged for a request (Apache, Configuration Sections, "How the sections are merged"):
//! `Directory` by length, `Directory ~` by slashes, `Files`, `Location`.

use super::section::normalised;
use super::{Matcher, Section};
use crate::plan::sections::Match;

/// A section and the sections around it, the outermost first. All of them must match.
#[derive(Debug, Clone)]
pub struct Merged<'a> {
    /// The sections around it.
    pub around: Vec<&'a Section>,
    /// The section whose settings count.
    pub section: &'a Section,
}

impl<'a> Merged<'a> {
    /// It and the sections around it.
    pub fn chain(&self) -> impl Iterator<Item = &'a Section> {
        self.around.iter().copied().chain([self.section])
    }

    /// Whether all of them match a mounted script; `None` when only the request can tell.
    pub fn matches(&self, url_path: &str, script: &str) -> Option<bool> {
        let mut certain = Some(true);
        for section in self.chain() {
            match section.matches(url_path, script) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => certain = None,
            }
        }
        certain
    }
}

/// The sections of the main server and of a host, in the order of merging. Those that only a request can judge are not in it.
pub fn merge_order<'a>(main: &'a [Section], host: &'a [Section]) -> Vec<Merged<'a>> {
    let all = || main.iter().chain(host);
    let of_step = |step: Step| all().filter(move |section| Step::of(section) == Some(step));
    // Both sorts keep the order of equals: the main server's before the host's, then as in the file.
    let mut folders: Vec<&Section> = of_step(Step::Directory).collect();
    folders.sort_by_key(|section| segments(section));
    let mut regexes: Vec<&Section> = of_step(Step::DirectoryRegex).collect();
    regexes.sort_by_key(|section| segments(section));
    folders.extend(regexes);
    let mut merged: Vec<Merged> = folders.iter().map(|section| Merged { around: Vec::new(), section }).collect();
    for section in of_step(Step::Files) {
        with_nested(&[], section, &mut merged);
    }
    for folder in folders {
        for nested in &folder.nested {
            with_nested(&[folder], nested, &mut merged);
        }
    }
    merged.extend(of_step(Step::Location).map(|section| Merged { around: Vec::new(), section }));
    merged
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Directory,
    DirectoryRegex,
    Files,
    Location,
}

impl Step {
    fn of(section: &Section) -> Option<Self> {
        let Matcher::Plain(matcher) = &section.matcher else { return None };
        Some(match matcher {
            Match::Directory(_) | Match::DirectoryPattern(_) => Self::Directory,
            Match::DirectoryRegex(_) => Self::DirectoryRegex,
            Match::Files(_) | Match::FilesRegex(_) => Self::Files,
            Match::Location(_) | Match::LocationPattern(_) | Match::LocationRegex(_) => Self::Location,
        })
    }
}

/// `<Files>`, and the `<Files>` in it.
fn with_nested<'a>(around: &[&'a Section], section: &'a Section, merged: &mut Vec<Merged<'a>>) {
    if matches!(section.matcher, Matcher::Unknown) {
        return;
    }
    merged.push(Merged { around: around.to_vec(), section });
    let around: Vec<&Section> = around.iter().copied().chain([section]).collect();
    for nested in &section.nested {
        with_nested(&around, nested, merged);
    }
}

/// How many segments a folder has; of a regular expression, how many slashes.
fn segments(section: &Section) -> usize {
    match &section.matcher {
        Matcher::Plain(Match::Directory(path) | Match::DirectoryPattern(path)) => {
            normalised(path).split('/').filter(|segment| !segment.is_empty()).count()
        }
        Matcher::Plain(Match::DirectoryRegex(regex)) => regex.matches('/').count(),
        _ => 0,
    }
}
