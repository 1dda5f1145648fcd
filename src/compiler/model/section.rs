//! Sections: what they match, and whether they can match a given file or URL.

use std::borrow::Cow;

use super::settings::Settings;
use crate::compiler::source::Span;
use crate::plan::sections::Match;

/// What a section is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// What the plan can carry.
    Plain(Match),
    /// Something that is decided at request time in a way we do not carry: `<If>`, `<Proxy>`.
    Unknown,
}

/// A `<Directory>`, `<Files>`, `<Location>` or one that we cannot judge.
#[derive(Debug)]
pub struct Section {
    /// What it matches.
    pub matcher: Matcher,
    /// What it sets.
    pub settings: Settings,
    /// The sections in it.
    pub nested: Vec<Self>,
    /// Its opening line.
    pub span: Span,
}

impl Section {
    /// A section that sets nothing yet.
    pub fn new(matcher: Matcher, span: Span) -> Self {
        Self { matcher, settings: Settings::default(), nested: Vec::new(), span }
    }

    /// Whether its settings, or those of any section in it, are so.
    pub fn any(&self, is_so: &impl Fn(&Settings) -> bool) -> bool {
        is_so(&self.settings) || self.nested.iter().any(|nested| nested.any(is_so))
    }

    /// Goes through the section and all that are in it.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(&'a Self)) {
        visitor(self);
        for nested in &self.nested {
            nested.visit(visitor);
        }
    }

    /// Whether it matches a request for a script that is mounted at a URL path; `None` when only the request can tell.
    pub fn matches(&self, url_path: &str, script: &str) -> Option<bool> {
        let Matcher::Plain(matcher) = &self.matcher else { return None };
        let folder_of_scripts = script.ends_with('/');
        match matcher {
            Match::Directory(path)
                if folder_of_scripts && path_is_within(path, script) && normalised(path) != normalised(script) =>
            {
                None
            }
            // A section of that very name shows that the script is a folder, or that somebody took it for one.
            Match::Directory(path) if normalised(path) == normalised(script) => None,
            Match::Directory(path) => Some(path_is_within(script, path)),
            Match::DirectoryPattern(pattern) => pattern_covers(pattern, script),
            Match::Files(_) if folder_of_scripts => None,
            Match::Files(name) => {
                let file = script.rsplit('/').next().unwrap_or_default();
                Some(glob::Pattern::new(name).is_ok_and(|pattern| pattern.matches(file)))
            }
            Match::Location(prefix) if starts_with_path(url_path, prefix) => Some(true),
            Match::Location(prefix) if starts_with_path(prefix, url_path) => None,
            Match::Location(_) => Some(false),
            Match::DirectoryRegex(_) | Match::FilesRegex(_) | Match::LocationPattern(_) | Match::LocationRegex(_) => {
                None
            }
        }
    }
}

/// `*` crosses no `/`, so a pattern is compared with the folders above a file, each one in turn.
fn pattern_covers(pattern: &str, script: &str) -> Option<bool> {
    let pattern = glob::Pattern::new(without_trailing_slash(pattern)).ok()?;
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let script = normalised(script);
    let folders = script.match_indices('/').map(|(at, _)| &script[..at]);
    Some(folders.into_iter().any(|folder| pattern.matches_with(folder, options)))
}

/// Whether a file lies in a folder, segment by segment, however both are written.
pub fn path_is_within(file: &str, folder: &str) -> bool {
    path_below(file, folder).is_some()
}

/// What is left of a file's path below a folder that it lies in: it begins with a slash.
pub fn path_below<'a>(file: &'a str, folder: &str) -> Option<Cow<'a, str>> {
    let (file, folder) = (normalised(file), normalised(folder));
    let length = if folder == "/" { 0 } else { folder.len() };
    let rest = file.strip_prefix(&folder[..length]).filter(|rest| rest.starts_with('/') && file.len() > length)?;
    let start = file.len() - rest.len();
    Some(match file {
        Cow::Borrowed(file) => Cow::Borrowed(&file[start..]),
        Cow::Owned(file) => Cow::Owned(file[start..].to_owned()),
    })
}

/// A path as Apache compares it: repeated slashes merged, `.` and `..` resolved by the text alone, no slash at the end.
pub fn normalised(path: &str) -> Cow<'_, str> {
    if !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(without_trailing_slash(path));
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    Cow::Owned(format!("{root}{}", segments.join("/")))
}

/// Whether a URL path begins with another one, segment by segment. A trailing slash of the prefix must be there.
pub fn starts_with_path(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'))
}

/// The path without the slash at its end, unless it is all there is.
pub fn without_trailing_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
    }
}
