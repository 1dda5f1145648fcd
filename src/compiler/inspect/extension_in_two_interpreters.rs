//! Packages made with `PyO3` where a process group has more than one application group.

use super::deployment::{Application, Interpreter};
use super::packages::{ONE_INTERPRETER, installed};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::ApplicationGroupName;
use crate::plan::ApplicationGroup;
use std::collections::HashMap;

pub(super) const INSPECTION: Inspection = Inspection { code: &EXTENSION_IN_TWO_INTERPRETERS, run };

static EXTENSION_IN_TWO_INTERPRETERS: Code = Code::warning(
    "extension-in-two-interpreters",
    "a package is installed that only one interpreter of a process can import",
    include_str!("extension_in_two_interpreters.md"),
)
.predicts(&["WSGI0109"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    let mut first: HashMap<usize, (String, &Application<'_>)> = HashMap::new();
    for application in &deployment.applications {
        let (Some(runner), Some(interpreter)) = (application.runner, name(application)) else { continue };
        let Some(package) = installed(deployment, runner, &ONE_INTERPRETER) else { continue };
        let (other, before) = first.entry(runner.number()).or_insert_with(|| (interpreter.clone(), application));
        if *other != interpreter {
            let found = EXTENSION_IN_TWO_INTERPRETERS.at(application.mount.script.span, "in another interpreter");
            let found = found.and(before.mount.script.span, "the same processes run this one");
            let found =
                found.says(format!("{package} is installed, which only one interpreter of a process can import"));
            report.push(found.help("give each application a process group, and both `application-group=%{GLOBAL}`"));
        }
    }
}

/// What the interpreter is called, as far as it tells one from the other.
fn name(application: &Application<'_>) -> Option<String> {
    let host = application.host.server_name.as_ref().map_or("", |name| name.value.name.as_str());
    match application.interpreter {
        Interpreter::Main => Some(String::new()),
        Interpreter::Unknown => None,
        Interpreter::Sub(named) => Some(match named.map(|name| &name.value) {
            Some(ApplicationGroupName::Plain(ApplicationGroup::Named(name))) => name.clone(),
            Some(ApplicationGroupName::Plain(ApplicationGroup::Server)) => format!("{host}|"),
            _ => format!("{host}|{}", application.mount.url_path.value),
        }),
    }
}
