//! A process group of a virtual host serves hosts of the same `ServerName` only.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{GroupName, Server};

pub(super) const CHECK: Check = Check { code: &PROCESS_GROUP_OUT_OF_REACH, run };

static PROCESS_GROUP_OUT_OF_REACH: Code = Code::error(
    "process-group-out-of-reach",
    "a process group is used outside of the virtual host that defines it",
    include_str!("process_group_out_of_reach.md"),
)
.of_absence()
.predicts(&["WSGI0152"]);

fn run(server: &Server, report: &mut Report) {
    for (host, used) in server.used_process_groups() {
        let GroupName::Named(name) = &used.value else { continue };
        let Some(group) = server.process_group(name) else { continue };
        // What the main server defines is for all. What it uses is used in every host, so only hosts of their own are judged.
        if group.host == 0 || group.host == host || host == 0 {
            continue;
        }
        if let (Some(owner), Some(user)) = (known_name(server, group.host), known_name(server, host))
            && owner != user
        {
            let found = PROCESS_GROUP_OUT_OF_REACH.at(used.span, format!("refused to `{user}`"));
            let found = found.and(group.name.span, format!("belongs to `{owner}`"));
            report.push(found.help("move the WSGIDaemonProcess out of its virtual host"));
        }
    }
}

/// The name of a host, if the configuration tells it.
fn known_name(server: &Server, host: usize) -> Option<&str> {
    Some(server.hosts[host].server_name.as_ref()?.value.name.as_str())
}
