//! `User`, `Group`, `user=` and `group=` that the machine does not know.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::Spanned;

pub(super) const INSPECTION: Inspection = Inspection { code: &UNKNOWN_ACCOUNT, run };

static UNKNOWN_ACCOUNT: Code =
    Code::error("unknown-account", "the machine has no account of that name", include_str!("unknown_account.md"))
        .predicts(&["AH00543", "AH00544"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let server = deployment.server;
    let groups = &server.process_groups;
    let users = groups.iter().filter_map(|group| group.user.as_ref()).chain(&server.user);
    for name in users.filter(|name| is_name(name)) {
        if matches!(deployment.machine.user(&name.value), Ok(None)) {
            report
                .push(UNKNOWN_ACCOUNT.at(name.span, "no such user").help(format!("`useradd --system {}`", name.value)));
        }
    }
    let names = groups.iter().filter_map(|group| group.group.as_ref()).chain(&server.group);
    for name in names.filter(|name| is_name(name)) {
        if matches!(deployment.machine.group(&name.value), Ok(None)) {
            report.push(
                UNKNOWN_ACCOUNT.at(name.span, "no such group").help(format!("`groupadd --system {}`", name.value)),
            );
        }
    }
}

/// Neither a number nor a variable that nobody defined.
fn is_name(name: &Spanned<String>) -> bool {
    !name.value.starts_with('#') && !name.value.contains("${")
}
