//! What the `name=value` options of mod_wsgi's directives mean. All of it is data, in the table beside this file.

use std::sync::LazyLock;

use super::known::rows;

/// One option of one directive.
#[derive(Debug)]
pub struct OptionText {
    /// What holds without it.
    pub default: &'static str,
    /// In what its value counts.
    pub unit: Option<&'static str>,
    /// The version of mod_wsgi that brought it.
    pub since: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// With the directive and the name of each.
static ALL: LazyLock<Vec<(&'static str, &'static str, OptionText)>> =
    LazyLock::new(|| rows(include_str!("options.tsv")).map(|row| option(&row)).collect());

fn option(row: &[&'static str]) -> (&'static str, &'static str, OptionText) {
    let [directive, name, default, unit, since, meaning] = *row else {
        unreachable!("every row of the table has six columns")
    };
    (directive, name, OptionText { default, unit: Some(unit).filter(|unit| *unit != "-"), since, meaning })
}

/// What an option of a directive means. The case of the directive does not matter, that of the option does, as to mod_wsgi.
pub fn option_text(directive: &str, name: &str) -> Option<&'static OptionText> {
    let found = ALL
        .iter()
        .find(|(owner, option, _)| owner.trim_end_matches('>').eq_ignore_ascii_case(directive) && *option == name);
    found.map(|(_, _, text)| text)
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    #[test]
    fn every_option_has_a_text() {
        for spec in all() {
            for option in spec.options {
                assert!(option_text(spec.name, option.name).is_some(), "{} of {}", option.name, spec.name);
            }
        }
    }
}
