//! Who may reach a file, where the configuration alone tells it.

use std::cell::OnceCell;

use super::effect::MOST_COMPARISONS;
use crate::compiler::model::{Host, Matcher, Merged, Section, Server, Settings, path_is_within, starts_with_path};
use crate::compiler::source::{Span, Spanned};
use crate::decision::sections::Matcher as Ready;
use crate::plan::sections::{Match, Order, Peer, Require};

/// What is said about access in a host, in the order of merging.
pub(super) struct Access<'a> {
    sections: Vec<Merged<'a>>,
    /// The patterns of each section and of those around it, where they have any.
    patterns: OnceCell<Vec<Vec<Option<Ready>>>>,
}

/// Why a file cannot be reached.
pub(super) struct Denial<'a> {
    /// The line that denies.
    pub(super) span: Span,
    /// What was said as in Apache 2.2 and was meant to grant.
    pub(super) useless: Option<&'a Settings>,
    /// Apache 2.2's directives deny.
    pub(super) old_style: bool,
}

impl<'a> Access<'a> {
    /// `None` where something may grant anything, or where so many files are asked about that it would take too long.
    pub(super) fn of(server: &'a Server, host: &'a Host, files: usize) -> Option<Self> {
        let mut open = server.beyond.macros || server.main().settings.access_is_more || host.settings.access_is_more;
        for section in host.sections.iter().chain(&server.main().sections) {
            section.visit(&mut |section| {
                // A section that only a request can judge may grant anything.
                let unknown = section.matcher == Matcher::Unknown && section.settings.access_span().is_some();
                open |= unknown || section.settings.access_is_more;
            });
        }
        if open || files == 0 {
            return None;
        }
        let mut sections = server.sections_of(host);
        sections.retain(|merged| says_something(&merged.section.settings));
        (sections.len().saturating_mul(files) <= MOST_COMPARISONS).then(|| Self { sections, patterns: OnceCell::new() })
    }

    /// Why nobody may reach a file at a URL path. Anything that is not certain ends the search.
    pub(super) fn denial(&self, url_path: &str, file: &str) -> Option<Denial<'a>> {
        let mut require: &[Spanned<Require>] = &[];
        let mut order = None;
        let mut allow: &[Spanned<Peer>] = &[];
        let mut useless = None;
        let mut deny: &[Spanned<Peer>] = &[];
        for merged in &self.sections {
            let settings: &'a Settings = &merged.section.settings;
            match merged.matches(url_path, file) {
                Some(false) => continue,
                None => return None,
                Some(true) => {}
            }
            if !settings.require.is_empty() {
                require = &settings.require;
            }
            // mod_access_compat merges nothing: a section that says one of the three says all of them.
            if settings.order.is_some() || !settings.allow.is_empty() || !settings.deny.is_empty() {
                (order, allow, deny) = (settings.order.as_ref(), &settings.allow, &settings.deny);
                useless = (!allow.is_empty()).then_some(settings);
            }
        }
        if let Some(first) = require.first().filter(|_| require.iter().all(|one| one.value == Require::AllDenied)) {
            return Some(Denial { span: first.span, useless, old_style: false });
        }
        let denied = deny.iter().find(|peer| peer.value == Peer::All);
        let span = match order.map(|order| order.value) {
            Some(Order::AllowDeny) => denied.map(|peer| peer.span).or(allow.is_empty().then_some(order?.span)),
            Some(Order::DenyAllow) | None => denied.filter(|_| allow.is_empty()).map(|peer| peer.span),
        };
        span.map(|span| Denial { span, useless: None, old_style: true })
    }

    /// Whether a request for a file is let in for all that is known: what may keep it out does.
    pub(super) fn lets_in(&self, url_path: &str, file: &str) -> bool {
        let patterns = self.patterns.get_or_init(|| self.sections.iter().map(patterns).collect());
        let mut open = true;
        for (merged, patterns) in self.sections.iter().zip(patterns) {
            let settings = &merged.section.settings;
            let grants = settings.require.iter().any(|one| one.value == Require::AllGranted)
                || settings.require.is_empty() && settings.deny.is_empty() && !settings.allow.is_empty();
            match matches(merged, patterns, url_path, file) {
                Some(false) => {}
                Some(true) => open = grants,
                None => open &= grants,
            }
        }
        open
    }

    /// Whether something is said about a part of a folder or of its URLs, or about files by their names.
    pub(super) fn speaks_of_parts(&self, url_path: &str, folder: &str) -> bool {
        self.sections.iter().flat_map(Merged::chain).any(|section| match &section.matcher {
            Matcher::Plain(Match::Directory(path) | Match::DirectoryPattern(path)) => path_is_within(path, folder),
            Matcher::Plain(Match::Location(path)) => {
                path.len() > url_path.len() && starts_with_path(path, url_path.trim_end_matches('/'))
            }
            Matcher::Plain(Match::Files(_) | Match::FilesRegex(_)) => !denies_only(&section.settings),
            _ => false,
        })
    }
}

fn patterns(merged: &Merged<'_>) -> Vec<Option<Ready>> {
    let ready = |section: &Section| match &section.matcher {
        Matcher::Plain(
            pattern @ (Match::DirectoryRegex(_)
            | Match::FilesRegex(_)
            | Match::LocationPattern(_)
            | Match::LocationRegex(_)),
        ) => Ready::new(pattern).ok(),
        _ => None,
    };
    merged.chain().map(ready).collect()
}

/// Whether a section matches a request for a file by its own URL, which a pattern can tell as well.
fn matches(merged: &Merged<'_>, patterns: &[Option<Ready>], url_path: &str, file: &str) -> Option<bool> {
    let mut certain = Some(true);
    for (section, pattern) in merged.chain().zip(patterns) {
        let pattern = pattern.as_ref().filter(|_| !file.ends_with('/'));
        let matched = pattern.map(|pattern| pattern.matches(file.as_bytes(), url_path.as_bytes()));
        match matched.or_else(|| section.matches(url_path, file)) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => certain = None,
        }
    }
    certain
}

fn says_something(settings: &Settings) -> bool {
    settings.access_span().is_some() || !settings.deny.is_empty()
}

fn denies_only(settings: &Settings) -> bool {
    settings.allow.is_empty() && settings.require.iter().all(|one| one.value == Require::AllDenied)
}

/// Whether requirements keep some clients out and let others in.
pub(super) fn is_selective(require: &[Spanned<Require>]) -> bool {
    let all = |wanted: &Require| require.iter().all(|one| one.value == *wanted);
    !require.is_empty() && !all(&Require::AllDenied) && require.iter().all(|one| one.value != Require::AllGranted)
}

/// Whether a requirement asks who the client is.
pub(super) fn asks_for_user(require: &Spanned<Require>) -> bool {
    match &require.value {
        // Without a name after it nobody meets it.
        Require::Unprovable(text) => matches!(text.as_str(), "user" | "group"),
        // What stands in containers is not looked into.
        Require::Not(_) | Require::All(_) | Require::Any(_) => false,
        other => other.asks_for_user(),
    }
}
