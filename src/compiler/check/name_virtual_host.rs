//! `NameVirtualHost` is a leftover of Apache 2.2.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &NAME_VIRTUAL_HOST, run };

static NAME_VIRTUAL_HOST: Code =
    Code::warning("name-virtual-host", "`NameVirtualHost` does nothing any more", include_str!("name_virtual_host.md"))
        .predicts(&["AH00548"]);

fn run(server: &Server, report: &mut Report) {
    for line in server.lines("NameVirtualHost") {
        report.push(NAME_VIRTUAL_HOST.at(line.span, "has no effect").help("delete the line"));
    }
}
