//! Whether a section matches a request (Apache, Configuration Sections).

use glob::{MatchOptions, Pattern as Wildcards};

use super::path::covered;
use super::pattern::Pattern;
use crate::plan::sections::Match;

/// What a section is compared with, made ready.
#[derive(Debug)]
pub struct Matcher(Kind);

#[derive(Debug)]
enum Kind {
    Folder(String),
    FolderPattern(Wildcards, usize),
    FileRegex(Pattern),
    Name(Wildcards),
    NameRegex(Pattern),
    Location(String),
    LocationPattern(Wildcards),
    LocationRegex(Pattern),
}

/// `*` and `?` stop at a slash, and match a leading dot, as `apr_fnmatch` with `FNM_PATHNAME` does.
const PATTERN: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl Matcher {
    /// Makes a match ready.
    ///
    /// # Errors
    /// A pattern that this machine refuses.
    pub fn new(from: &Match) -> Result<Self, String> {
        let pattern =
            |text: &str| Wildcards::new(&text.replace("[^", "[!")).map_err(|error| format!("`{text}`: {error}"));
        let regex = |text: &str| Pattern::new(text).map_err(|error| format!("`{text}`: {error}"));
        Ok(Self(match from {
            Match::Directory(folder) => Kind::Folder(folder.clone()),
            Match::DirectoryPattern(text) => {
                let trimmed = text.trim_end_matches('/');
                Kind::FolderPattern(pattern(trimmed)?, trimmed.matches('/').count().max(1))
            }
            Match::DirectoryRegex(text) => Kind::FileRegex(regex(text)?),
            Match::Files(text) => Kind::Name(pattern(text)?),
            Match::FilesRegex(text) => Kind::NameRegex(regex(text)?),
            Match::Location(location) => Kind::Location(location.clone()),
            Match::LocationPattern(text) => Kind::LocationPattern(pattern(text)?),
            Match::LocationRegex(text) => Kind::LocationRegex(regex(text)?),
        }))
    }

    /// Whether it looks at the URL path alone.
    #[must_use]
    pub fn is_location(&self) -> bool {
        matches!(self.0, Kind::Location(_) | Kind::LocationPattern(_) | Kind::LocationRegex(_))
    }

    /// Whether it matches a file reached by a path. `file` is empty where no file is known.
    #[must_use]
    pub fn matches(&self, file: &[u8], url_path: &[u8]) -> bool {
        let text = |bytes| String::from_utf8_lossy(bytes);
        match &self.0 {
            Kind::Folder(folder) => holds(folder, file),
            Kind::FolderPattern(pattern, segments) => {
                first_segments(file, *segments).is_some_and(|folder| pattern.matches_with(&text(folder), PATTERN))
            }
            Kind::FileRegex(regex) => !file.is_empty() && regex.is_match(file),
            Kind::Name(pattern) => pattern.matches_with(&text(name(file)), PATTERN),
            Kind::NameRegex(regex) => !file.is_empty() && regex.is_match(name(file)),
            Kind::Location(location) => covered(location, url_path).is_some(),
            Kind::LocationPattern(pattern) => pattern.matches_with(&text(url_path), PATTERN),
            Kind::LocationRegex(regex) => regex.is_match(url_path),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(from: &Match, file: &str, url_path: &str) -> bool {
        Matcher::new(from).unwrap().matches(file.as_bytes(), url_path.as_bytes())
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
