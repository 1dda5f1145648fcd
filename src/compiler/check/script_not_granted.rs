//! What is merged for a script ends in `Require all denied`.

use super::Check;
use super::effect::MOST_COMPARISONS;
use crate::compiler::diagnostic::{Code, Edit, Repair, Report};
use crate::compiler::model::{Matcher, Merged, Mount, Server, Settings};
use crate::compiler::source::{Span, Spanned};
use crate::plan::sections::{Order, Peer, Require};

pub(super) const CHECK: Check = Check { code: &SCRIPT_NOT_GRANTED, run };

static SCRIPT_NOT_GRANTED: Code = Code::warning(
    "script-not-granted",
    "nobody may reach a mounted script: every request is answered with 403",
    include_str!("script_not_granted.md"),
);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        // A section that only a request can judge may grant anything.
        let mut open = server.beyond.macros || server.main().settings.access_is_more || host.settings.access_is_more;
        for section in host.sections.iter().chain(&server.main().sections) {
            section.visit(&mut |section| {
                let unknown = section.matcher == Matcher::Unknown && section.settings.access_span().is_some();
                open |= unknown || section.settings.access_is_more;
            });
        }
        if open {
            continue;
        }
        let sections: Vec<Merged> =
            server.sections_of(host).into_iter().filter(|merged| says_something(&merged.section.settings)).collect();
        if sections.len() * host.mounts.len() > MOST_COMPARISONS {
            continue;
        }
        for mount in host.mounts.iter().filter(|mount| mount.script.value.starts_with('/')) {
            if let Some(denial) = denial(&sections, mount) {
                report_denial(mount, &denial, report);
            }
        }
    }
}

fn says_something(settings: &Settings) -> bool {
    settings.access_span().is_some() || !settings.deny.is_empty()
}

/// Why a script cannot be reached.
struct Denial<'a> {
    /// The line that denies.
    span: Span,
    /// What was said as in Apache 2.2 and was meant to grant.
    useless: Option<&'a Settings>,
    /// Apache 2.2's directives deny.
    old_style: bool,
}

fn report_denial(mount: &Mount, denial: &Denial<'_>, report: &mut Report) {
    let found = SCRIPT_NOT_GRANTED.at(mount.script.span, "denied to all");
    let mut found = found.and(denial.span, "this holds for the script");
    let folder = mount.script.value.rsplit_once('/').map_or("/", |(folder, _)| folder);
    if let Some(useless) = denial.useless {
        let spans = useless.allow.first().map(|peer| peer.span);
        found = spans.into_iter().fold(found, |found, span| found.and(span, "does not lift `Require all denied`"));
        found = found.help("write `Require all granted` instead").maybe_repair(granted(useless));
    } else if denial.old_style {
        found = found.help("write `Require all granted` in the place of `Order`, `Allow` and `Deny`");
    } else {
        found = found.help(format!("add `<Directory {folder}>` with `Require all granted` in it"));
    }
    report.push(found);
}

/// The repair of `Order allow,deny` and `Allow from all`, where a section says nothing else.
fn granted(settings: &Settings) -> Option<Repair> {
    let (Some(order), [allow]) = (&settings.order, settings.allow.as_slice()) else { return None };
    let plain = allow.value == Peer::All && settings.deny.is_empty() && settings.require.is_empty();
    let edits = vec![Edit::replace_line(order.span, "Require all granted"), Edit::delete_line(allow.span)];
    plain.then(|| Repair { title: "Write `Require all granted`".to_owned(), edits })
}

/// Merges what is said about access. Anything that is not certain ends the search.
fn denial<'a>(sections: &[Merged<'a>], mount: &Mount) -> Option<Denial<'a>> {
    let mut require: &[Spanned<Require>] = &[];
    let mut order = None;
    let mut allow: &[Spanned<Peer>] = &[];
    let mut useless = None;
    let mut deny: &[Spanned<Peer>] = &[];
    for merged in sections {
        let settings = &merged.section.settings;
        match merged.matches(&mount.url_path.value, &mount.script.value) {
            Some(false) => continue,
            None => return None,
            Some(true) => {}
        }
        if !settings.require.is_empty() {
            require = &settings.require;
        }
        order = settings.order.as_ref().or(order);
        if !settings.allow.is_empty() || !settings.deny.is_empty() {
            (allow, deny) = (&settings.allow, &settings.deny);
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
