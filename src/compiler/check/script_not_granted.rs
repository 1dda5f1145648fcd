//! What is merged for a script ends in `Require all denied`.

use super::Check;
use super::access::{Access, Denial};
use crate::compiler::diagnostic::{Code, Edit, Repair, Report};
use crate::compiler::model::{Mount, Server, Settings};
use crate::plan::sections::Peer;

pub(super) const CHECK: Check = Check { code: &SCRIPT_NOT_GRANTED, run };

static SCRIPT_NOT_GRANTED: Code = Code::warning(
    "script-not-granted",
    "nobody may reach a mounted script: every request is answered with 403",
    include_str!("script_not_granted.md"),
)
.of_absence()
.predicts(&["AH01630", "AH01797"]);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let Some(access) = Access::of(server, host, host.mounts.len()) else { continue };
        for mount in host.mounts.iter().filter(|mount| mount.script.value.starts_with('/')) {
            if let Some(denial) = access.denial(&mount.url_path.value, &mount.script.value) {
                report_denial(mount, &denial, report);
            }
        }
    }
}

fn report_denial(mount: &Mount, denial: &Denial<'_>, report: &mut Report) {
    let found = SCRIPT_NOT_GRANTED.at(mount.script.span, "denied to all");
    let mut found = found.and(denial.span, "this holds for the script");
    let folder = mount.script.value.rsplit_once('/').map_or("/", |(folder, _)| folder);
    if let Some(useless) = denial.useless {
        let spans = useless.allow.first().map(|peer| peer.span);
        found = spans.into_iter().fold(found, |found, span| found.and(span, "does not lift `Require all denied`"));
        found = found.help("write `Require all granted` instead").maybe_repair(granted(useless));
    } else if denial.old_style {
        found = found.help("write `Require all granted` in the place of `Order`, `Allow` and `Deny`");
    } else {
        found = found.help(format!("add `<Directory {folder}>` with `Require all granted` in it"));
    }
    report.push(found);
}

/// The repair of `Order allow,deny` and `Allow from all`, where a section says nothing else.
fn granted(settings: &Settings) -> Option<Repair> {
    let (Some(order), [allow]) = (&settings.order, settings.allow.as_slice()) else { return None };
    let plain = allow.value == Peer::All && settings.deny.is_empty() && settings.require.is_empty();
    let edits = vec![Edit::replace_line(order.span, "Require all granted"), Edit::delete_line(allow.span)];
    plain.then(|| Repair { title: "Write `Require all granted`".to_owned(), edits })
}
