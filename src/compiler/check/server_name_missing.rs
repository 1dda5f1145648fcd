//! Without `ServerName` Apache asks the system for the name of the machine.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &SERVER_NAME_MISSING, run };

static SERVER_NAME_MISSING: Code =
    Code::info("server-name-missing", "the main server has no name", include_str!("server_name_missing.md"))
        .of_absence()
        .predicts(&["AH00558"])
        .pedantic();

fn run(server: &Server, report: &mut Report) {
    // In a part of a configuration, the name stands elsewhere.
    let whole = server.beyond.stands_alone && !server.beyond.macros && !server.beyond.failed.contains("ServerName");
    if whole && server.main().server_name.is_none() {
        let found = SERVER_NAME_MISSING.at(server.main().span, "no `ServerName` in this file");
        report.push(found.help("add `ServerName localhost`"));
    }
}
