//! `SetEnv` reaches the `environ` of a request and not `os.environ`.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Matcher, Section, Server, starts_with_path, without_trailing_slash};
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &ENVIRONMENT_SET_PER_REQUEST, run };

pub(in crate::compiler) static ENVIRONMENT_SET_PER_REQUEST: Code = Code::warning(
    "environment-set-per-request",
    "`SetEnv` sets what Python reads from the process, where it does not arrive",
    include_str!("environment_set_per_request.md"),
)
.predicts(&["WSGI0109"]);

/// Variables that are read from the environment of the process, before or without any request.
const OF_THE_PROCESS: [&str; 13] = [
    "DJANGO_SETTINGS_MODULE",
    "DJANGO_CONFIGURATION",
    "FLASK_APP",
    "FLASK_ENV",
    "FLASK_DEBUG",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PATH",
    "TZ",
    "VIRTUAL_ENV",
];

fn run(server: &Server, report: &mut Report) {
    // Other handlers, CGI among them, do get these variables.
    if server.mounts().next().is_none() || server.beyond.other_scripts {
        return;
    }
    let programs = server.lines("ScriptAlias");
    server.visit(&mut |_, section, settings| {
        // A section without any application is for others, CGI among them.
        let reaches = |section: &Section| {
            !is_of_programs(section, &programs)
                && server
                    .mounts()
                    .any(|mount| section.matches(&mount.url_path.value, &mount.script.value) != Some(false))
        };
        if settings.set_env.is_empty() || section.is_some_and(|section| !reaches(section)) {
            return;
        }
        for variable in &settings.set_env {
            let (name, value) = &variable.value;
            if OF_THE_PROCESS.contains(&name.as_str()) || name.starts_with("PYTHON") {
                let found = ENVIRONMENT_SET_PER_REQUEST.at(variable.span, "not in `os.environ`");
                report.push(found.help(advice(name, value)));
            }
        }
    });
}

/// Whether a section is for the URLs of CGI programs, which come before those of an application around them.
fn is_of_programs(section: &Section, programs: &[&Line]) -> bool {
    let Matcher::Plain(Match::Location(path)) = &section.matcher else { return false };
    let below = |program: &&Line| starts_with_path(path, without_trailing_slash(program.word(0)));
    programs.iter().any(below)
}

/// What sets it for the process.
fn advice(name: &str, value: &str) -> String {
    match name {
        "PYTHONPATH" => format!("write `python-path={value}` in the WSGIDaemonProcess"),
        "PYTHONHOME" | "VIRTUAL_ENV" => format!("write `python-home={value}` in the WSGIDaemonProcess"),
        "LANG" => format!("write `lang={value}` in the WSGIDaemonProcess"),
        "LC_ALL" | "LC_CTYPE" => format!("write `locale={value}` in the WSGIDaemonProcess"),
        _ => format!("write `os.environ[\"{name}\"] = \"{value}\"` at the top of the script"),
    }
}
