//! `WSGIFreeThreading On` for a Python that is not built free-threaded.

use super::deployment::Home;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::Spanned;

pub(super) const INSPECTION: Inspection = Inspection { code: &PYTHON_KEEPS_ITS_GIL, run };

static PYTHON_KEEPS_ITS_GIL: Code = Code::warning(
    "python-keeps-its-gil",
    "a Python is asked to run without its GIL that is not built for that",
    include_str!("python_keeps_its_gil.md"),
)
.predicts(&["WSGI0200"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for home in &deployment.homes {
        let Ok(environment) = &home.environment else { continue };
        let (Some(version), Some(false)) = (environment.version, environment.free_threaded) else { continue };
        let Some(asked) = asked(deployment, home) else { continue };
        let found = PYTHON_KEEPS_ITS_GIL.at(asked.span, "without a GIL");
        let found = found.and(home.path.span, format!("a Python {version} that has one"));
        report.push(
            found.help(format!("make the environment with `python{version}t -m venv`, or take the directive away")),
        );
    }
}

/// What says `On` of the processes that run this Python.
fn asked<'a>(deployment: &Deployment<'a>, home: &Home<'_>) -> Option<&'a Spanned<bool>> {
    let server = deployment.server;
    let group = home.group.map_or("", |group| group.name.value.as_str());
    let of_process = server.interpreter_options.iter().filter(|options| options.application_group.is_none());
    let fitting = of_process.filter_map(|options| match (&options.process_group, &options.free_threading) {
        (Some(name), Some(state)) if name.value == group => Some((1, state)),
        (None, Some(state)) => Some((0, state)),
        _ => None,
    });
    // Of equals the last.
    let said = fitting.max_by_key(|(specificity, _)| *specificity).map(|(_, state)| state);
    said.or(server.free_threading.as_ref()).filter(|state| state.value)
}
