//! `%{GLOBAL}`, `%{SERVER}`, `%{HOST}`, `%{RESOURCE}` and `%{ENV:…}` are all there is.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, nearest, only_near};
use crate::compiler::model::{ApplicationGroupName, GroupName, Mount, Server, Settings};
use crate::compiler::source::Span;
use crate::plan::ApplicationGroup;

pub(super) const CHECK: Check = Check { code: &UNKNOWN_TOKEN, run };

static UNKNOWN_TOKEN: Code = Code::error(
    "unknown-token",
    "a name in `%{…}` is none that mod_wsgi knows, and is taken as it stands",
    include_str!("unknown_token.md"),
);

const TOKENS: [&str; 5] = ["%{GLOBAL}", "%{SERVER}", "%{HOST}", "%{RESOURCE}", ENVIRONMENT];

const ENVIRONMENT: &str = "%{ENV:NAME}";

fn run(server: &Server, report: &mut Report) {
    let mut names: Vec<(Span, &str)> = Vec::new();
    for host in &server.hosts {
        names.extend(of_settings(&host.settings));
        names.extend(host.mounts.iter().flat_map(of_mount));
        for section in &host.sections {
            section.visit(&mut |section| names.extend(of_settings(&section.settings)));
        }
    }
    for (span, name) in
        names.into_iter().filter(|(_, name)| (name.starts_with("%{") || name.ends_with('}')) && !name.contains("${"))
    {
        let near = nearest(name, TOKENS).map(|near| format!("did you mean `{near}`?"));
        let found = UNKNOWN_TOKEN.at(span, "taken for the name itself").maybe_help(near);
        report.push(match only_near(name, TOKENS).filter(|token| *token != ENVIRONMENT) {
            Some(meant) => found.respelt(name, meant),
            None => found,
        });
    }
}

fn of_settings(settings: &Settings) -> impl Iterator<Item = (Span, &str)> {
    let application = settings.application_group.as_ref().and_then(|name| Some((name.span, application(&name.value)?)));
    let process = settings.process_group.as_ref().and_then(|name| Some((name.span, process(&name.value)?)));
    application.into_iter().chain(process)
}

fn of_mount(mount: &Mount) -> impl Iterator<Item = (Span, &str)> {
    let application = mount.application_group.as_ref().and_then(|name| Some((name.span, application(&name.value)?)));
    let process = mount.process_group.as_ref().and_then(|name| Some((name.span, process(&name.value)?)));
    application.into_iter().chain(process)
}

fn application(name: &ApplicationGroupName) -> Option<&str> {
    match name {
        ApplicationGroupName::Plain(ApplicationGroup::Named(name)) => Some(name),
        _ => None,
    }
}

fn process(name: &GroupName) -> Option<&str> {
    match name {
        GroupName::Named(name) => Some(name),
        _ => None,
    }
}
