//! Comments that ask for silence: `# wsgi-check: ignore NAME` on the line before, `# wsgi-check: ignore-file NAME` anywhere in
//! the file. Apache knows no comment behind a directive, so neither do we.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use super::diagnostic::{Code, Diagnostic, Report, nearest};
use super::source::{SourceId, Sources, Span};

const MARK: &str = "wsgi-check:";

/// One name in one comment.
#[derive(Debug)]
struct Ignore {
    name: String,
    span: Span,
    /// The line that it speaks of; `None` for the whole file.
    line: Option<Range<u32>>,
    /// It stands where lines may be left out or mean nothing yet, so that nobody knows whether it is of use.
    conditional: bool,
    used: bool,
}

/// Takes out what the files ask not to hear of, and says which of these wishes are of no use. `asleep` are the kinds of finding
/// that this run does not look for.
pub fn apply(codes: &[&Code], asleep: &[&Code], sources: &Sources, report: &mut Report) {
    let mut ignores: HashMap<SourceId, Vec<Ignore>> = HashMap::new();
    for (id, source) in sources.ids() {
        if source.text.contains(MARK) {
            let found = Comments { id, text: &source.text, codes, report }.read();
            ignores.insert(id, found);
        }
    }
    if ignores.is_empty() {
        return;
    }
    report.retain(|found| {
        let here = ignores.get_mut(&found.span().source).into_iter().flatten();
        // All that fit are used: a name in the file's first line and one before the line.
        let fitting = here.filter(|ignore| ignore.fits(found)).map(|ignore| ignore.used = true).count();
        fitting == 0
    });
    for ignore in unused(&ignores, sources) {
        if !asleep.iter().any(|code| code.name == ignore.name) {
            let place = if ignore.line.is_some() { "on the next line" } else { "in this file" };
            let label = format!("not found {place}");
            report.push(UNUSED_IGNORE.at(ignore.span, label).help("delete it"));
        }
    }
}

/// What is of no use in any reading of its file.
fn unused<'a>(ignores: &'a HashMap<SourceId, Vec<Ignore>>, sources: &Sources) -> Vec<&'a Ignore> {
    let mut by_place: HashMap<(PathBuf, u32), Vec<&Ignore>> = HashMap::new();
    for (id, here) in ignores {
        for ignore in here {
            by_place.entry((sources.get(*id).path.clone(), ignore.span.start)).or_default().push(ignore);
        }
    }
    let useless = by_place.into_values().filter(|same| same.iter().all(|one| !one.used && !one.conditional));
    useless.filter_map(|same| same.into_iter().min_by_key(|one| one.span.source)).collect()
}

impl Ignore {
    fn fits(&self, found: &Diagnostic) -> bool {
        let at = found.span().start;
        self.name == found.code.name && self.line.as_ref().is_none_or(|line| line.contains(&at))
    }
}

/// The comments of one file.
struct Comments<'a> {
    id: SourceId,
    text: &'a str,
    codes: &'a [&'a Code],
    report: &'a mut Report,
}

impl Comments<'_> {
    fn read(mut self) -> Vec<Ignore> {
        let mut ignores: Vec<Ignore> = Vec::new();
        // Those before the first that waits for its line are settled.
        let mut waiting = 0;
        let mut depth = 0_usize;
        for line in logical_lines(self.text) {
            let text = &self.text[line.clone()];
            let trimmed = text.trim_start();
            if let Some(comment) = trimmed.strip_prefix('#') {
                let start = line.end - comment.len();
                self.comment(comment, start, depth > 0, &mut ignores);
            } else if !trimmed.trim_end().is_empty() {
                for ignore in ignores[waiting..].iter_mut().filter(|ignore| ignore.line.is_some()) {
                    ignore.line = Some(line.start as u32..line.end as u32);
                }
                waiting = ignores.len();
                depth = if opens_condition(trimmed, "<") {
                    depth + 1
                } else {
                    depth.saturating_sub(usize::from(opens_condition(trimmed, "</")))
                };
            }
        }
        ignores
    }

    fn comment(&mut self, comment: &str, start: usize, conditional: bool, ignores: &mut Vec<Ignore>) {
        let Some(wish) = comment.trim_start().strip_prefix(MARK) else { return };
        let at = |word: &str| {
            let start = start + (word.as_ptr() as usize - comment.as_ptr() as usize);
            Span { source: self.id, start: start as u32, end: (start + word.len()) as u32 }
        };
        let wish = wish.split_once(" -- ").map_or(wish, |(wish, _reason)| wish);
        let mut words = wish.split([' ', '\t', '\r', '\n', ',']).filter(|word| !word.is_empty());
        let Some(verb) = words.next() else { return };
        let whole_file = match verb {
            "ignore" => false,
            "ignore-file" => true,
            // Prose, unless it looks like one of the two.
            _ => {
                if let Some(near) = nearest(verb, ["ignore", "ignore-file"]) {
                    let found = MALFORMED_IGNORE.at(at(verb), "not known");
                    self.report.push(found.help(format!("did you mean `{near}`?")));
                }
                return;
            }
        };
        let mut named = false;
        for name in words {
            named = true;
            let span = at(name);
            if self.codes.iter().any(|code| code.name == name) {
                let line = (!whole_file).then_some(0..0);
                ignores.push(Ignore { name: name.to_owned(), span, line, conditional, used: false });
            } else {
                let near = nearest(name, self.codes.iter().map(|code| code.name));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                self.report.push(MALFORMED_IGNORE.at(span, "no finding has this name").maybe_help(help));
            }
        }
        if !named {
            self.report.push(MALFORMED_IGNORE.at(at(verb), "of which finding?").help(format!("write `{verb} NAME`")));
        }
    }
}

/// The lines of a text, joined where a backslash ends them.
fn logical_lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
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

/// Whether a line opens, or with `</` closes, a section whose lines may not count.
fn opens_condition(line: &str, tag: &str) -> bool {
    const SECTIONS: [&str; 7] = ["IfModule", "IfDefine", "IfVersion", "IfFile", "IfDirective", "IfSection", "Macro"];
    let Some(rest) = line.strip_prefix(tag) else { return false };
    let name = rest.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
    SECTIONS.iter().any(|section| section.eq_ignore_ascii_case(name))
}

/// Every kind of finding of this stage.
pub const CODES: &[&Code] = &[&UNUSED_IGNORE, &MALFORMED_IGNORE];

static UNUSED_IGNORE: Code =
    Code::info("unused-ignore", "a comment ignores what is not found", include_str!("ignore/unused_ignore.md"));

static MALFORMED_IGNORE: Code = Code::warning(
    "malformed-ignore",
    "a comment asks wsgi-check for something that it does not understand",
    include_str!("ignore/malformed_ignore.md"),
);
