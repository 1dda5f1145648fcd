//! The words of one directive, already of the right kinds, for the function that puts them into the model.

use crate::compiler::source::{Span, Spanned};

/// Arguments and options by their names in the table.
pub struct Args {
    values: Vec<(&'static str, Spanned<String>)>,
    /// The whole line.
    pub span: Span,
}

/// What a checked word can be read as.
pub(super) trait FromWord: Sized {
    /// Reads a word whose kind was checked.
    fn from_word(word: String) -> Self;
}

impl FromWord for String {
    fn from_word(word: String) -> Self {
        word
    }
}

impl FromWord for bool {
    fn from_word(word: String) -> Self {
        word.eq_ignore_ascii_case("on")
    }
}

impl FromWord for u64 {
    fn from_word(word: String) -> Self {
        word.parse().unwrap_or_default()
    }
}

impl FromWord for f64 {
    fn from_word(word: String) -> Self {
        word.parse().unwrap_or_default()
    }
}

impl Args {
    /// The words of a line.
    pub fn new(values: Vec<(&'static str, Spanned<String>)>, span: Span) -> Self {
        Self { values, span }
    }

    /// An argument that must be there.
    pub(super) fn take<T: FromWord>(&mut self, name: &'static str) -> Spanned<T> {
        self.option(name).expect("the arguments were counted before")
    }

    /// An argument or option, if it was given. The last one counts.
    pub(super) fn option<T: FromWord>(&mut self, name: &'static str) -> Option<Spanned<T>> {
        let at = self.values.iter().rposition(|(known, _)| *known == name)?;
        let (_, word) = self.values.remove(at);
        self.values.retain(|(known, _)| *known != name);
        Some(word.map(T::from_word))
    }

    /// What nobody has asked for yet, by name. Of an option that was given twice the last one counts.
    pub(super) fn rest(&mut self) -> Vec<(&'static str, Spanned<String>)> {
        let mut rest: Vec<(&'static str, Spanned<String>)> = Vec::new();
        for (name, value) in std::mem::take(&mut self.values) {
            rest.retain(|(earlier, _)| *earlier != name);
            rest.push((name, value));
        }
        rest
    }

    /// Every word of an argument.
    pub(super) fn many<T: FromWord>(&mut self, name: &'static str) -> Vec<Spanned<T>> {
        let taken = self.values.extract_if(.., |(known, _)| *known == name);
        taken.map(|(_, word)| word.map(T::from_word)).collect()
    }
}
