//! In which process group an application runs, where the configuration alone tells it.

use super::effect::MOST_COMPARISONS;
use crate::compiler::model::{GroupName, Host, Matcher, Mount, ProcessGroup, Server};
use crate::compiler::source::Spanned;

/// An application of a host, and where it runs.
pub(super) struct Application<'a> {
    /// The host that requests come to.
    pub(super) host: &'a Host,
    /// The application.
    pub(super) mount: &'a Mount,
    /// Whether the host has it from the main server.
    pub(super) inherited: bool,
    /// What chooses its process group: `Ok(None)` is embedded mode by default, `Err` is for the request to say.
    pub(super) chosen: Result<Option<&'a Spanned<GroupName>>, ()>,
}

impl<'a> Application<'a> {
    /// Its process group, if it is certain and defined.
    pub(super) fn process_group(&self, server: &'a Server) -> Option<&'a ProcessGroup> {
        match &self.chosen.ok()??.value {
            GroupName::Named(name) => server.process_group(name),
            GroupName::Embedded | GroupName::Token(_) => None,
        }
    }

    /// Whether it certainly runs in embedded mode.
    pub(super) fn is_embedded(&self) -> bool {
        matches!(self.chosen, Ok(None)) || matches!(self.chosen, Ok(Some(name)) if name.value == GroupName::Embedded)
    }

    /// Whether it certainly runs in a process group.
    pub(super) fn is_in_daemon(&self) -> bool {
        matches!(self.chosen, Ok(Some(name)) if matches!(name.value, GroupName::Named(_)))
    }
}

/// Every application of every host. None where a script of the deployment decides, or where nobody could read so much.
pub(super) fn applications(server: &Server) -> Vec<Application<'_>> {
    let mut found = Vec::new();
    let beyond = &server.beyond;
    let decided_elsewhere = beyond.macros || beyond.failed.contains("WSGIScriptAlias");
    if decided_elsewhere || !server.lines("WSGIDispatchScript").is_empty() {
        return found;
    }
    let inherited = server.main().mounts.len();
    if inherited.saturating_mul(server.hosts.len()) > MOST_COMPARISONS {
        return found;
    }
    for host in &server.hosts {
        let choice = Choice::of(server, host);
        for (index, mount) in server.mounts_of(host).enumerate() {
            let chosen = match &mount.process_group {
                Some(name) => Ok(Some(name)),
                None => choice.for_mount(mount),
            };
            let chosen = match chosen {
                Ok(Some(Spanned { value: GroupName::Token(_), .. })) => Err(()),
                certain => certain,
            };
            found.push(Application { host, mount, inherited: index >= host.mounts.len(), chosen });
        }
    }
    found
}

/// What chooses process groups in a host.
struct Choice<'a> {
    outside: Option<&'a Spanned<GroupName>>,
    sections: Vec<crate::compiler::model::Merged<'a>>,
    /// A section that only a request can judge chooses a group.
    uncertain: bool,
}

impl<'a> Choice<'a> {
    fn of(server: &'a Server, host: &'a Host) -> Self {
        let main = server.main();
        let outside = host.settings.process_group.as_ref().or(main.settings.process_group.as_ref());
        let (mut any, mut uncertain) = (false, false);
        for section in host.sections.iter().chain(&main.sections) {
            section.visit(&mut |section| {
                let chooses = section.settings.process_group.is_some();
                any |= chooses;
                uncertain |= chooses && section.matcher == Matcher::Unknown;
            });
        }
        let mut sections = if any { server.sections_of(host) } else { Vec::new() };
        sections.retain(|merged| merged.section.settings.process_group.is_some());
        uncertain |= sections.len().saturating_mul(host.mounts.len()) > MOST_COMPARISONS;
        Self { outside, sections, uncertain }
    }

    fn for_mount(&self, mount: &Mount) -> Result<Option<&'a Spanned<GroupName>>, ()> {
        if self.uncertain {
            return Err(());
        }
        let mut chosen = self.outside;
        for merged in &self.sections {
            match merged.matches(&mount.url_path.value, &mount.script.value) {
                Some(true) => chosen = merged.section.settings.process_group.as_ref(),
                Some(false) => {}
                None => return Err(()),
            }
        }
        Ok(chosen)
    }
}
