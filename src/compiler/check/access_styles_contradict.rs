//! Both layers must let a request in.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Section, Server};
use crate::plan::sections::{Peer, Require};

pub(super) const CHECK: Check = Check { code: &ACCESS_STYLES_CONTRADICT, run };

static ACCESS_STYLES_CONTRADICT: Code = Code::warning(
    "access-styles-contradict",
    "`Require` and the directives of Apache 2.2 contradict each other in one section",
    include_str!("access_styles_contradict.md"),
)
.predicts(&["AH01630", "AH01797"]);

fn run(server: &Server, report: &mut Report) {
    for section in server.hosts.iter().flat_map(|host| &host.sections) {
        section.visit(&mut |section| contradiction(section, report));
    }
}

fn contradiction(section: &Section, report: &mut Report) {
    let settings = &section.settings;
    if settings.access_is_more {
        return;
    }
    let only =
        |wanted: &Require| settings.require.iter().find(|one| one.value == *wanted && settings.require.len() == 1);
    let all = |peer: &&crate::compiler::source::Spanned<Peer>| peer.value == Peer::All;
    let denied = settings.deny.iter().find(all).filter(|_| settings.allow.is_empty());
    if let (Some(granted), Some(denied)) = (only(&Require::AllGranted), denied) {
        let found = ACCESS_STYLES_CONTRADICT.at(granted.span, "granted to all");
        report.push(found.and(denied.span, "and denied to all, which wins").help("delete one of the two"));
    }
    if let (Some(denied), Some(allowed)) = (only(&Require::AllDenied), settings.allow.iter().find(all)) {
        let found = ACCESS_STYLES_CONTRADICT.at(allowed.span, "allowed to all");
        report.push(found.and(denied.span, "and denied to all, which wins").help("delete one of the two"));
    }
}
