//! Which sections match a request, and the settings that they add up to (Apache, Configuration Sections, merging).

use std::io;

use glob::{MatchOptions, Pattern};
use regex::bytes::Regex;

use crate::plan::Host;
use crate::plan::sections::{Match, Settings};

/// The sections of a host, ready to be compared.
#[derive(Debug)]
pub(super) struct Sections {
    base: Settings,
    sections: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    matches: Vec<Matcher>,
    settings: Settings,
    by_location: bool,
}

#[derive(Debug)]
enum Matcher {
    Folder(String),
    FolderPattern(Pattern, usize),
    FileRegex(Regex),
    Name(Pattern),
    NameRegex(Regex),
    Location(String),
    LocationPattern(Pattern),
    LocationRegex(Regex),
}

/// `*` and `?` stop at a slash, and match a leading dot, as `apr_fnmatch` with `FNM_PATHNAME` does.
const PATTERN: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Which of the sections by location match a path: equal answers mean equal settings for the same file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Locations(Vec<bool>);

impl Sections {
    /// Prepares the sections of a host.
    ///
    /// # Errors
    /// A pattern that the compiler let pass and this machine refuses.
    pub(super) fn new(host: &Host) -> io::Result<Self> {
        let mut sections = Vec::with_capacity(host.sections.len());
        for section in &host.sections {
            let matches = section
                .matches
                .iter()
                .map(matcher)
                .collect::<Result<Vec<_>, String>>()
                .map_err(|reason| io::Error::other(format!("{}: {reason}", section.place)))?;
            let by_location = matches.iter().any(Matcher::is_location);
            sections.push(Compiled { matches, settings: section.settings.clone(), by_location });
        }
        Ok(Self { base: host.settings.clone(), sections })
    }

    /// Which sections by location match.
    pub(super) fn locations(&self, url_path: &[u8]) -> Locations {
        let by_location = self.sections.iter().filter(|section| section.by_location);
        Locations(by_location.map(|section| section.matches(b"", url_path)).collect())
    }

    /// All that holds for a file reached by a path. `file` is empty where no file is known.
    pub(super) fn settings(&self, file: &[u8], url_path: &[u8]) -> Settings {
        let mut settings = self.base.clone();
        for section in self.sections.iter().filter(|section| section.matches(file, url_path)) {
            settings.overlay(&section.settings);
        }
        settings
    }
}

impl Compiled {
    fn matches(&self, file: &[u8], url_path: &[u8]) -> bool {
        self.matches.iter().all(|matcher| matcher.matches(file, url_path))
    }
}

impl Matcher {
    fn is_location(&self) -> bool {
        matches!(self, Self::Location(_) | Self::LocationPattern(_) | Self::LocationRegex(_))
    }

    fn matches(&self, file: &[u8], url_path: &[u8]) -> bool {
        let text = |bytes| String::from_utf8_lossy(bytes);
        match self {
            Self::Folder(folder) => holds(folder, file),
            Self::FolderPattern(pattern, segments) => {
                first_segments(file, *segments).is_some_and(|folder| pattern.matches_with(&text(folder), PATTERN))
            }
            Self::FileRegex(regex) => !file.is_empty() && regex.is_match(file),
            Self::Name(pattern) => pattern.matches_with(&text(name(file)), PATTERN),
            Self::NameRegex(regex) => !file.is_empty() && regex.is_match(name(file)),
            Self::Location(location) => super::path::covered(location, url_path).is_some(),
            Self::LocationPattern(pattern) => pattern.matches_with(&text(url_path), PATTERN),
            Self::LocationRegex(regex) => regex.is_match(url_path),
        }
    }
}

/// Whether a file lies in a folder, at any depth.
fn holds(folder: &str, file: &[u8]) -> bool {
    if folder == "/" {
        return file.starts_with(b"/");
    }
    file.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}

fn name(file: &[u8]) -> &[u8] {
    file.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The folder made of the first `count` segments, if the file lies in one.
fn first_segments(file: &[u8], count: usize) -> Option<&[u8]> {
    let slashes = file.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.skip(1).nth(count - 1).map(|(end, _)| &file[..end])
}

fn matcher(from: &Match) -> Result<Matcher, String> {
    let pattern = |text: &str| Pattern::new(text).map_err(|error| format!("`{text}`: {error}"));
    let regex = |text: &str| Regex::new(text).map_err(|error| format!("`{text}`: {error}"));
    Ok(match from {
        Match::Directory(folder) => Matcher::Folder(folder.clone()),
        Match::DirectoryPattern(text) => {
            let trimmed = text.trim_end_matches('/');
            Matcher::FolderPattern(pattern(trimmed)?, trimmed.matches('/').count().max(1))
        }
        Match::DirectoryRegex(text) => Matcher::FileRegex(regex(text)?),
        Match::Files(text) => Matcher::Name(pattern(text)?),
        Match::FilesRegex(text) => Matcher::NameRegex(regex(text)?),
        Match::Location(location) => Matcher::Location(location.clone()),
        Match::LocationPattern(text) => Matcher::LocationPattern(pattern(text)?),
        Match::LocationRegex(text) => Matcher::LocationRegex(regex(text)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(from: &Match, file: &str, url_path: &str) -> bool {
        matcher(from).unwrap().matches(file.as_bytes(), url_path.as_bytes())
    }

    #[test]
    fn a_directory_covers_what_lies_below_it() {
        assert!(matches(&Match::Directory("/srv/a".into()), "/srv/a/app.wsgi", "/"));
        assert!(matches(&Match::Directory("/".into()), "/srv/a/app.wsgi", "/"));
        assert!(!matches(&Match::Directory("/srv/a".into()), "/srv/ab/app.wsgi", "/"));
        // Apache: a section that names the file itself never matches.
        assert!(!matches(&Match::Directory("/srv/a/app.wsgi".into()), "/srv/a/app.wsgi", "/"));
    }

    #[test]
    fn a_directory_pattern_is_compared_by_segments() {
        assert!(matches(&Match::DirectoryPattern("/home/*/www".into()), "/home/ann/www/app.wsgi", "/"));
        assert!(matches(&Match::DirectoryPattern("/home/*/www".into()), "/home/ann/www/sub/app.wsgi", "/"));
        assert!(!matches(&Match::DirectoryPattern("/home/*/www".into()), "/home/ann/b/www/app.wsgi", "/"));
    }

    #[test]
    fn a_location_covers_whole_segments() {
        assert!(matches(&Match::Location("/x".into()), "", "/x/y"));
        assert!(!matches(&Match::Location("/x".into()), "", "/xy"));
        assert!(!matches(&Match::Location("/x/".into()), "", "/x"));
        assert!(matches(&Match::LocationPattern("/x*".into()), "", "/xy"));
        assert!(!matches(&Match::LocationPattern("/x*".into()), "", "/xy/z"));
    }

    #[test]
    fn files_look_at_the_last_component() {
        assert!(matches(&Match::Files("*.wsgi".into()), "/srv/a/app.wsgi", "/"));
        assert!(matches(&Match::FilesRegex("^app".into()), "/srv/a/app.wsgi", "/"));
        assert!(!matches(&Match::Files("app".into()), "/srv/a/app.wsgi", "/"));
    }
}
