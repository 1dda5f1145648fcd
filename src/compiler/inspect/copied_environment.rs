//! Scripts that copy what `SetEnv` gives into the environment of their process: then it is there.

use super::Deployment;
use crate::compiler::check::ENVIRONMENT_SET_PER_REQUEST;
use crate::compiler::diagnostic::{Diagnostic, Report};
use crate::compiler::source::Span;

/// Takes back what was found in the text alone.
pub(super) fn forgive(deployment: &Deployment<'_>, report: &mut Report) {
    if !report.iter().any(is_of_set_env) {
        return;
    }
    let scripts: Vec<_> = deployment.scripts().filter_map(|application| deployment.script(application)).collect();
    let copies = |name: &str| {
        scripts.iter().any(|script| script.python.copies_environment || script.python.sets_environment.contains(name))
    };
    let mut forgiven: Vec<Span> = Vec::new();
    deployment.server.visit(&mut |_, _, settings| {
        forgiven.extend(settings.set_env.iter().filter(|one| copies(&one.value.0)).map(|one| one.span));
    });
    report.retain(|found| !is_of_set_env(found) || !forgiven.contains(&found.span()));
}

fn is_of_set_env(found: &Diagnostic) -> bool {
    found.code.name == ENVIRONMENT_SET_PER_REQUEST.name
}
