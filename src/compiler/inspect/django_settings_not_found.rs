//! Django: the module that `DJANGO_SETTINGS_MODULE` names is not on `sys.path`.

use super::deployment::{Application, Runner};
use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::path::{Path, PathBuf};

pub(super) const INSPECTION: Inspection = Inspection { code: &DJANGO_SETTINGS_NOT_FOUND, run };

static DJANGO_SETTINGS_NOT_FOUND: Code = Code::error(
    "django-settings-not-found",
    "the settings module of a Django site cannot be imported",
    include_str!("django_settings_not_found.md"),
)
.predicts(&["WSGI0109"]);

/// Files in `site-packages` that add no folder of somebody else's to `sys.path`.
const HARMLESS: [&str; 4] = ["distutils-precedence.pth", "_virtualenv.pth", "setuptools.pth", "matplotlib-nspkg.pth"];

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for application in deployment.scripts() {
        let (Some(script), Some(runner)) = (deployment.script(application), application.runner) else { continue };
        let Some((module, range)) = &script.python.settings_module else { continue };
        if script.python.changes_path || script.python.error.is_some() {
            continue;
        }
        let Some(path) = search_path(deployment, runner) else { continue };
        let is_in = |folder: &Path| has_module(deployment, folder, module);
        if path.iter().any(|folder| is_in(folder)) {
            continue;
        }
        // Only where it is seen beside the path is it certain that it is not installed in some other way.
        let Some(lies) = application.folder().ancestors().take(4).find(|folder| is_in(folder)).map(Path::to_owned)
        else {
            continue;
        };
        let place = deployment.place(application, script, range);
        let found = DJANGO_SETTINGS_NOT_FOUND.at(application.mount.script.span, format!("cannot import `{module}`"));
        let found = found.and(place, format!("lies in `{}`, off the path", lies.display()));
        report.push(found.help(help(application, &lies)));
    }
}

fn help(application: &Application<'_>, folder: &Path) -> String {
    let folder = folder.display();
    match application.runner {
        Some(Runner::Daemon(group)) => {
            format!("add `python-path={folder}` to the WSGIDaemonProcess of `{}`", group.name.value)
        }
        _ => format!("add `WSGIPythonPath {folder}`"),
    }
}

/// The folders where modules are looked for; `None` when there may be more.
fn search_path(deployment: &Deployment<'_>, runner: Runner<'_>) -> Option<Vec<PathBuf>> {
    let mut path: Vec<PathBuf> = deployment.python_path_of(runner).into_iter().map(PathBuf::from).collect();
    if let Runner::Daemon(group) = runner {
        path.extend(group.home.iter().map(|home| PathBuf::from(&home.value)));
    }
    if let Some(home) = deployment.home_of(runner) {
        path.extend(home.environment.as_ref().ok()?.site_packages.iter().cloned());
    }
    for folder in &path {
        let names = deployment.machine.list(folder).unwrap_or_default();
        let links = |name: &String| Path::new(name).extension().is_some_and(|end| end == "pth" || end == "egg-link");
        if names.iter().any(|name| links(name) && !HARMLESS.contains(&name.as_str())) {
            return None;
        }
    }
    Some(path)
}

fn has_module(deployment: &Deployment<'_>, folder: &Path, module: &str) -> bool {
    let path = folder.join(module.replace('.', "/"));
    let file = path.with_extension("py");
    deployment.machine.kind(&file).is_some() || deployment.machine.kind(&path).is_some()
}
