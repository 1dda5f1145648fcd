//! From a path to what answers it: an alias, a mount or a file, with the settings that hold there.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use super::environ;
use super::sections::{Locations, Sections};
use crate::decision::group::application_group;
use crate::decision::path::{covered, taken_by_mount};
use crate::plan::sections::Settings;
use crate::plan::{ApplicationGroup, Host, Mount, Plan, ProcessGroupName};
use crate::runtime::exchange::Target;
use crate::runtime::short_hash::ShortHash;

/// Where the requests of one host go.
#[derive(Debug)]
pub(super) struct Routes {
    plan: Arc<Plan>,
    host: usize,
    sections: Sections,
    /// For each mount of the host, whether its target is a folder of scripts.
    folders: Vec<bool>,
    /// Every script of the plan: never sent as a file.
    scripts: Arc<HashSet<PathBuf>>,
    /// Names in it are those of files, so it is no longer than the site is large.
    prepared: RwLock<HashMap<Key, Arc<Script>, ShortHash>>,
}

/// What two requests have in common that run the same script with the same settings.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    mount: usize,
    port: u16,
    locations: Locations,
    /// Script and `SCRIPT_NAME`, where the mount is a folder.
    within: Option<(Vec<u8>, Vec<u8>)>,
}

/// What answers.
#[derive(Debug)]
pub(super) enum Route<'a> {
    /// An application.
    Script {
        /// Which, and how it runs.
        script: Arc<Script>,
        /// `PATH_INFO`.
        path_info: &'a [u8],
    },
    /// A file.
    File {
        /// Its name.
        file: PathBuf,
        /// What holds there.
        settings: Box<Settings>,
    },
    /// Nothing is there.
    Nothing,
}

/// A WSGI script as it is reached from one mount, with all that is known before a request.
#[derive(Debug)]
pub(super) struct Script {
    /// What the application side gets.
    pub(super) target: Arc<Target>,
    /// Where it runs.
    pub(super) process_group: ProcessGroupName,
    /// What holds there.
    pub(super) settings: Settings,
    /// `WSGIPassAuthorization`, of the mount or the settings.
    pub(super) pass_authorization: bool,
}

impl Routes {
    /// Prepares the routes of a host.
    ///
    /// # Errors
    /// A section's pattern that cannot be used.
    pub(super) fn new(plan: &Arc<Plan>, host: usize) -> io::Result<Self> {
        let scripts = plan.hosts.iter().flat_map(|host| &host.mounts).map(|mount| PathBuf::from(&mount.target));
        let this = &plan.hosts[host];
        Ok(Self {
            plan: Arc::clone(plan),
            host,
            sections: Sections::new(this)?,
            folders: this.mounts.iter().map(|mount| Path::new(&mount.target).is_dir()).collect(),
            scripts: Arc::new(scripts.collect()),
            prepared: RwLock::default(),
        })
    }

    /// The host.
    pub(super) fn host(&self) -> &Host {
        &self.plan.hosts[self.host]
    }

