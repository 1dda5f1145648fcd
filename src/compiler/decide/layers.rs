//! The sections that hold for a request, in the order in which they are merged, and what they say together.

use std::borrow::Cow;

use serde::Serialize;

use super::Walk;
use super::folder::Found;
use crate::compiler::model::{Host, Kept, Matcher, Section};
use crate::compiler::source::Span;
use crate::decision::sections;
use crate::plan::Place;
use crate::plan::sections::Match;

/// A section that holds for the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Its opening line, or what it is instead of a section.
    pub section: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// What it sets.
    pub sets: Vec<Setting>,
}

/// One directive of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// As written.
    pub directive: String,
    /// Where it stands.
    pub place: Place,
}

/// One section with its directives.
pub(super) struct Layer<'a> {
    pub(super) title: String,
    pub(super) span: Option<Span>,
    pub(super) kept: Cow<'a, [Kept]>,
    /// Of a `<Directory>` without a regular expression: how many segments it has.
    pub(super) depth: Option<usize>,
}

/// The sections, the one that has the last word last.
pub(super) struct Layers<'a>(pub(super) Vec<Layer<'a>>);

impl Layers<'_> {
    /// The directive that counts: the last of this name.
    pub(super) fn last(&self, name: &str) -> Option<&Kept> {
        self.last_of(&[name])
    }

    /// The last of these names.
    pub(super) fn last_of(&self, names: &[&str]) -> Option<&Kept> {
        self.all().filter(|kept| names.contains(&kept.name)).last()
    }

    /// Every directive, `<Limit>` opened: only what it says of access is limited to its methods.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kept> {
        self.0.iter().flat_map(|layer| directives(&layer.kept))
    }

    /// Whether the last directive of this name says `On`; `None` where there is none.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.last(name).and_then(|kept| kept.word(0)).map(|word| word.eq_ignore_ascii_case("on"))
    }

    /// The line that switches an option of `Options` on or off, and which of the two.
    pub(super) fn option(&self, name: &str) -> Option<(bool, Span)> {
        self.option_to(name, usize::MAX)
    }

    /// The same, as far as it is said by `<Directory>` sections of at most this many segments, and by what stands outside.
    pub(super) fn option_to(&self, name: &str, depth: usize) -> Option<(bool, Span)> {
        let mut found = None;
        let layers = self
            .0
            .iter()
            .filter(|layer| layer.span.is_none() || depth == usize::MAX || layer.depth.is_some_and(|own| own <= depth));
        for kept in layers.flat_map(|layer| directives(&layer.kept)).filter(|kept| kept.is("Options")) {
            let absolute = kept.word(0).is_some_and(|word| !word.starts_with(['+', '-']));
            if absolute {
                found = Some((false, kept.span));
            }
            for word in &kept.words {
                let (on, word) = match word.strip_prefix('-') {
                    Some(word) => (false, word),
                    None => (true, word.strip_prefix('+').unwrap_or(word)),
                };
                let all = word.eq_ignore_ascii_case("all") && name != "MultiViews";
                if all || word.eq_ignore_ascii_case(name) {
                    found = Some((on, kept.span));
                } else if word.eq_ignore_ascii_case("none") {
                    found = Some((false, kept.span));
                }
            }
        }
        found
    }
}

fn directives(kept: &[Kept]) -> impl Iterator<Item = &Kept> {
    kept.iter().flat_map(|kept| {
        let inside: &[Kept] = if kept.name.starts_with("<Limit") { &kept.inside } else { &[] };
        std::iter::once(kept).chain(inside)
    })
}

