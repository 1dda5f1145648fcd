//! With `WSGIRestrictEmbedded On` every application needs a process group.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Mount, Server};
use crate::compiler::source::Span;

pub(super) const CHECK: Check = Check { code: &EMBEDDED_MODE_REFUSED, run };

static EMBEDDED_MODE_REFUSED: Code = Code::warning(
    "embedded-mode-refused",
    "an application would run in embedded mode, which WSGIRestrictEmbedded refuses",
    include_str!("embedded_mode_refused.md"),
)
.of_absence()
.predicts(&["WSGI0143"]);

fn run(server: &Server, report: &mut Report) {
    let Some(restricted) = server.restrict_embedded.as_ref().filter(|state| state.value) else { return };
    // Its `process_group()` may choose any.
    let dispatched = !server.lines("WSGIDispatchScript").is_empty();
    if server.beyond.macros || dispatched {
        return;
    }
    for host in server.hosts.iter().filter(|host| chooses_nothing(server, host)) {
        for mount in &host.mounts {
            if mount.process_group.is_none() {
                let found = EMBEDDED_MODE_REFUSED.at(span(mount), "no process group is chosen for it");
                report.push(found.and(restricted.span, "embedded mode is refused here"));
            }
        }
    }
}

/// Whether nothing that may hold for a host's mounts names a process group.
fn chooses_nothing(server: &Server, host: &Host) -> bool {
    let outside = host.settings.process_group.is_some() || server.main().settings.process_group.is_some();
    let mut chooses = outside;
    for section in host.sections.iter().chain(&server.main().sections) {
        section.visit(&mut |section| chooses |= section.settings.process_group.is_some());
    }
    !chooses
}

fn span(mount: &Mount) -> Span {
    mount.url_path.span.to(mount.script.span)
}
