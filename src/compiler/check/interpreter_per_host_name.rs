//! The client says which host it asks for.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{ApplicationGroupName, Judge, Server};
use crate::compiler::source::{Span, Spanned};

pub(super) const CHECK: Check = Check { code: &INTERPRETER_PER_HOST_NAME, run };

static INTERPRETER_PER_HOST_NAME: Code = Code::warning(
    "interpreter-per-host-name",
    "the application group is the name that the client asks for: each new name makes an interpreter",
    include_str!("interpreter_per_host_name.md"),
);

fn run(server: &Server, report: &mut Report) {
    // wsgi-serve counts the names that only clients bring.
    if server.judge == Judge::WsgiServe {
        return;
    }
    let mut names: Vec<&Spanned<ApplicationGroupName>> = Vec::new();
    server.visit(&mut |_, _, settings| names.extend(settings.application_group.as_ref()));
    names.extend(server.mounts().filter_map(|mount| mount.application_group.as_ref()));
    for name in names {
        if matches!(&name.value, ApplicationGroupName::Token(token) if token == "%{HOST}") {
            report_token(name.span, report);
        }
    }
}

fn report_token(span: Span, report: &mut Report) {
    report.push(INTERPRETER_PER_HOST_NAME.at(span, "chosen by the client").help("write `%{SERVER}`"));
}
