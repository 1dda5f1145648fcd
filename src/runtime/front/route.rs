//! From a path to what answers it: an alias, a mount or a file, with the settings that hold there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use super::names::Names;
use super::script::{At, Chosen, Refusal, Script};
use super::sections::{Locations, Sections};
use crate::decision::path::{covered, matched, path_info_start, taken_by_mount};
use crate::decision::pattern::Pattern;
use crate::plan::sections::Settings;
use crate::plan::{Host, Mount, Plan};
use crate::runtime::short_hash::ShortHash;

/// Where the requests of one host go.
#[derive(Debug)]
pub(super) struct Routes {
    plan: Arc<Plan>,
    host: usize,
    sections: Sections,
    /// How each mount of the host finds its scripts.
    ways: Vec<Way>,
    names: Names,
    /// Every script of the plan: never sent as a file.
    scripts: Arc<HashSet<PathBuf>>,
    /// Names in it are those of files, or among the few that clients may bring: it is no longer than the site is large.
    prepared: RwLock<HashMap<Key, Arc<Script>, ShortHash>>,
}

/// How a mount finds its scripts.
#[derive(Debug)]
enum Way {
    /// Its target is one.
    Script,
    /// Its target is a folder of them, or becomes a file's name with what follows the prefix.
    Folder,
    /// Its target is made of what the expression matches.
    Pattern(Pattern),
}

/// What two requests have in common that run the same script with the same settings.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    mount: usize,
    port: u16,
    locations: Locations,
    /// Script and what stands in `%{RESOURCE}`, unless the mount has only one.
    within: Option<(Vec<u8>, Vec<u8>)>,
    /// The host name, where a group is called after it.
    host: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    /// The local port.
    pub(super) port: u16,
    /// The `Host` field.
    pub(super) authority: Option<&'a str>,
}

