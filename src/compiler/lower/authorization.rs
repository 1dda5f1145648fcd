//! `Require` and the sections around it: who is asked, and whether the answers can be put together.

use super::{EMPTY_CONTAINER, MISPLACED_NEGATION, Place, Walk};
use crate::compiler::diagnostic::nearest;
use crate::compiler::directive::{INVALID_VALUE, METHODS, PROVIDERS};
use crate::compiler::syntax::{Directive, Node, Word};

/// Who can be asked for a name and a password.
const AUTHENTICATION: [&str; 7] = ["file", "dbm", "dbd", "anon", "ldap", "socache", "wsgi"];

impl Walk<'_> {
    /// What stands in the words of `Require` and of the directives that name providers. Whether the line can be put into the
    /// model.
    pub(super) fn authorization(&mut self, directive: &Directive, place: &Place<'_>) -> bool {
        if place.parent.is_some_and(is_container) && !directive.is("Require") {
            return self.only_requirements(directive, place);
        }
        if ["AuthBasicProvider", "AuthDigestProvider", "AuthFormProvider"].iter().any(|name| directive.is(name)) {
            for word in directive.words() {
                self.provider(word, &AUTHENTICATION);
            }
        }
        if !directive.is("Require") {
            return true;
        }
        let words = directive.words();
        let (negated, words) = match words {
            [not, rest @ ..] if not.text.eq_ignore_ascii_case("not") => (true, rest),
            all => (false, all),
        };
        if negated && !place.all_required {
            let found = MISPLACED_NEGATION.at(directive.span(), "has no effect here");
            self.report.push(found.help("put it into `<RequireAll>`, beside a line that lets somebody in"));
        }
        let Some((provider, values)) = words.split_first() else {
            if negated {
                self.report.push(INVALID_VALUE.at(directive.span(), "a provider must follow `not`"));
            }
            return !negated;
        };
        if !self.provider(provider, &PROVIDERS) {
            return false;
        }
        match &*provider.text {
            "method" => {
                for word in values.iter().filter(|word| !METHODS.contains(&&*word.text)) {
                    let near = nearest(&word.text, METHODS).map(|near| format!("did you mean `{near}`?"));
                    self.report.push(INVALID_VALUE.at(word.span, "no such method").maybe_help(near));
                }
            }
            "expr" => {
                if let (Some(first), Some(last)) = (values.first(), values.last()) {
                    let text = &directive.arguments().text()[first.range.0..last.range.1];
                    // In quotes or without, as a whole.
                    let whole = if values.len() == 1 { &*first.text } else { text };
                    self.expression(whole, first.span.to(last.span));
                }
            }
            _ => {}
        }
        true
    }

    /// In a container there is nothing but requirements.
    fn only_requirements(&mut self, directive: &Directive, place: &Place<'_>) -> bool {
        let Some(known) = crate::compiler::directive::find_known(&directive.name.text) else { return true };
        self.not_allowed(directive, &known.contexts, place);
        false
    }

    /// Whether a provider is known; said if not. Where modules are loaded that we do not see, others may be there.
    fn provider(&mut self, word: &Word, known: &[&'static str]) -> bool {
        let text = word.text.as_str();
        if known.contains(&text) || self.provider_aliases.contains(&text.to_ascii_lowercase()) {
            return true;
        }
        let lower = text.to_ascii_lowercase();
        let help = match nearest(text, known.iter().copied()) {
            Some(near) if near == lower => Some(format!("write `{near}`: case matters here")),
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if matches!(lower.as_str(), "granted" | "denied") => Some(format!("write `Require all {lower}`")),
            None => None,
        };
        let sure = self.modules.are_all_named() && !self.modules.have_strangers();
        if sure || help.is_some() {
            self.report.push(INVALID_VALUE.at(word.span, "no such provider").maybe_help(help));
            return false;
        }
        true
    }

    /// A container that stands where it has no effect.
    pub(super) fn container(&mut self, opening: &Directive, name: &str, place: &Place<'_>) {
        if name == "<requirenone" && !place.all_required {
            let found = MISPLACED_NEGATION.at(opening.span(), "has no effect here");
            self.report.push(found.help("put it into `<RequireAll>`, beside a line that lets somebody in"));
        }
        if name == "<limit"
            && let Some(word) = opening.words().iter().find(|word| word.text.eq_ignore_ascii_case("TRACE"))
        {
            let found = INVALID_VALUE.at(word.span, "TRACE cannot be limited so");
            self.report.push(found.help("write `TraceEnable Off` outside of sections"));
        }
    }

    /// Whether something in a container can let somebody in.
    pub(super) fn requirements(&mut self, opening: &Directive, nodes: &[Node]) {
        if !is_container(opening) {
            return;
        }
        let mut requirements = 0;
        let mut negative = 0;
        for node in nodes {
            match node {
                Node::Directive(line) if line.is("Require") => {
                    requirements += 1;
                    negative +=
                        usize::from(line.words().first().is_some_and(|word| word.text.eq_ignore_ascii_case("not")));
                }
                Node::Section(section) if is_container(&section.opening) => {
                    requirements += 1;
                    negative += usize::from(section.opening.is("RequireNone"));
                }
                // What stands there is unknown.
                Node::Directive(line) if line.is("Use") => return,
                _ => {}
            }
        }
        if requirements == 0 {
            self.report.push(EMPTY_CONTAINER.at(opening.span(), "nothing in it says who gets in"));
        } else if negative == requirements && opening.is("RequireAll") {
            let found = EMPTY_CONTAINER.at(opening.span(), "all that stands in it keeps somebody out");
            self.report.push(found.help("add `Require all granted` to it"));
        }
    }
}

/// Whether a section limits what is in it to methods.
pub(super) fn is_limit(opening: &Directive) -> bool {
    ["Limit", "LimitExcept"].iter().any(|name| opening.is(name))
}

/// Whether a section is one of requirements.
pub(super) fn is_container(opening: &Directive) -> bool {
    ["RequireAll", "RequireAny", "RequireNone"].iter().any(|name| opening.is(name))
}
