//! Words as httpd splits them, and mod_wsgi's `name=value` options.

use super::lines;
use crate::compiler::source::{Mapped, Span, Spanned, Text};

/// One word, its quotes taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text that it means.
    pub text: Text,
    /// Where it was written, with its quotes.
    pub span: Span,
    /// The byte in the split text at which it begins, and the one after it.
    pub range: (usize, usize),
    /// Whether a quote opened it.
    pub quoted: bool,
    /// Whether the quote was closed. One that never closes takes the rest of the line, as in httpd.
    pub closed: bool,
}

impl Word {
    /// The text with its place.
    pub fn spanned(&self) -> Spanned<String> {
        Spanned::new(self.text.to_string(), self.span)
    }
}

/// One `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueOption {
    /// What stands before `=`.
    pub name: Spanned<String>,
    /// What stands after it; empty when nothing does.
    pub value: Word,
}

/// Splits a text into words.
pub fn words(text: &Mapped) -> Vec<Word> {
    lines::words(text)
}

/// Reads `name=value` options as mod_wsgi does. The second part is what could not be read as an option, with all after it.
pub fn options(text: &Mapped) -> (Vec<ValueOption>, Option<Word>) {
    lines::options(text)
}

/// Takes off the escapes of a word: a backslash escapes itself and the quote that the word stands in.
pub(super) fn unescape(text: Text, quote: Option<char>) -> Text {
    if !text.contains('\\') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(first) = characters.next() {
        let escapes = |next: &char| *next == '\\' || Some(*next) == quote;
        match characters.next_if(|next| first == '\\' && escapes(next)) {
            Some(next) => plain.push(next),
            None => plain.push(first),
        }
    }
    Text::from(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::source::Sources;

    fn split(text: &str) -> Vec<String> {
        let id = Sources::default().add(std::path::Path::new("a"), text.into(), None);
        words(&Mapped::verbatim(id, text.into())).into_iter().map(|word| word.text.to_string()).collect()
    }

    /// The table of httpd's splitter, as it was observed.
    #[test]
    fn words_are_split_as_in_httpd() {
        for (line, expected) in [
            (r#""a b" c"#, vec!["a b", "c"]),
            ("'a b' c", vec!["a b", "c"]),
            (r#""a\"b""#, vec![r#"a"b"#]),
            (r#""a\'b""#, vec![r"a\'b"]),
            (r"'a\'b'", vec!["a'b"]),
            (r#""a\\b""#, vec![r"a\b"]),
            (r"a\\b", vec![r"a\b"]),
            (r"a\ b", vec![r"a\", "b"]),
            (r#"a"b c"d"#, vec![r#"a"b"#, r#"c"d"#]),
            (r#"k="a b""#, vec![r#"k="a"#, r#"b""#]),
            (r#""a"b c"#, vec!["a", "b", "c"]),
            (r#""a""b" c"#, vec!["a", "b", "c"]),
            (r#""a b c"#, vec!["a b c"]),
            (r#""a\" b"#, vec![r#"a" b"#]),
            (r#""""#, vec![""]),
            ("{a b}", vec!["{a", "b}"]),
            ("a\x0bb\x0cc", vec!["a", "b", "c"]),
            ("", vec![]),
            ("\"", vec![""]),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }
}
