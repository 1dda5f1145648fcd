//! Sections in the order in which they are merged for a request (Apache, Configuration Sections, "How the sections are
//! merged"): `Directory` by length, `Directory ~` by slashes, `Files`, `Location`.

use super::Resolver;
use super::hosts::application_group;
use crate::compiler::model::{self, Matcher};
use crate::plan::sections::{Match, Section, Settings};
use crate::plan::{Host, ProcessGroupName};

/// The four steps of merging.
#[derive(Default)]
struct Steps<'a> {
    directories: Vec<&'a model::Section>,
    directory_regexes: Vec<&'a model::Section>,
    files: Vec<&'a model::Section>,
    locations: Vec<&'a model::Section>,
}

impl Resolver<'_> {
    pub(super) fn sections(&self, main: &[model::Section], host: &[model::Section]) -> Vec<Section> {
        let mut steps = Steps::default();
        for section in main.iter().chain(host) {
            steps.sort(section);
        }
        // Both sorts keep the order of equals: the main server's before the host's, then as in the file.
        steps.directories.sort_by_key(|section| segments(section));
        steps.directory_regexes.sort_by_key(|section| segments(section));
        let folders = steps.directories.iter().chain(&steps.directory_regexes).copied();
        let mut merged: Vec<Section> = folders.clone().filter_map(|section| self.section(&[], section)).collect();
        merged.extend(steps.files.iter().flat_map(|section| self.with_nested(&[], section)));
        for folder in folders {
            let around: Vec<Match> = plain(folder).into_iter().collect();
            for nested in &folder.nested {
                merged.extend(self.with_nested(&around, nested));
            }
        }
        merged.extend(steps.locations.iter().filter_map(|section| self.section(&[], section)));
        merged
    }

    /// `<Files>`, and the `<Files>` in it.
    fn with_nested(&self, around: &[Match], section: &model::Section) -> Vec<Section> {
        let Some(here) = self.section(around, section) else { return Vec::new() };
        let matches = here.matches.clone();
        let mut all = vec![here];
        all.extend(section.nested.iter().flat_map(|nested| self.with_nested(&matches, nested)));
        all
    }

    fn section(&self, around: &[Match], section: &model::Section) -> Option<Section> {
        let own = plain(section)?;
        Some(Section {
            matches: around.iter().cloned().chain([own]).collect(),
            settings: self.settings(&section.settings),
            place: self.place(section.span),
        })
    }

    pub(super) fn settings(&self, written: &model::Settings) -> Settings {
        let flag = |state: &Option<crate::compiler::source::Spanned<bool>>| state.as_ref().map(|state| state.value);
        let list = |all: &Vec<_>| (!all.is_empty()).then(|| all.clone());
        Settings {
            process_group: written.process_group.as_ref().map(|name| self.process_group_name(name)),
            application_group: written.application_group.as_ref().map(application_group),
            callable_object: written.callable_object.as_ref().map(|name| name.value.clone()),
            pass_authorization: flag(&written.pass_authorization),
            script_reloading: flag(&written.script_reloading),
            chunked_request: flag(&written.chunked_request),
            limit_request_body: written.limit_request_body.as_ref().map(|limit| limit.value),
            require: (!written.require.is_empty())
                .then(|| written.require.iter().map(|require| require.value.clone()).collect()),
            order: written.order.as_ref().map(|order| order.value),
            allow: list(&written.allow.iter().map(|peer| peer.value.clone()).collect()),
            deny: list(&written.deny.iter().map(|peer| peer.value.clone()).collect()),
            options: written.options,
            set_env: written.set_env.iter().map(|variable| variable.value.clone()).collect(),
        }
    }
}

impl<'a> Steps<'a> {
    fn sort(&mut self, section: &'a model::Section) {
        match plain(section) {
            Some(Match::Directory(_) | Match::DirectoryPattern(_)) => self.directories.push(section),
            Some(Match::DirectoryRegex(_)) => self.directory_regexes.push(section),
            Some(Match::Files(_) | Match::FilesRegex(_)) => self.files.push(section),
            Some(Match::Location(_) | Match::LocationPattern(_) | Match::LocationRegex(_)) => {
                self.locations.push(section)
            }
            None => {}
        }
    }
}

fn plain(section: &model::Section) -> Option<Match> {
    match &section.matcher {
        Matcher::Plain(plain) => Some(plain.clone()),
        Matcher::Unknown => None,
    }
}

/// How many segments a folder has; of a regular expression, how many slashes.
fn segments(section: &model::Section) -> usize {
    match plain(section) {
        Some(Match::Directory(path) | Match::DirectoryPattern(path)) => {
            path.split('/').filter(|segment| !segment.is_empty()).count()
        }
        Some(Match::DirectoryRegex(regex)) => regex.matches('/').count(),
        _ => 0,
    }
}

/// Whether a request to a host may reach an application that no process group runs.
pub(super) fn may_run_embedded(host: &Host) -> bool {
    let embedded = Some(ProcessGroupName::Embedded);
    let by_section = host.sections.iter().any(|section| section.settings.process_group == embedded);
    host.mounts.iter().any(|mount| match &mount.process_group {
        Some(name) => *name == ProcessGroupName::Embedded,
        None => by_section || !always_daemon(host, mount),
    })
}

/// Whether the host, or a section that certainly matches every request to a mount, names a process group.
fn always_daemon(host: &Host, mount: &crate::plan::Mount) -> bool {
    let daemon = |settings: &Settings| matches!(settings.process_group, Some(ProcessGroupName::Daemon(_)));
    let matches = |one: &Match| match one {
        Match::Directory(path) => model::path_is_within(&mount.target, path),
        Match::Files(name) => !mount.target.ends_with('/') && mount.target.rsplit('/').next() == Some(name.as_str()),
        Match::Location(prefix) => model::starts_with_path(&mount.url_path, prefix),
        _ => false,
    };
    daemon(&host.settings)
        || host.sections.iter().any(|section| daemon(&section.settings) && section.matches.iter().all(matches))
}