/// What answers.
#[derive(Debug)]
pub(super) enum Route<'a> {
    /// An application.
    Script {
        /// Which, and how it runs.
        script: Arc<Script>,
        /// `PATH_INFO`.
        path_info: Cow<'a, [u8]>,
        /// `SCRIPT_NAME`, if it is this request's own.
        script_name: Option<&'a [u8]>,
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
    /// Something is there, and not to be had.
    Refused(Refusal),
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
            ways: this.mounts.iter().map(Way::of).collect::<io::Result<_>>()?,
            names: Names::new(this),
            scripts: Arc::new(scripts.collect()),
            prepared: RwLock::default(),
        })
    }

    /// The host.
    pub(super) fn host(&self) -> &Host {
        &self.plan.hosts[self.host]
    }

    /// What answers a normalised path. Aliases come before mounts, these before `DocumentRoot`, whatever their order in the
    /// file.
    pub(super) fn find<'a>(&self, path: &'a [u8], asker: Asker<'_>) -> Route<'a> {
        let host = self.host();
        for alias in &host.aliases {
            if let Some(length) = covered(&alias.url_path, path) {
                return self.file(&alias.target, &path[length..], path);
            }
        }
        for (index, (mount, way)) in host.mounts.iter().zip(&self.ways).enumerate() {
            if let Way::Pattern(regex) = way {
                if let Some(file) = matched(regex, &mount.target, path) {
                    return self.by_pattern(index, &file, path, asker).unwrap_or_else(Route::Refused);
                }
            } else if let Some(length) = covered(&mount.url_path, path) {
                return self.script(index, mount, length, path, asker).unwrap_or_else(Route::Refused);
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

    fn script<'a>(
        &self,
        index: usize,
        mount: &Mount,
        length: usize,
        path: &'a [u8],
        asker: Asker<'_>,
    ) -> Result<Route<'a>, Refusal> {
        let host = self.names.host(&self.plan, self.host(), asker.authority)?;
        let key =
            |within| Key { mount: index, port: asker.port, locations: self.sections.locations(path), within, host };
        let length = taken_by_mount(&mount.url_path, length);
        let rest = &path[length..];
        let within_file = matches!(self.ways[index], Way::Script) && matches!(rest.first(), None | Some(b'/'));
        if within_file {
            let script = self.prepare(key(None), |key| {
                let name = &path[..length];
                self.make(key, At { resource: name, script_name: Some(name), ..key.at(mount.target.as_bytes()) }, path)
            });
            return Ok(Route::Script { script, path_info: Cow::Borrowed(rest), script_name: None });
        }
        let Some((file, used)) = script_within(mount.target.as_bytes(), rest) else { return Ok(Route::Nothing) };
        let name = &path[..length + used];
        let script = self.prepare(key(Some((file.clone(), name.to_vec()))), |key| {
            self.make(key, At { resource: name, script_name: Some(name), ..key.at(&file) }, path)
        });
        Ok(Route::Script { script, path_info: Cow::Borrowed(&rest[used..]), script_name: None })
    }

    /// The script of a `WSGIScriptAliasMatch`: clients choose what its `SCRIPT_NAME` is.
    fn by_pattern<'a>(
        &self,
        index: usize,
        file: &[u8],
        path: &'a [u8],
        asker: Asker<'_>,
    ) -> Result<Route<'a>, Refusal> {
        let host = self.names.host(&self.plan, self.host(), asker.authority)?;
        let Some((script, used)) = script_within(b"", file) else { return Ok(Route::Nothing) };
        let path_info = file[used..].to_vec();
        let script_name = &path[..path_info_start(path, &path_info)];
        let resource = self.names.resource(script_name);
        let locations = self.sections.locations(path);
        let within = Some((script, resource));
        let key = Key { mount: index, port: asker.port, locations, within, host };
        let script = self.prepare(key, |key| {
            let (file, resource) = key.within.as_ref().map_or_else(Default::default, |(file, name)| (&**file, &**name));
            self.make(key, At { resource, ..key.at(file) }, path)
        });
        Ok(Route::Script { script, path_info: Cow::Owned(path_info), script_name: Some(script_name) })
    }

    fn prepare(&self, key: Key, make: impl FnOnce(&Key) -> Script) -> Arc<Script> {
        if let Some(known) = self.prepared.read().expect("no panic while it is held").get(&key) {
            return Arc::clone(known);
        }
        let script = Arc::new(make(&key));
        let mut prepared = self.prepared.write().expect("no panic while it is held");
        Arc::clone(prepared.entry(key).or_insert(script))
    }

    fn make(&self, key: &Key, at: At<'_>, path: &[u8]) -> Script {
        let settings = self.sections.settings(at.file, path);
        Script::new(&self.plan, self.host, settings, Chosen::by_mount(&self.host().mounts[key.mount]), at)
    }
}

impl Way {
    fn of(mount: &Mount) -> io::Result<Self> {
        if mount.regex {
            let regex = Pattern::new(&mount.url_path);
            return regex.map(Self::Pattern).map_err(|error| io::Error::other(format!("{}: {error}", mount.place)));
        }
        Ok(if Path::new(&mount.target).is_dir() { Self::Folder } else { Self::Script })
    }
}

impl Key {
    /// A script with what the key says of it.
    fn at<'a>(&'a self, file: &'a [u8]) -> At<'a> {
        At { file, script_name: None, resource: b"", port: self.port, host: self.host.as_deref() }
    }
}

/// The script in a folder of scripts, and how much of `rest` names it: the longest leading part that is a file.
fn script_within(target: &[u8], rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut ends: Vec<usize> = rest.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).collect();
    ends.push(rest.len());
    for end in ends.into_iter().filter(|end| *end > 0).rev() {
        let mut file = target.to_vec();
        file.extend_from_slice(&rest[..end]);
        if Path::new(OsStr::from_bytes(&file)).is_file() {
            return Some((file, end));
        }
    }
    None
}
