//! The reference pages, in Markdown: one for each kind of finding and each directive of mod_wsgi, and an index.

use std::fmt::Write as _;

use super::{code_markdown, codes};
use crate::compiler::diagnostic::{Code, Severity};
use crate::compiler::directive::{self, Arg, Context, Known, Spec, Times};
use crate::compiler::lower;

/// Every page: its file, and its text.
pub fn reference() -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), index())];
    pages.extend(codes().into_iter().map(|code| (format!("checks/{}.md", code.name), check(code))));
    pages.extend(directives().map(|known| (format!("directives/{}.md", plain(known.name)), directive_page(known))));
    pages
}

/// The directives of mod_wsgi.
pub(super) fn directives() -> impl Iterator<Item = &'static Known> {
    let mut names: Vec<_> = directive::names(false).chain(directive::names(true)).collect();
    names.sort_unstable_by_key(|name| plain(name));
    names.dedup();
    names.into_iter().filter_map(directive::find_known).filter(|known| known.module == "mod_wsgi.c")
}

fn plain(name: &str) -> &str {
    name.trim_start_matches('<')
}

fn index() -> String {
    let mut text =
        "# Reference\n\nMade from the tables by `wsgi-check reference docs/reference`: do not edit.\n".to_owned();
    for (heading, severity) in
        [("Errors", Severity::Error), ("Warnings", Severity::Warning), ("Remarks", Severity::Info)]
    {
        line(&mut text, format_args!("\n## {heading}\n"));
        for code in codes().into_iter().filter(|code| code.severity == severity) {
            let pedantic = if code.pedantic { "; only with `--pedantic`" } else { "" };
            line(&mut text, format_args!("- [{0}](checks/{0}.md): {1}{pedantic}", code.name, code.summary));
        }
    }
    text.push_str("\n## Directives of mod_wsgi\n\n");
    for known in directives() {
        let summary = spec(known).map(|spec| format!(": {}", spec.summary)).unwrap_or_default();
        line(&mut text, format_args!("- [{0}](directives/{0}.md){summary}", plain(known.name)));
    }
    text
}

fn check(code: &Code) -> String {
    let pedantic = if code.pedantic { ", only with `--pedantic`" } else { "" };
    let kind = match code.severity {
        Severity::Error => "An error",
        Severity::Warning => "A warning",
        Severity::Info => "A remark",
    };
    let page = code_markdown(code);
    format!("# {}\n\n{kind}{pedantic}.\n\n{}\n", code.name, page.trim_end())
}

fn spec(known: &Known) -> Option<&'static Spec> {
    match directive::find(known.name) {
        Some(directive::Entry::Acts(spec)) => Some(spec),
        _ => None,
    }
}

fn directive_page(known: &Known) -> String {
    let mut text = format!("# {}\n\n", plain(known.name));
    let Some(spec) = spec(known) else {
        line(&mut text, format_args!("A directive of mod_wsgi.\n"));
        line(&mut text, format_args!("- Context: {}", contexts(&known.contexts)));
        return text;
    };
    line(&mut text, format_args!("{}\n", spec.summary));
    line(&mut text, format_args!("- Syntax: `{}`", lower::syntax_line(spec)));
    line(&mut text, format_args!("- Context: {}", contexts(&known.contexts)));
    if let Some(default) = spec.default {
        line(&mut text, format_args!("- Default: `{default}`"));
    }
    line(&mut text, format_args!("\nExample:\n\n    {}", spec.example.replace('\n', "\n    ")));
    for (heading, args) in [("Arguments", spec.args), ("Options", spec.options)] {
        if !args.is_empty() {
            line(&mut text, format_args!("\n## {heading}\n\n| name | value |\n|---|---|"));
            for arg in args {
                argument(&mut text, arg);
            }
        }
    }
    if !spec.explain.is_empty() {
        line(&mut text, format_args!("\n{}", spec.explain.trim_end()));
    }
    text
}

fn argument(text: &mut String, arg: &Arg) {
    let optional = if matches!(arg.times, Times::AtMostOnce | Times::Any) { ", optional" } else { "" };
    let kind = arg.kind.name().to_string().replace('|', "\\|");
    line(text, format_args!("| `{}` | {kind}{optional} |", arg.name));
}

fn contexts(contexts: &[Context]) -> String {
    contexts.iter().map(|context| context.name()).collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{what}").expect("writing to a string cannot fail");
}
