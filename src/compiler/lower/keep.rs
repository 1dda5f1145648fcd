//! Keeps directives as they were written, beside what the model makes of them.

use super::Place;
use crate::compiler::directive::{Entry, Known, find};
use crate::compiler::model::Kept;
use crate::compiler::syntax::{Directive, Word, options};

pub(super) fn directive(directive: &Directive, known: &'static Known, place: &mut Place<'_>) {
    let kept = kept(directive, known, Vec::new());
    push(kept, place);
}

/// A section inside of a section of files, which says something about that.
pub(super) fn section(opening: &Directive, known: &'static Known, inside: Vec<Kept>, place: &mut Place<'_>) {
    let kept = kept(opening, known, inside);
    push(kept, place);
}

fn push(kept: Kept, place: &mut Place<'_>) {
    match place.section.as_deref_mut() {
        Some(section) => section.settings.kept.push(kept),
        None => place.host.settings.kept.push(kept),
    }
}

fn kept(directive: &Directive, known: &'static Known, inside: Vec<Kept>) -> Kept {
    let words = directive.words();
    let options = match words {
        [_, second, _, ..] if known.module == "mod_wsgi.c" => name_value(directive, second),
        _ => Vec::new(),
    };
    let words = words.iter().map(|word| word.text.as_str().to_owned()).collect();
    // Apache's own tables spell some names in lower case.
    let name = match find(known.name) {
        Some(Entry::Acts(spec)) => spec.name,
        _ => known.name,
    };
    Kept { name, words, options, span: directive.span(), inside }
}

fn name_value(directive: &Directive, after: &Word) -> Vec<(String, String)> {
    let text = directive.arguments();
    let (found, _) = options(&text.slice(after.range.1..text.text().len()));
    found.into_iter().map(|option| (option.name.value, option.value.text.as_str().to_owned())).collect()
}