impl<'a> Walk<'a> {
    /// What holds for a URL path, and for a file where one is known already.
    pub(super) fn layers(&mut self, host: &'a Host, path: &str, found: Option<&Found>) -> Layers<'a> {
        let walked = found.map(Found::walked);
        let file = found.map(|found| found.file.as_str());
        let mut layers = self.merged(host, path, walked.as_deref().zip(file));
        // A file that is named without anything behind it counts as a folder where Apache saves itself a look at it: where
        // links may be followed.
        if let Some(found) = found.filter(|found| found.is_whole_file())
            && !matches!(layers.option_to("FollowSymLinks", found.folders.len()), Some((false, _)))
        {
            layers = self.merged(host, path, Some((&format!("{}/", found.file), &found.file)));
        }
        let names = walked.as_deref().zip(file);
        let main = self.server.main();
        for host in std::iter::once(main).chain((!std::ptr::eq(host, main)).then_some(host)) {
            self.unknown_sections(&host.sections, names, path);
        }
        layers
    }

    fn merged(&self, host: &'a Host, path: &str, found: Names) -> Layers<'a> {
        let main = self.server.main();
        let mut layers = vec![outside("the main server, outside of sections", main)];
        if !std::ptr::eq(host, main) {
            layers.push(outside("the virtual host, outside of sections", host));
        }
        let holds = |section: &Section| match &section.matcher {
            Matcher::Plain(plain) => matches(plain, found, path),
            Matcher::Unknown => false,
        };
        let sections = self.server.sections_of(host).into_iter().filter(|merged| merged.chain().all(holds));
        layers.extend(sections.map(|merged| self.layer(merged.section)));
        Layers(layers)
    }

    fn layer(&self, section: &'a Section) -> Layer<'a> {
        let depth = match &section.matcher {
            Matcher::Plain(Match::Directory(path) | Match::DirectoryPattern(path)) => {
                Some(path.split('/').filter(|segment| !segment.is_empty()).count())
            }
            _ => None,
        };
        let title = self.sources.text(section.span).trim().to_owned();
        Layer { title, span: Some(section.span), kept: Cow::Borrowed(&section.settings.kept), depth }
    }

    /// Names the sections that only the request itself can judge, where they would say something.
    fn unknown_sections(&mut self, sections: &'a [Section], found: Names, path: &str) {
        for section in sections {
            match &section.matcher {
                Matcher::Plain(plain) if matches(plain, found, path) => {
                    self.unknown_sections(&section.nested, found, path);
                }
                Matcher::Unknown if found.is_some() => self.unknown_section(section),
                _ => {}
            }
        }
    }

    fn unknown_section(&mut self, section: &'a Section) {
        let title = self.sources.text(section.span).trim().to_owned();
        let of_proxy = title.to_ascii_lowercase().starts_with("<proxy");
        let says_something = !section.settings.kept.is_empty() || !section.nested.is_empty();
        if says_something && !of_proxy {
            let why = "what stands in it holds only if it matches, which is not judged";
            self.not_followed_at(title, section.span, why);
        }
    }

    /// Tells which sections hold and what each sets.
    pub(super) fn tell_sections(&mut self, layers: &Layers) {
        let applied = layers.0.iter().filter(|layer| layer.span.is_some() || layer.kept.iter().any(is_setting));
        let applied = applied.map(|layer| Applied {
            section: layer.title.clone(),
            place: layer.span.map(|span| self.place(span)),
            sets: layer
                .kept
                .iter()
                .filter(|kept| layer.span.is_some() || is_setting(kept))
                .map(|kept| self.setting(kept))
                .collect(),
        });
        self.decision.sections = applied.collect();
    }

    fn setting(&self, kept: &Kept) -> Setting {
        let inside = kept.inside.iter().map(Kept::text).collect::<Vec<_>>().join("; ");
        let directive = if inside.is_empty() { kept.text() } else { format!("{} {inside}", kept.text()) };
        Setting { directive, place: self.place(kept.span) }
    }
}

fn outside<'a>(title: &str, host: &'a Host) -> Layer<'a> {
    Layer { title: title.to_owned(), span: None, kept: Cow::Borrowed(&host.settings.kept), depth: None }
}

/// What `<Directory>` and what everything else is compared with; `None` before there is a file.
type Names<'n> = Option<(&'n str, &'n str)>;

fn matches(plain: &Match, found: Names, path: &str) -> bool {
    let location = matches!(plain, Match::Location(_) | Match::LocationPattern(_) | Match::LocationRegex(_));
    let file = match (plain, found) {
        (Match::Directory(_) | Match::DirectoryPattern(_), Some((walked, _))) => walked,
        (_, Some((_, file))) => file,
        (_, None) if location => "",
        (_, None) => return false,
    };
    sections::Matcher::new(plain).is_ok_and(|matcher| matcher.matches(file.as_bytes(), path.as_bytes()))
}

/// Directives that may stand outside of sections and there set what a section sets, as far as they decide about a request.
fn is_setting(kept: &Kept) -> bool {
    const SETTINGS: [&str; 18] = [
        "WSGIProcessGroup",
        "WSGIApplicationGroup",
        "WSGICallableObject",
        "WSGIPassAuthorization",
        "WSGIScriptReloading",
        "WSGIChunkedRequest",
        "LimitRequestBody",
        "Options",
        "SetEnv",
        "SetHandler",
        "AddHandler",
        "ForceType",
        "DirectoryIndex",
        "DirectorySlash",
        "FallbackResource",
        "AcceptPathInfo",
        "ErrorDocument",
        "SetEnvIf",
    ];
    SETTINGS.contains(&kept.name)
}
