//! Apache refuses a second `Listen` of the same address and port.

use super::Check;
use crate::compiler::diagnostic::{Code, Edit, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &DUPLICATE_LISTEN, run };

static DUPLICATE_LISTEN: Code =
    Code::error("duplicate-listen", "the same address is listened on twice", include_str!("duplicate_listen.md"))
        .predicts(&["AH00526"]);

fn run(server: &Server, report: &mut Report) {
    for (index, listen) in server.listeners.iter().enumerate() {
        let same = server.listeners[..index]
            .iter()
            .find(|earlier| earlier.port == listen.port && earlier.address == listen.address && listen.port != 0);
        if let Some(first) = same {
            let found = DUPLICATE_LISTEN.at(listen.span, "again");
            let found = found.and(first.span, "first here").help("delete one of the two");
            // The one that names a protocol says more.
            let (less, title) = match (&first.protocol, &listen.protocol) {
                (None, Some(_)) => (first, "Delete the first line"),
                _ => (listen, "Delete this line"),
            };
            report.push(found.repair(title, vec![Edit::delete_line(less.span)]));
        }
    }
}
