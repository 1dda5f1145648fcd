//! The lines that are still to be read: those of a file, and in front of them those of the macros that are in use.

use std::vec::IntoIter;

use crate::compiler::diagnostic::Report;
use crate::compiler::source::Mapped;
use crate::compiler::syntax;

/// A queue of lines.
pub(super) struct Lines {
    file: syntax::Lines,
    /// The macros in use, the innermost last, each with what is left of it.
    macros: Vec<(String, IntoIter<Mapped>)>,
    /// The last line, when Apache does not read it.
    pub(super) lost: Option<Mapped>,
}

impl Lines {
    /// The lines of a file.
    pub(super) fn of(file: syntax::Lines) -> Self {
        Self { file, macros: Vec::new(), lost: None }
    }

    /// The next line.
    pub(super) fn next(&mut self, report: &mut Report) -> Option<Mapped> {
        let in_macro = !self.macros.is_empty();
        while let Some((_, lines)) = self.macros.last_mut() {
            if let Some(line) = lines.next() {
                return Some(line);
            }
            self.macros.pop();
        }
        let line = self.file.next(report)?;
        // mod_macro takes a line that the file ends in for no line, right after the lines of a macro.
        if in_macro && self.file.ends_with(&line) {
            self.lost = Some(line);
            return None;
        }
        Some(line)
    }

    /// Puts the lines of a macro in front.
    pub(super) fn put_in_front(&mut self, name: String, lines: Vec<Mapped>) {
        self.macros.push((name, lines.into_iter()));
    }

    /// Whether the last line came out of this macro.
    pub(super) fn is_in_use(&self, name: &str) -> bool {
        self.macros.iter().any(|(in_use, _)| in_use == name)
    }

    /// How many macros are in use inside one another.
    pub(super) fn macros_in_use(&self) -> usize {
        self.macros.len()
    }
}
