//! With `Order allow,deny` a `Deny` has the last word.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, Settings};
use crate::plan::sections::{Order, Peer};

pub(super) const CHECK: Check = Check { code: &DENY_WINS_OVER_ALLOW, run };

static DENY_WINS_OVER_ALLOW: Code = Code::warning(
    "deny-wins-over-allow",
    "`Order allow,deny` with `Deny from all` keeps everybody out, those that are allowed too",
    include_str!("deny_wins_over_allow.md"),
)
.predicts(&["AH01797"]);

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, _, settings| section(settings, report));
}

fn section(settings: &Settings, report: &mut Report) {
    let order = settings.order.as_ref().filter(|order| order.value == Order::AllowDeny);
    let denied = settings.deny.iter().find(|peer| peer.value == Peer::All);
    if let (Some(order), Some(denied), Some(allowed)) = (order, denied, settings.allow.first()) {
        let found = DENY_WINS_OVER_ALLOW.at(order.span, "so `Deny` has the last word");
        let found = found.and(denied.span, "keeps everybody out").and(allowed.span, "has no effect");
        report.push(found.help("write `Order deny,allow`"));
    }
}
