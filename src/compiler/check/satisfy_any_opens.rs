//! `Satisfy Any` lets in whoever meets one of the two layers.

use super::Check;
use super::access::asks_for_user;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Section, Server};
use crate::plan::sections::{Order, Peer};

pub(super) const CHECK: Check = Check { code: &SATISFY_ANY_OPENS, run };

static SATISFY_ANY_OPENS: Code = Code::warning(
    "satisfy-any-opens",
    "`Satisfy Any` lets everybody in without a password, because no address is denied",
    include_str!("satisfy_any_opens.md"),
);

fn run(server: &Server, report: &mut Report) {
    let mut denied = false;
    server.visit(&mut |_, _, settings| denied |= !settings.deny.is_empty());
    // What is denied in a section around this one is denied here too.
    if denied || server.beyond.macros {
        return;
    }
    server.visit(&mut |_, section, _| {
        if let Some(section) = section {
            judge(section, report);
        }
    });
}

fn judge(section: &Section, report: &mut Report) {
    let settings = &section.settings;
    let any = settings.line("Satisfy").filter(|line| line.word(0).eq_ignore_ascii_case("any"));
    let user = settings.require.iter().find(|one| asks_for_user(one));
    let open = match settings.order.as_ref().map(|order| order.value) {
        Some(Order::AllowDeny) => settings.allow.iter().any(|peer| peer.value == Peer::All),
        Some(Order::DenyAllow) | None => true,
    };
    if let (Some(any), Some(user)) = (any, user)
        && open
    {
        let found = SATISFY_ANY_OPENS.at(any.span, "one of the two is enough");
        let found = found.and(user.span, "so nobody is asked");
        report.push(found.help("write `Satisfy All`, or delete the line"));
    }
}
