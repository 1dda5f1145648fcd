//! Directives as they were written, for whoever follows one request: there every directive may have a word.

use crate::compiler::source::Span;

/// A directive, or a section that stands for one (`<RequireAll>`, `<Limit>`).
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its name as Apache spells it, `<Name` for a section.
    pub name: &'static str,
    /// The words after its name, quotes taken off.
    pub words: Vec<String>,
    /// Of a directive of mod_wsgi: the `name=value` words behind the first two.
    pub options: Vec<(String, String)>,
    /// The line.
    pub span: Span,
    /// What stands in it, if it is a section.
    pub inside: Vec<Kept>,
}

impl Kept {
    /// Whether it is the directive of that name, as Apache spells it.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The word at a place.
    pub fn word(&self, index: usize) -> Option<&str> {
        self.words.get(index).map(String::as_str)
    }

    /// As it may be shown: the name and its words.
    pub fn text(&self) -> String {
        let quoted = |word: &String| word.is_empty() || word.contains([' ', '\t']);
        let words = self.words.iter().map(|word| if quoted(word) { format!("\"{word}\"") } else { word.clone() });
        let line = std::iter::once(self.name.to_owned()).chain(words).collect::<Vec<_>>().join(" ");
        if self.name.starts_with('<') { format!("{line}>") } else { line }
    }
}
