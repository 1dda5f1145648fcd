//! Since which version of Apache or mod_wsgi there is a directive or an option: the table beside this file, from the manuals'
//! own words. What is not in it is as old as Apache 2.4 or mod_wsgi 1.0.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// A version: one to three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; 3]);

/// What a configuration is for: `apache=2.4.57,mod_wsgi=4.9.4`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Target {
    /// The version of Apache.
    pub apache: Option<Version>,
    /// The version of mod_wsgi.
    pub mod_wsgi: Option<Version>,
}

/// A program that a directive is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Product {
    Apache,
    ModWsgi,
}

/// A directive in lower case, and its option; that of the directive itself is empty.
type Key = (String, &'static str);

static SINCE: LazyLock<HashMap<Key, (Product, Version)>> = LazyLock::new(|| {
    let rows = include_str!("since.tsv").lines().skip(1).filter_map(|row| {
        let mut columns = row.split('\t');
        let product = if columns.next()? == "apache" { Product::Apache } else { Product::ModWsgi };
        let directive = columns.next()?.to_ascii_lowercase();
        let option = columns.next().map(|option| option.trim_matches('-'))?;
        Some(((directive, option), (product, columns.next()?.parse().ok()?)))
    });
    rows.collect()
});

impl Target {
    /// What is missing for a directive, or with an option's name for that: `mod_wsgi 6.0.0`, and what is there instead.
    pub fn lacks(&self, directive: &str, option: &str) -> Option<(String, String)> {
        if *self == Self::default() {
            return None;
        }
        let (product, since) = SINCE.get(&(directive.to_ascii_lowercase(), option))?;
        let (name, has) = match product {
            Product::Apache => ("Apache", self.apache?),
            Product::ModWsgi => ("mod_wsgi", self.mod_wsgi?),
        };
        (has < *since).then(|| (format!("{name} {since}"), format!("{name} {has}")))
    }
}

impl Version {
    /// Its numbers.
    pub fn numbers(self) -> [u32; 3] {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = [0; 3];
        for (count, part) in text.split('.').enumerate() {
            let number = part.parse().ok();
            let slot = numbers.get_mut(count).zip(number);
            let (slot, number) = slot.ok_or_else(|| format!("`{text}` is no version: write `2.4.57`"))?;
            *slot = number;
        }
        Ok(Self(numbers))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut target = Self::default();
        for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("apache", version)) => target.apache = Some(version.parse()?),
                Some(("mod_wsgi", version)) => target.mod_wsgi = Some(version.parse()?),
                _ => return Err(format!("`{part}` is neither `apache=VERSION` nor `mod_wsgi=VERSION`")),
            }
        }
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::directive::{all, find_known};

    #[test]
    fn every_row_is_read_and_names_what_there_is() {
        assert_eq!(SINCE.len(), include_str!("since.tsv").lines().count() - 1);
        for (directive, option) in SINCE.keys() {
            assert!(find_known(directive).is_some(), "{directive} is not known");
            let spec = all().find(|spec| spec.name.eq_ignore_ascii_case(directive));
            let has =
                spec.is_none_or(|spec| spec.options.is_empty() || spec.options.iter().any(|arg| arg.name == *option));
            assert!(option.is_empty() || has, "{directive} has no {option}");
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        let target: Target = "apache=2.4.9,mod_wsgi=4.10".parse().expect("a target");
        assert!(target.lacks("MergeSlashes", "").is_some());
        assert_eq!(target.lacks("wsgidestroyinterpreter", ""), None);
        assert_eq!(target.lacks("WSGIDaemonProcess", "interrupt-timeout").expect("it lacks it").0, "mod_wsgi 6.0.0");
        assert!("apache=2.4.x".parse::<Target>().is_err() && "nginx=1".parse::<Target>().is_err());
    }
}
