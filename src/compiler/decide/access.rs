//! Who may see it: `Order`, `Allow` and `Deny` first, then `Require` with its containers, each by the line that decides.

use serde::Serialize;

use super::layers::{Layer, Layers};
use super::variables::Variable;
use super::{Ended, Walk};
use crate::compiler::directive::{read_peer, read_requirement};
use crate::compiler::model::Kept;
use crate::compiler::source::Span;
use crate::decision::access::{is_met, is_peer, order_admits};
use crate::plan::Place;
use crate::plan::access::Merging;
use crate::plan::sections::{Order, Peer};

/// Whether the client may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Whether it is granted; `None` where that depends on something that is not followed.
    pub granted: Option<bool>,
    /// The line that decides; `None` where no line says anything.
    pub place: Option<Place>,
}

/// What one requirement, or several, come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Granted(Option<Span>),
    Denied(Option<Span>),
    /// Only a user who has logged in can meet it.
    NeedsUser(Span),
    /// It has no say.
    Neutral,
    /// That depends on something that is not followed.
    Unknown,
}

/// The requirements of some sections, and how they are put together with those before.
#[derive(Debug, Clone, Copy, Default)]
struct Merged {
    verdict: Option<Verdict>,
    merging: Option<Merging>,
}

/// What stands outside of sections, then folders, files, locations: those of a step are merged with each other first.
const STEPS: usize = 4;

fn step_of(layer: &Layer) -> usize {
    let title = layer.title.to_ascii_lowercase();
    let starts = ["<directory", "<files", "<location"];
    starts.iter().position(|start| title.starts_with(start)).map_or(0, |step| step + 1)
}

fn read_merging(word: &str) -> Merging {
    match word.to_ascii_lowercase().as_str() {
        "and" => Merging::And,
        "or" => Merging::Or,
        _ => Merging::Off,
    }
}

impl Merged {
    /// Lays later sections over these.
    fn under(self, over: Self) -> Self {
        let verdict = match (over.merging, self.verdict, over.verdict) {
            (None, before, None) => return Self { verdict: before, ..self },
            (Some(Merging::And | Merging::Or), before, None) => before,
            (None | Some(Merging::Off), _, own) | (Some(_), None, own) => own,
            (Some(Merging::And), Some(before), Some(own)) => Some(all([before, own].into_iter())),
            (Some(Merging::Or), Some(before), Some(own)) => Some(any([before, own].into_iter())),
        };
        Self { verdict, merging: over.merging }
    }
}

/// It depends on something that is not followed.
struct NotKnown;

const REQUIRE: [&str; 4] = ["Require", "<RequireAll", "<RequireAny", "<RequireNone"];
const OLD_STYLE: [&str; 4] = ["Order", "Allow", "Deny", "Satisfy"];

