//! What `wsgi-serve` makes of each directive of mod_wsgi and each option of `WSGIDaemonProcess`.

use super::reference::directives;
use crate::compiler::directive::{self, Effect, Entry};

/// A directive, or an option of `WSGIDaemonProcess`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `WSGIScriptAlias`, `<WSGIInterpreterOptions>`; `WSGIDaemonProcess threads` for an option.
    pub name: String,
    /// What it does, in one line; empty for an option.
    pub summary: &'static str,
    /// What becomes of it.
    pub here: Here,
}

/// What becomes of a directive or an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// It acts.
    Acts,
    /// It is accepted and means nothing, for this reason.
    Ignored(&'static str),
}

/// All of them, the options of `WSGIDaemonProcess` after it.
pub fn support() -> Vec<Row> {
    let mut rows = Vec::new();
    for known in directives() {
        let Some(Entry::Acts(spec)) = directive::find(known.name) else { continue };
        let here = match spec.effect {
            Effect::Ignore(why) => Here::Ignored(why),
            _ => Here::Acts,
        };
        let section = if known.name.starts_with('<') { ">" } else { "" };
        rows.push(Row { name: format!("{}{section}", known.name), summary: spec.summary, here });
        if spec.name == "WSGIDaemonProcess" {
            rows.extend(spec.options.iter().map(|option| Row {
                name: format!("{} {}", spec.name, option.name),
                summary: "",
                here: option.nothing.map_or(Here::Acts, Here::Ignored),
            }));
        }
    }
    rows
}
