//! The lines that are still to be read: those of a file, and in front of them those of the macros that are in use.

use std::vec::IntoIter;

use crate::compiler::source::Mapped;

/// A queue of lines.
pub(super) struct Lines {
    file: IntoIter<Mapped>,
    /// The macros in use, the innermost last, each with what is left of it.
    macros: Vec<(String, IntoIter<Mapped>)>,
    /// No line end follows the last line of the file.
    unended: bool,
    /// The last line, when Apache does not read it.
    pub(super) lost: Option<Mapped>,
}

impl Lines {
    /// The lines of a file.
    pub(super) fn of(lines: Vec<Mapped>, text: &str) -> Self {
        let unended = !text.ends_with('\n');
        Self { file: lines.into_iter(), macros: Vec::new(), unended, lost: None }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> Option<Mapped> {
        while let Some((_, lines)) = self.macros.last_mut() {
            if let Some(line) = lines.next() {
                return Some(line);
            }
            self.macros.pop();
            // mod_macro takes a line that the file ends in for no line, right after the lines of a macro.
            if self.macros.is_empty() && self.unended && self.file.len() == 1 {
                self.lost = self.file.next();
            }
        }
        self.file.next()
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