impl Walk<'_> {
    /// Ends the request when the client may not see it.
    pub(super) fn access(&mut self, layers: &Layers) -> Result<(), Ended> {
        for kept in
            layers.all().filter(|kept| matches!(kept.name, "WSGIAccessScript" | "SSLRequire" | "LuaHookAccessChecker"))
        {
            self.not_followed(kept, "it may refuse the client");
        }
        let old = self.old_style(layers);
        let new = self.require(layers);
        let any = satisfy_any(layers);
        let verdict = match (old, new) {
            (Verdict::Granted(span), _) if any => Verdict::Granted(span),
            (Verdict::Unknown, Verdict::Denied(_)) if any => Verdict::Unknown,
            (_, new) if any => new,
            (Verdict::Denied(span), _) => Verdict::Denied(span),
            (Verdict::Unknown, Verdict::Granted(_)) => Verdict::Unknown,
            (Verdict::Granted(span), Verdict::Granted(None)) => Verdict::Granted(span),
            (_, new) => new,
        };
        self.conclude(verdict, layers)
    }

    fn conclude(&mut self, verdict: Verdict, layers: &Layers) -> Result<(), Ended> {
        let (granted, span) = match verdict {
            Verdict::Granted(span) => (Some(true), span),
            Verdict::Denied(span) => (Some(false), span),
            Verdict::NeedsUser(span) => return self.login(span, layers),
            Verdict::Neutral => (Some(false), None),
            Verdict::Unknown => (None, None),
        };
        let by = span.map(|span| self.sources.text(span).trim().to_owned());
        let text = match (granted, by) {
            (Some(true), Some(line)) => format!("granted by {line}"),
            (Some(true), None) => "granted: no line says who may see it".to_owned(),
            (Some(false), Some(line)) => format!("denied by {line}"),
            (Some(false), None) => "denied: no requirement has a say for this request".to_owned(),
            (None, _) => "not known".to_owned(),
        };
        self.step("access", text, span);
        let place = span.map(|span| self.place(span));
        self.decision.access = Some(Access { granted, place });
        match granted {
            Some(false) => Err(self.error(403, "AH01630 or AH01797: client denied by server configuration", span)),
            _ => Ok(()),
        }
    }

    /// A requirement that only a user who has logged in can meet.
    fn login(&mut self, span: Span, layers: &Layers) -> Result<(), Ended> {
        let place = Some(self.place(span));
        let line = self.sources.text(span).trim().to_owned();
        let kind =
            layers.last("AuthType").filter(|kept| kept.word(0).is_some_and(|word| !word.eq_ignore_ascii_case("none")));
        let Some(kind) = kind else {
            self.step("access", format!("{line} needs a user, and no AuthType says how to log in"), Some(span));
            self.decision.access = Some(Access { granted: Some(false), place });
            return Err(self.error(500, "AH00027: authentication is not configured", Some(span)));
        };
        if self.request.header("Authorization").is_none() && self.request.header("Cookie").is_none() {
            self.step("access", format!("{line} needs a user, and the request names none"), Some(span));
            self.decision.access = Some(Access { granted: Some(false), place });
            let status = if kind.word(0).is_some_and(|word| word.eq_ignore_ascii_case("form")) { 302 } else { 401 };
            return Err(self.error(status, "the client is asked to log in", Some(kind.span)));
        }
        self.not_followed(kind, "whether the user is known and may see it is not judged");
        self.step("access", format!("{line}: not known, as users are not looked up"), Some(span));
        self.decision.access = Some(Access { granted: None, place });
        Ok(())
    }

    /// `Order`, `Allow`, `Deny`: the last section that has any of them replaces all the others.
    fn old_style(&mut self, layers: &Layers) -> Verdict {
        let Some(layer) = old_style_layer(layers) else { return Verdict::Granted(None) };
        let lines = self.applicable(&layer.kept);
        let last_order = lines.iter().rfind(|kept| kept.is("Order"));
        let order = match last_order.and_then(|kept| kept.word(0)).map(str::to_ascii_lowercase).as_deref() {
            Some("allow,deny" | "mutual-failure") => Order::AllowDeny,
            _ => Order::DenyAllow,
        };
        let allow = self.listed(&lines, "Allow", layers);
        let deny = self.listed(&lines, "Deny", layers);
        let (Ok(allow), Ok(deny)) = (allow, deny) else { return Verdict::Unknown };
        let order_span = last_order.map(|kept| kept.span);
        if order_admits(order, allow.is_some(), deny.is_some()) {
            Verdict::Granted(allow.or(order_span))
        } else {
            Verdict::Denied(deny.or(order_span))
        }
    }

    /// The line by which the client is listed, if one does.
    fn listed(&mut self, lines: &[&Kept], name: &str, layers: &Layers) -> Result<Option<Span>, NotKnown> {
        let mut known = true;
        for kept in lines.iter().filter(|kept| kept.is(name)) {
            for word in kept.words.iter().skip(1) {
                let Some(peer) = read_peer(word) else {
                    self.not_followed(kept, "host names are not looked up");
                    known = false;
                    continue;
                };
                let variable = match &peer {
                    Peer::Variable(name, _) => self.variable(layers, name),
                    _ => Variable::Unset,
                };
                known &= variable != Variable::Unknown;
                if is_peer(&peer, self.request.from, |_| matches!(variable, Variable::Set(_))) {
                    return Ok(Some(kept.span));
                }
            }
        }
        if known { Ok(None) } else { Err(NotKnown) }
    }

    /// The lines that hold for the method: those outside of `<Limit>`, and those in one that names it.
    fn applicable<'k>(&self, kept: &'k [Kept]) -> Vec<&'k Kept> {
        let mut lines = Vec::new();
        for one in kept {
            match one.name {
                "<Limit" | "<LimitExcept" if self.is_limited(one) => lines.extend(&one.inside),
                "<Limit" | "<LimitExcept" => {}
                _ => lines.push(one),
            }
        }
        lines
    }

    /// Whether the lines of a `<Limit>` or `<LimitExcept>` hold for the method. `GET` stands for `HEAD` too.
    fn is_limited(&self, limit: &Kept) -> bool {
        let method = if self.request.method == "HEAD" { "GET" } else { self.request.method.as_str() };
        limit.words.iter().any(|word| word == method) == limit.is("<Limit")
    }

    /// `Require`: the last section that has any decides alone, unless `AuthMerging` says otherwise.
    fn require(&mut self, layers: &Layers) -> Verdict {
        let mut steps = [Merged::default(); STEPS];
        for layer in &layers.0 {
            let merging = layer.kept.iter().rfind(|kept| kept.is("AuthMerging")).and_then(|kept| kept.word(0));
            let requires = layer.kept.iter().any(|kept| contains(kept, &REQUIRE));
            let verdict = requires.then(|| self.section(layer, layers));
            let step = &mut steps[step_of(layer)];
            *step = step.under(Merged { verdict, merging: merging.map(read_merging) });
        }
        let all = steps.into_iter().fold(Merged::default(), Merged::under);
        all.verdict.unwrap_or(Verdict::Granted(None))
    }

    /// The requirements of a section: joined by "or". Where all of them are for other methods, nothing is required.
    fn section(&mut self, layer: &Layer, layers: &Layers) -> Verdict {
        let lines = self.applicable(&layer.kept);
        let lines: Vec<&Kept> = lines.into_iter().filter(|kept| REQUIRE.contains(&kept.name)).collect();
        if lines.is_empty() {
            return Verdict::Granted(layer.span);
        }
        let verdicts: Vec<Verdict> = lines.into_iter().map(|kept| self.requirement(kept, layers)).collect();
        any(verdicts.into_iter())
    }

    fn requirement(&mut self, kept: &Kept, layers: &Layers) -> Verdict {
        if kept.is("Require") {
            let words: Vec<&str> = kept.words.iter().map(String::as_str).collect();
            return match words.as_slice() {
                ["not", rest @ ..] => negated(self.provider(kept, rest, layers), kept.span),
                words => self.provider(kept, words, layers),
            };
        }
        let inside = self.applicable(&kept.inside);
        let inside = inside.into_iter().filter(|kept| REQUIRE.contains(&kept.name));
        let verdicts: Vec<Verdict> = inside.map(|kept| self.requirement(kept, layers)).collect();
        match kept.name {
            "<RequireAll" => all(verdicts.into_iter()),
            "<RequireNone" => negated(any(verdicts.into_iter()), kept.span),
            _ => any(verdicts.into_iter()),
        }
    }

    fn provider(&mut self, kept: &Kept, words: &[&str], layers: &Layers) -> Verdict {
        let local = self.request.to.unwrap_or(self.request.from);
        if let Some(required) = read_requirement(words).filter(|required| !required.asks_for_user()) {
            let met = is_met(&required, self.request.from, local, &self.request.method);
            return if met { Verdict::Granted(Some(kept.span)) } else { Verdict::Denied(Some(kept.span)) };
        }
        let (name, values) = words.split_first().map_or(("", words), |(name, values)| (*name, values));
        match name.to_ascii_lowercase().as_str() {
            "env" => {
                let found: Vec<Variable> = values.iter().map(|value| self.variable(layers, value)).collect();
                if found.iter().any(|variable| matches!(variable, Variable::Set(_))) {
                    Verdict::Granted(Some(kept.span))
                } else if found.contains(&Variable::Unknown) {
                    Verdict::Unknown
                } else {
                    Verdict::Denied(Some(kept.span))
                }
            }
            "user" | "valid-user" | "group" | "ldap-user" | "ldap-group" | "ldap-dn" | "ldap-attribute"
            | "ldap-filter" | "dbm-group" | "dbd-group" | "dbd-login" | "file-owner" | "file-group" | "wsgi-group" => {
                Verdict::NeedsUser(kept.span)
            }
            "ssl" if self.request.https => Verdict::Granted(Some(kept.span)),
            "ssl" => Verdict::Denied(Some(kept.span)),
            _ => {
                self.not_followed(kept, "whether it is met is not judged");
                Verdict::Unknown
            }
        }
    }
}

