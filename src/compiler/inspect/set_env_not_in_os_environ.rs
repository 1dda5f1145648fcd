//! `SetEnv` for what the script reads from the environment of its process.

use super::deployment::Application;
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Settings;
use crate::compiler::source::Span;

pub(super) const INSPECTION: Inspection = Inspection { code: &SET_ENV_NOT_IN_OS_ENVIRON, run };

static SET_ENV_NOT_IN_OS_ENVIRON: Code = Code::warning(
    "set-env-not-in-os-environ",
    "a script looks in `os.environ` for what SetEnv gives",
    include_str!("set_env_not_in_os_environ.md"),
)
.predicts(&["WSGI0109"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let Some(script) = deployment.script(application) else { continue };
        if script.python.changes_environment {
            continue;
        }
        for (key, range) in &script.python.environment_keys {
            if let Some(span) = set_env(deployment, application, key)
                && !script.python.sets_environment.contains(key)
            {
                let place = deployment.place(application, script, range);
                let found = SET_ENV_NOT_IN_OS_ENVIRON.at(span, "only in the `environ` of requests");
                let found = found.and(place, "looks in that of the process");
                report.push(found.help(format!("set `{key}` in the script, or where Apache is started")));
            }
        }
    }
}

/// The `SetEnv` of that name that holds for an application.
fn set_env(deployment: &Deployment<'_>, application: &Application<'_>, key: &str) -> Option<Span> {
    let named = |settings: &Settings| settings.set_env.iter().find(|one| one.value.0 == key).map(|one| one.span);
    let mount = application.mount;
    let of_sections = deployment.server.sections_of(application.host).into_iter().find_map(|merged| {
        let matches = merged.matches(&mount.url_path.value, &mount.script.value) == Some(true);
        named(&merged.section.settings).filter(|_| matches)
    });
    of_sections.or_else(|| named(&application.host.settings)).or_else(|| named(&deployment.server.main().settings))
}
