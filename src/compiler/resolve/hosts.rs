//! A host with everything that it inherits from the main server.

use std::path::PathBuf;

use super::Resolver;
use crate::compiler::model::{Alias, ApplicationGroupName, Host, Mount, normalised};
use crate::compiler::source::Spanned;
use crate::decision::path::merged;
use crate::plan::{self, ApplicationGroup};

impl Resolver<'_> {
    pub(super) fn host(&self, host: &Host) -> plan::Host {
        let main = self.server.main();
        let is_main = std::ptr::eq(host, main);
        let number = |own: &Option<Spanned<u64>>, inherited: &Option<Spanned<u64>>, default| {
            own.as_ref().or(inherited.as_ref()).map_or(default, |value| value.value)
        };
        // A host without a name has the main server's.
        let name = host.server_name.as_ref().or(main.server_name.as_ref()).map(|name| &name.value);
        let mut settings = self.settings(&main.settings);
        if !is_main {
            settings.overlay(&self.settings(&host.settings));
        }
        let inherited = (!is_main).then_some(main);
        plan::Host {
            addresses: host.addresses.iter().map(|address| address.value.clone()).collect(),
            server_name: name.map(|name| name.name.clone()),
            server_port: name.and_then(|name| name.port),
            server_aliases: host.server_aliases.iter().map(|alias| alias.value.clone()).collect(),
            server_admin: host.server_admin.as_ref().or(main.server_admin.as_ref()).map(|admin| admin.value.clone()),
            document_root: host
                .document_root
                .as_ref()
                .or(main.document_root.as_ref())
                .map(|root| PathBuf::from(normalised(&self.join_text(&root.value)).into_owned())),
            error_log: self.error_log(host),
            access_logs: self.access_logs(host),
            timeout: number(&host.timeout, &main.timeout, 60) as u32,
            keep_alive: host.keep_alive.as_ref().or(main.keep_alive.as_ref()).is_none_or(|state| state.value),
            keep_alive_timeout_ms: number(&host.keep_alive_timeout, &main.keep_alive_timeout, 5000),
            max_keep_alive_requests: number(&host.max_keep_alive_requests, &main.max_keep_alive_requests, 100),
            encoded_slashes: host.encoded_slashes.unwrap_or_default(),
            aliases: self.aliases(host).chain(inherited.into_iter().flat_map(|main| self.aliases(main))).collect(),
            mounts: self.mounts(host).chain(inherited.into_iter().flat_map(|main| self.mounts(main))).collect(),
            settings,
            sections: self.sections(host),
            place: self.place(host.span),
        }
    }

    /// The aliases of a host itself: those with a prefix and those with a pattern, in the order of the file.
    fn aliases(&self, host: &Host) -> impl Iterator<Item = plan::Alias> {
        let mut all: Vec<plan::Alias> = host.aliases.iter().map(|alias| self.alias(alias, false)).collect();
        for pattern in host.pattern_aliases.iter().rev() {
            all.insert(pattern.aliases_before, self.alias(&pattern.alias, true));
        }
        all.into_iter()
    }

    fn alias(&self, alias: &Alias, regex: bool) -> plan::Alias {
        plan::Alias {
            url_path: if regex { alias.url_path.value.clone() } else { merged(&alias.url_path.value).into_owned() },
            regex,
            target: self.join_text(&alias.target.value),
            place: self.place(alias.url_path.span),
        }
    }

    /// The mounts of a host itself: those with a prefix and those with a pattern, in the order of the file.
    fn mounts(&self, host: &Host) -> impl Iterator<Item = plan::Mount> {
        let mut all: Vec<plan::Mount> = host.mounts.iter().map(|mount| self.mount(mount, false)).collect();
        for pattern in host.pattern_mounts.iter().rev() {
            all.insert(pattern.mounts_before, self.mount(&pattern.mount, true));
        }
        all.into_iter()
    }

    fn mount(&self, mount: &Mount, regex: bool) -> plan::Mount {
        let url_path = mount.url_path.value.as_str();
        plan::Mount {
            url_path: if regex { url_path.to_owned() } else { merged(url_path).into_owned() },
            regex,
            target: self.join_text(&mount.script.value),
            process_group: mount.process_group.as_ref().map(|name| self.process_group_name(name)),
            application_group: mount.application_group.as_ref().map(application_group),
            callable_object: mount.callable_object.as_ref().map(|name| name.value.clone()),
            pass_authorization: mount.pass_authorization.as_ref().map(|state| state.value),
            place: self.place(mount.url_path.span),
        }
    }
}

pub(super) fn application_group(name: &Spanned<ApplicationGroupName>) -> ApplicationGroup {
    match &name.value {
        ApplicationGroupName::Plain(plain) => plain.clone(),
        ApplicationGroupName::Token(token) => ApplicationGroup::Token(token.clone()),
    }
}
