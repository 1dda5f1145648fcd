//! The page of a directive, of a kind of finding or of a code in the error log, made from the tables.

mod log_codes;

mod reference;
mod support;

pub use reference::reference;
pub use support::{Here, Row, support};

use super::diagnostic::{self, Code, Severity, nearest};
use super::directive::{self, Arg, Entry, Spec, Times};
use super::{check, expand, ignore, inspect, lower, syntax};

pub use log_codes::{LogCode, all as log_codes};

/// Every kind of finding, sorted by name.
pub fn codes() -> Vec<&'static Code> {
    let stages = [diagnostic::CODES, syntax::CODES, expand::CODES, directive::CODES, lower::CODES, ignore::CODES];
    let mut codes: Vec<&Code> = stages.concat();
    codes.extend(check::CHECKS.iter().map(|check| check.code));
    codes.push(inspect::FILES_NOT_HERE);
    codes.extend(inspect::INSPECTIONS.iter().map(|inspection| inspection.code));
    codes.sort_by_key(|code| code.name);
    codes
}

/// One line for every kind of finding.
pub fn list() -> String {
    let codes = codes();
    let width = codes.iter().map(|code| code.name.len()).max().unwrap_or_default();
    let line = |code: &&Code| format!("{:width$}  {:7}  {}\n", code.name, code.severity.name(), code.summary);
    codes.iter().map(line).collect()
}

/// The page of a kind of finding, a directive or a code of Apache's error log.
///
/// # Errors
/// With the nearest name, when there is no page of this one.
pub fn explain(name: &str) -> Result<String, Option<String>> {
    if let Some(code) = codes().into_iter().find(|code| code.name == name) {
        return Ok(code_page(code));
    }
    if let Some(page) = log_codes::page(name, &codes()) {
        return Ok(page);
    }
    match directive::find(name).or_else(|| directive::find(&format!("<{name}"))) {
        Some(Entry::Acts(spec)) => Ok(spec_page(spec)),
        Some(Entry::Known(known)) => Ok(known_page(known)),
        None => {
            let codes = codes();
            let names = codes.iter().map(|code| code.name).chain(directive::names(false));
            Err(nearest(name, names).map(str::to_owned))
        }
    }
}

/// The page of a kind of finding.
pub fn code_page(code: &Code) -> String {
    let predicts = predicts(code);
    format!("{} ({})\n\n{}.\n\n{predicts}{}", code.name, code.severity.name(), sentence(code.summary), code.explain)
}

/// The same in Markdown, without its heading.
pub fn code_markdown(code: &Code) -> String {
    format!("{}.\n\n{}{}", sentence(code.summary), predicts(code), code.explain)
}

fn predicts(code: &Code) -> String {
    match code.predicts {
        [] => String::new(),
        log_codes => format!("In the error log: {}.\n\n", log_codes.join(", ")),
    }
}

fn spec_page(spec: &Spec) -> String {
    let contexts: Vec<_> = spec.contexts.iter().map(|context| context.name()).collect();
    let mut lines = vec![
        spec.name.trim_start_matches('<').to_owned(),
        String::new(),
        spec.summary.to_owned(),
        String::new(),
        format!("Syntax:   {}", lower::syntax_line(spec)),
        format!("Context:  {}", contexts.join(", ")),
    ];
    lines.extend(spec.default.map(|default| format!("Default:  {default}")));
    lines.push(format!("Example:  {}", spec.example.replace('\n', "\n          ")));
    if let directive::Effect::Ignore(why) = spec.effect {
        lines.push(format!("\nIn wsgi-serve it does nothing: {why}."));
    }
    for (heading, args) in [("Arguments", spec.args), ("Options", spec.options)] {
        if !args.is_empty() {
            lines.push(format!("\n{heading}:"));
            lines.extend(args.iter().map(arg_line));
        }
    }
    lines.push(String::new());
    lines.push(spec.explain.to_owned());
    lines.join("\n")
}

fn arg_line(arg: &Arg) -> String {
    let times = if matches!(arg.times, Times::AtMostOnce | Times::Any) { ", optional" } else { "" };
    let nothing = if arg.nothing.is_some() { "; means nothing to wsgi-serve" } else { "" };
    format!("  {:24}{}{times}{nothing}", arg.name, arg.kind.name())
}

fn known_page(known: &directive::Known) -> String {
    let name = known.name.trim_start_matches('<');
    let contexts: Vec<_> = known.contexts.iter().map(|context| context.name()).collect();
    let grade = match known.unsupported.severity {
        Severity::Info | Severity::Warning => "goes on without it",
        Severity::Error => "does not start with it",
    };
    format!(
        "{name}\n\nA directive of {}.\n\nContext:  {}\n\nwsgi-serve does not carry it out, and {grade} ({}).\n",
        known.module,
        contexts.join(", "),
        known.unsupported.what
    )
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
