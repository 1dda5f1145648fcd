//! Pages of directives, options and findings as Markdown, from the tables.

use crate::compiler::directive::{self, Arg, Known, Spec};
use crate::compiler::{explain, lower};

/// The page of a directive or, with `<`, of a section.
pub(super) fn directive(name: &str) -> Option<String> {
    let spec = match directive::find(name)? {
        directive::Entry::Acts(spec) => Some(spec),
        directive::Entry::Known(_) => None,
    };
    let known = directive::find_known(name);
    let written = spec.map_or_else(|| known.map(|known| known.name), |spec| Some(spec.name))?;
    let mut page = vec![format!("### {}", with_bracket(written))];
    if let Some(spec) = spec {
        page.push(spec.summary.to_owned());
        page.push(code(&lower::syntax_line(spec)));
    }
    page.push(facts(spec, known));
    if let Some(spec) = spec {
        page.extend(Some(spec.explain.trim_end().to_owned()).filter(|text| !text.is_empty()));
        page.push(code(spec.example));
    }
    page.extend(known.and_then(manual).map(|link| format!("[Apache's manual]({link})")));
    Some(page.join("\n\n"))
}

fn with_bracket(name: &str) -> String {
    if name.starts_with('<') { format!("\\{name}>") } else { name.to_owned() }
}

fn code(lines: &str) -> String {
    format!("```apache\n{lines}\n```")
}

fn facts(spec: Option<&Spec>, known: Option<&Known>) -> String {
    let contexts = known.map_or_else(|| spec.map_or(&[][..], |spec| spec.contexts), |known| &known.contexts);
    let contexts: Vec<_> = contexts.iter().map(|context| context.name()).collect();
    let options = spec.map_or(&[][..], |spec| spec.options).iter();
    let options: Vec<_> = options.map(|option| format!("`{}`", option.name)).collect();
    let facts = [
        known.map(|known| format!("- Module: {}", known.module.trim_end_matches(".c"))),
        (!contexts.is_empty()).then(|| format!("- Context: {}", contexts.join(", "))),
        spec.and_then(|spec| spec.default).map(|default| format!("- Default: `{default}`")),
        (!options.is_empty()).then(|| format!("- Options: {}", options.join(", "))),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The page in Apache's manual.
fn manual(known: &Known) -> Option<String> {
    let module = known.module.split(',').next()?.strip_suffix(".c")?;
    let page = match module {
        "mod_wsgi" => return None,
        "core" | "http_core" => "core",
        module if module.starts_with("mod_") => module,
        _ => "mpm_common",
    };
    let anchor = known.name.trim_start_matches('<').to_ascii_lowercase();
    Some(format!("https://httpd.apache.org/docs/2.4/mod/{page}.html#{anchor}"))
}

/// The page of an option of a directive.
pub(super) fn option(directive: &str, name: &str) -> Option<String> {
    let text = directive::option_text(directive, name)?;
    let arg = match directive::find(directive)? {
        directive::Entry::Acts(spec) => spec.options.iter().find(|arg| arg.name == name),
        directive::Entry::Known(_) => None,
    };
    let written = directive::find_known(directive).map_or(directive, |known| known.name);
    let unit = text.unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
    let facts = [
        Some(format!("- Option of {}", written.trim_start_matches('<'))),
        arg.map(|arg| format!("- Value: {}{unit}", value(arg))),
        Some(format!("- Default: {}", text.default)),
        Some(format!("- Since mod_wsgi {}", text.since)),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    Some(format!("### {name}=\n\n{}\n\n{}", text.meaning, facts.join("\n")))
}

/// What the value of an argument or an option is.
pub(super) fn value(arg: &Arg) -> String {
    match arg.kind.choices().as_slice() {
        [] => arg.kind.name().to_owned(),
        choices => choices.join(" | "),
    }
}

/// The page of a finding.
pub(super) fn finding(name: &str) -> Option<String> {
    let code = explain::codes().into_iter().find(|code| code.name == name)?;
    Some(format!("### {} ({})\n\n{}", code.name, code.severity.name(), explain::code_markdown(code)))
}
