//! `<Limit>` restricts the methods that it names and no others.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Limit, Server, Settings};
use crate::compiler::source::Spanned;
use crate::plan::sections::{Peer, Require};

pub(super) const CHECK: Check = Check { code: &LIMIT_LEAVES_METHODS_OPEN, run };

static LIMIT_LEAVES_METHODS_OPEN: Code = Code::warning(
    "limit-leaves-methods-open",
    "a restriction holds for some methods only, and all others are open",
    include_str!("limit_leaves_methods_open.md"),
);

/// Who names them all wants all of them restricted; more has to be in no list.
const ALL: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, _, settings| section(settings, report));
}

fn section(settings: &Settings, report: &mut Report) {
    let outside = settings.require.iter().any(|one| !is_limit(one)) || !settings.deny.is_empty();
    if outside || settings.limits.iter().any(|limit| limit.methods.except) {
        return;
    }
    let restricting = || settings.limits.iter().filter(|limit| restricts(limit));
    let named = |method: &str| restricting().any(|limit| limit.methods.names.iter().any(|named| named == method));
    if ALL.iter().all(|method| named(method)) {
        return;
    }
    // Who restricts writing alone, means that, and so does who denies reading to all.
    let reads = |limit: &&Limit| limit.methods.names.iter().any(|named| named == "GET") && !denies_all(limit);
    for limit in restricting().filter(reads) {
        let found =
            LIMIT_LEAVES_METHODS_OPEN.at(limit.span, format!("holds for {} only", limit.methods.names.join(", ")));
        report.push(found.help("delete the `<Limit>` line and its end"));
    }
}

/// What `<Limit>` leaves of its requirements in the section around it.
fn is_limit(require: &Spanned<Require>) -> bool {
    matches!(require.value, Require::Limited(..))
}

fn restricts(limit: &Limit) -> bool {
    let required = limit.settings.require.iter().any(|one| one.value != Require::AllGranted);
    required || limit.settings.deny.iter().any(|peer| peer.value == Peer::All)
}

/// A place to write to, which nobody reads.
fn denies_all(limit: &Limit) -> bool {
    let require = &limit.settings.require;
    !require.is_empty() && require.iter().all(|one| one.value == Require::AllDenied)
}
