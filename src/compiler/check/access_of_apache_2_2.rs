//! `Order`, `Allow` and `Deny` cannot lift what `Require` denies.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, Settings};
use crate::plan::sections::Peer;

pub(super) const CHECK: Check = Check { code: &ACCESS_OF_APACHE_2_2, run };

static ACCESS_OF_APACHE_2_2: Code = Code::info(
    "access-of-apache-2-2",
    "access is granted in the way of Apache 2.2, which does not lift `Require all denied`",
    include_str!("access_of_apache_2_2.md"),
)
.predicts(&["AH01630"])
.pedantic();

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, section, settings| {
        if section.is_some() {
            judge(settings, report);
        }
    });
}

fn judge(settings: &Settings, report: &mut Report) {
    let all = settings.allow.iter().find(|peer| peer.value == Peer::All);
    // Where both stand, each is judged by what it says.
    if let Some(all) = all.filter(|_| settings.require.is_empty() && settings.deny.is_empty()) {
        let found = ACCESS_OF_APACHE_2_2.at(all.span, "no `Require` stands beside it");
        report.push(found.help("write `Require all granted` in the place of `Order` and `Allow`"));
    }
}
