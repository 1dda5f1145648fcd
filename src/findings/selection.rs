//! Which kinds of finding a person wants to hear of: names, and patterns in which `*` stands for anything.

use crate::compiler::diagnostic::{Code, nearest};

/// `--select` and `--ignore`.
#[derive(Debug, Default)]
pub struct Selection {
    selected: Option<Vec<String>>,
    ignored: Vec<String>,
}

/// A name or pattern that is none of any finding.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// As it was given.
    pub name: String,
    /// The nearest name of a finding.
    pub near: Option<&'static str>,
}

impl Selection {
    /// From what was given; nothing selected means everything.
    ///
    /// # Errors
    /// When a name or pattern fits no finding.
    pub fn new(codes: &[&'static Code], selected: &[String], ignored: &[String]) -> Result<Self, UnknownName> {
        for name in selected.iter().chain(ignored) {
            if !codes.iter().any(|code| fits(name, code.name)) {
                let near = nearest(name, codes.iter().map(|code| code.name));
                return Err(UnknownName { name: name.clone(), near });
            }
        }
        let selected = (!selected.is_empty()).then(|| selected.to_vec());
        Ok(Self { selected, ignored: ignored.to_vec() })
    }

    /// Whether findings of this kind are wanted.
    pub fn wants(&self, code: &Code) -> bool {
        let selected = self.selected.as_ref().is_none_or(|names| names.iter().any(|name| fits(name, code.name)));
        selected && !self.ignored.iter().any(|name| fits(name, code.name))
    }

    /// Whether a kind of finding that is looked for only when asked is asked for by its full name.
    pub fn names_pedantic(&self, codes: &[&Code]) -> bool {
        let named = |code: &&&Code| self.selected.iter().flatten().any(|name| name == code.name);
        codes.iter().filter(|code| code.pedantic).any(|code| named(&code))
    }
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no finding named `{}`.", self.name)?;
        match self.near {
            Some(near) => write!(f, " Did you mean `{near}`?"),
            None => write!(f, " --list-checks names them all."),
        }
    }
}

impl std::error::Error for UnknownName {}

/// Whether a name is that of a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(name))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [("a-b", "a-b"), ("a-*", "a-b"), ("*", "a-b"), ("*-b", "a-b"), ("a*b*c", "a-bb-c")] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "a-b"), ("a-*c", "a-b"), ("*x*", "a-b"), ("b*", "a-b"), ("a*b*b", "a-b")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