/// The last section that has any of `Order`, `Allow`, `Deny` and `Satisfy`: it says all four.
fn old_style_layer<'l>(layers: &'l Layers<'_>) -> Option<&'l Layer<'l>> {
    layers.0.iter().rfind(|layer| layer.kept.iter().any(|kept| contains(kept, &OLD_STYLE)))
}

fn satisfy_any(layers: &Layers) -> bool {
    let lines = old_style_layer(layers).map(|layer| layer.kept.iter());
    let last = lines.into_iter().flatten().rfind(|kept| kept.is("Satisfy"));
    last.and_then(|kept| kept.word(0)).is_some_and(|word| word.eq_ignore_ascii_case("any"))
}

fn contains(kept: &Kept, names: &[&str]) -> bool {
    names.contains(&kept.name) || kept.name.starts_with("<Limit") && kept.inside.iter().any(|one| contains(one, names))
}

/// All must be met; what has no say is left out.
fn all(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Neutral => 0,
        Verdict::Granted(_) => 1,
        Verdict::NeedsUser(_) => 2,
        Verdict::Unknown => 3,
        Verdict::Denied(_) => 4,
    };
    strongest(verdicts, rank)
}

/// One must be met; what has no say is left out.
fn any(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Neutral => 0,
        Verdict::Denied(_) => 1,
        Verdict::NeedsUser(_) => 2,
        Verdict::Unknown => 3,
        Verdict::Granted(_) => 4,
    };
    strongest(verdicts, rank)
}

/// The first of the highest rank.
fn strongest(verdicts: impl Iterator<Item = Verdict>, rank: impl Fn(&Verdict) -> u8) -> Verdict {
    verdicts.fold(Verdict::Neutral, |best, next| if rank(&next) > rank(&best) { next } else { best })
}

/// A requirement that must not be met. When it is not, it has no say.
fn negated(verdict: Verdict, span: Span) -> Verdict {
    match verdict {
        Verdict::Granted(_) => Verdict::Denied(Some(span)),
        Verdict::Denied(_) | Verdict::Neutral => Verdict::Neutral,
        other => other,
    }
}
