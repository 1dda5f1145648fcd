//! What the words of directives may be that do not act: tables, one for each family of modules.

mod access;
mod content;
mod lines;
mod proxy;
mod server;
mod tls;

use super::kind::{Kind, Wrong};

/// Reads all the words of a line: which is wrong, and why.
type Line = fn(&[&str]) -> Result<(), (usize, Wrong)>;

/// What the words of a directive may be.
struct Row {
    name: &'static str,
    /// As many as must be there, where httpd's own table leaves that to the directive.
    least: usize,
    /// The words one by one.
    words: &'static [Kind],
    /// What follows is as the last of them.
    goes_on: bool,
    /// Words that depend on each other.
    line: Option<Line>,
}

/// A directive and its words one by one.
const fn words(name: &'static str, words: &'static [Kind]) -> Row {
    Row { name, least: 0, words, goes_on: false, line: None }
}

/// A directive whose words are all alike.
const fn each(name: &'static str, kind: &'static [Kind; 1]) -> Row {
    Row { goes_on: true, ..words(name, kind) }
}

/// A directive whose words are read together.
const fn line(name: &'static str, line: Line) -> Row {
    Row { line: Some(line), ..words(name, &[]) }
}

impl Row {
    /// So many words must be there.
    const fn at_least(mut self, least: usize) -> Self {
        self.least = least;
        self
    }

    /// All further words are as the last.
    const fn and_so_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// The words are read together too.
    const fn together(mut self, line: Line) -> Self {
        self.line = Some(line);
        self
    }
}

const FAMILIES: [&[Row]; 5] = [access::ROWS, content::ROWS, proxy::ROWS, server::ROWS, tls::ROWS];

fn row(name: &str) -> Option<&'static Row> {
    FAMILIES.iter().find_map(|rows| rows.binary_search_by(|row| row.name.cmp(name)).ok().map(|at| &rows[at]))
}

/// How many words a directive must have, where httpd's own table leaves that to the directive.
pub(crate) fn least_words(name: &str) -> usize {
    row(name).map_or(0, |row| row.least)
}

/// The words of a directive that are not what they should be, by their index.
pub(crate) fn check_values(name: &str, words: &[&str]) -> Vec<(usize, Wrong)> {
    let Some(row) = row(name) else { return Vec::new() };
    let further = row.words.last().filter(|_| row.goes_on);
    let kinds = row.words.iter().chain(std::iter::repeat_n(further, words.len()).flatten());
    let read = words.iter().zip(kinds).enumerate();
    let mut found: Vec<_> = read.filter_map(|(index, (word, kind))| Some((index, kind.check(word).err()?))).collect();
    found.extend(row.line.and_then(|line| line(words).err()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, words: &[&str]) -> bool {
        !check_values(name, words).is_empty()
    }

    #[test]
    fn every_row_names_a_directive_once_and_in_order() {
        for rows in FAMILIES {
            assert!(rows.is_sorted_by(|one, next| one.name < next.name), "not in order: {:?}", rows[0].name);
        }
        for row in FAMILIES.into_iter().flatten() {
            assert_eq!(super::super::find_known(row.name).map(|known| known.name), Some(row.name));
            assert_eq!(
                FAMILIES.into_iter().flatten().filter(|other| other.name == row.name).count(),
                1,
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn what_only_apaches_engine_knows_is_taken() {
        for good in ["^(?!/static)(.*)$", r"(a)\1", r"[\w.-]+", "[[abc]", "(?>a)", r"a\/b", "!^/x", "{2"] {
            assert!(!wrong("RewriteRule", &[good, "/b", "[R=301, L]"]), "{good}");
        }
        for bad in [r"[\w-.]+", "^(", "a)", "*a", "[ab"] {
            assert!(wrong("RewriteRule", &[bad, "/b"]), "{bad}");
        }
    }

    #[test]
    fn headers() {
        assert!(!wrong("Header", &["always", "set", "X-A", "b", "env=c"]));
        assert!(!wrong("Header", &["edit*", "Set-Cookie", "(.*)", "$1; Secure"]));
        assert!(wrong("Header", &["always", "unset"]));
    }

    #[test]
    fn expiry() {
        assert!(!wrong("ExpiresDefault", &["access plus 1 month 2 days"]));
        assert!(!wrong("ExpiresDefault", &["A3600"]));
        assert!(wrong("ExpiresDefault", &["access plus month"]));
    }

    #[test]
    fn the_last_kind_goes_on() {
        assert!(!wrong("AllowMethods", &["GET", "POST", "reset"]));
        assert!(wrong("AllowMethods", &["GET", "POST", "Get"]));
    }
}