    /// What answers a normalised path on a local port. Aliases come before mounts, these before `DocumentRoot`, whatever
    /// their order in the file.
    pub(super) fn find<'a>(&self, path: &'a [u8], port: u16) -> Route<'a> {
        let host = self.host();
        for alias in &host.aliases {
            if let Some(length) = covered(&alias.url_path, path) {
                return self.file(&alias.target, &path[length..], path);
            }
        }
        for (index, mount) in host.mounts.iter().enumerate() {
            if let Some(length) = covered(&mount.url_path, path) {
                return self.script(index, mount, length, path, port);
            }
        }
        match &host.document_root {
            Some(root) => self.file(&root.to_string_lossy(), path, path),
            None => Route::Nothing,
        }
    }

    fn file<'a>(&self, target: &str, rest: &[u8], path: &[u8]) -> Route<'a> {
        let mut name = target.as_bytes().to_vec();
        name.extend_from_slice(rest);
        let file = PathBuf::from(OsStr::from_bytes(&name));
        let hidden = file.file_name().is_some_and(|name| name.as_bytes().starts_with(b".ht"));
        if hidden || self.scripts.contains(&file) {
            return Route::Nothing;
        }
        let settings = Box::new(self.sections.settings(&name, path));
        Route::File { file, settings }
    }

    fn script<'a>(&self, index: usize, mount: &Mount, length: usize, path: &'a [u8], port: u16) -> Route<'a> {
        let length = taken_by_mount(&mount.url_path, length);
        let rest = &path[length..];
        let within_file = !self.folders[index] && matches!(rest.first(), None | Some(b'/'));
        if within_file {
            let key = Key { mount: index, port, locations: self.sections.locations(path), within: None };
            let script = self.prepare(key, || (mount.target.as_bytes().to_vec(), path[..length].to_vec()), path);
            return Route::Script { script, path_info: rest };
        }
        let Some((script, used)) = script_within(&mount.target, rest) else { return Route::Nothing };
        let name = path[..length + used].to_vec();
        let within = Some((script.clone(), name.clone()));
        let key = Key { mount: index, port, locations: self.sections.locations(path), within };
        let script = self.prepare(key, || (script, name), path);
        Route::Script { script, path_info: &rest[used..] }
    }

    fn prepare(&self, key: Key, script: impl FnOnce() -> (Vec<u8>, Vec<u8>), path: &[u8]) -> Arc<Script> {
        if let Some(known) = self.prepared.read().expect("no panic while it is held").get(&key) {
            return Arc::clone(known);
        }
        let (file, name) = script();
        let made = Arc::new(self.make(key.mount, key.port, &file, &name, path));
        let mut prepared = self.prepared.write().expect("no panic while it is held");
        Arc::clone(prepared.entry(key).or_insert(made))
    }

    fn make(&self, mount: usize, port: u16, file: &[u8], name: &[u8], path: &[u8]) -> Script {
        let mount = &self.host().mounts[mount];
        let settings = self.sections.settings(file, path);
        let process_group = mount
            .process_group
            .as_ref()
            .or(settings.process_group.as_ref())
            .cloned()
            .unwrap_or(ProcessGroupName::Embedded);
        let (group, threads, multiprocess) = match process_group {
            ProcessGroupName::Embedded => ("", self.plan.embedded.threads, self.plan.embedded.processes > 1),
            ProcessGroupName::Daemon(index) => {
                let group = &self.plan.process_groups[index];
                (group.name.as_str(), group.threads, group.multiprocess)
            }
        };
        let application_group = mount.application_group.as_ref().or(settings.application_group.as_ref());
        let callable_object = mount.callable_object.as_ref().or(settings.callable_object.as_ref());
        let target = Target {
            script: file.to_vec(),
            process_group: group.to_owned(),
            application_group: self.application_group(application_group, port, name),
            callable_object: callable_object.map_or_else(|| "application".to_owned(), Clone::clone),
            script_reloading: settings.script_reloading.unwrap_or(true),
            multithread: threads > 1,
            multiprocess,
            environ: environ::constant(self.host(), &settings, file, name),
        };
        Script {
            target: Arc::new(target),
            process_group,
            pass_authorization: mount.pass_authorization.or(settings.pass_authorization).unwrap_or(false),
            settings,
        }
    }

    /// The name of an interpreter. Its port is that of `ServerName` or of the listener, never the client's: a client must
    /// not be able to make interpreters.
    fn application_group(&self, group: Option<&ApplicationGroup>, port: u16, script_name: &[u8]) -> String {
        let host = self.host();
        let name = host.server_name.as_deref().unwrap_or_default();
        application_group(group, name, host.server_port.unwrap_or(port), &String::from_utf8_lossy(script_name))
    }
}

/// The script in a folder of scripts, and how much of `rest` names it: the longest leading part that is a file.
fn script_within(target: &str, rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut ends: Vec<usize> = rest.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).collect();
    ends.push(rest.len());
    for end in ends.into_iter().filter(|end| *end > 0).rev() {
        let mut file = target.as_bytes().to_vec();
        file.extend_from_slice(&rest[..end]);
        if Path::new(OsStr::from_bytes(&file)).is_file() {
            return Some((file, end));
        }
    }
    None
}
