//! Lines of a text as a person sees them, for what is said or done about whole lines. Reading a configuration is `syntax`.

use std::ops::Range;

/// The lines of a text, joined where a backslash ends them.
pub fn logical_lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        for line in text.get(start..)?.split_inclusive('\n') {
            at += line.len();
            if !line.trim_end_matches(['\r', '\n']).ends_with('\\') {
                break;
            }
        }
        (at > start).then_some(start..at)
    })
}

/// How many sections are open whose lines may not count, counted along the lines of a text.
#[derive(Debug, Default)]
pub struct Conditions(usize);

impl Conditions {
    /// Takes a line into account.
    pub fn pass(&mut self, line: &str) {
        let line = line.trim_start();
        if names_condition(line, "<") {
            self.0 += 1;
        } else if names_condition(line, "</") {
            self.0 = self.0.saturating_sub(1);
        }
    }

    /// Whether any is open.
    pub fn any(&self) -> bool {
        self.0 > 0
    }
}

fn names_condition(line: &str, tag: &str) -> bool {
    const SECTIONS: [&str; 7] = ["IfModule", "IfDefine", "IfVersion", "IfFile", "IfDirective", "IfSection", "Macro"];
    let Some(rest) = line.strip_prefix(tag) else { return false };
    let name = rest.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
    SECTIONS.iter().any(|section| section.eq_ignore_ascii_case(name))
}
