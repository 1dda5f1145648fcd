//! From a path to what answers it: an alias, a mount or a file, with the settings that hold there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use hyper::StatusCode;

use super::guard::{self, Guard};
use super::names::Names;
use super::script::{At, Chosen, Refusal, Script, handler_of};
use super::sections::{Locations, Sections};
use super::static_files::INDEX;
use crate::decision::path::{covered, file_name, matched, matched_alias, path_info_start, taken_by_mount};
use crate::decision::pattern::Pattern;
use crate::plan::sections::{Settings, is_wsgi};
use crate::plan::{Alias, Host, Mount, Place, Plan};
use crate::runtime::exchange::Dispatched;
use crate::runtime::short_hash::ShortHash;

/// Where the requests of one host go.
#[derive(Debug)]
pub(super) struct Routes {
    plan: Arc<Plan>,
    host: usize,
    sections: Sections,
    /// The expressions of those aliases that have one.
    patterns: Vec<Option<Pattern>>,
    /// How each mount of the host finds its scripts.
    ways: Vec<Way>,
    names: Names,
    /// Whether anything sets handlers.
    handles: bool,
    /// Whether anybody is asked before files are sent.
    guarded: bool,
    /// Who is asked, by the sections that match and the local port.
    guards: RwLock<Guards>,
    /// What dispatch scripts made of the prepared ones.
    dispatched: RwLock<HashMap<(usize, Dispatched), Arc<Script>>>,
    /// Every script of the plan: never sent as a file.
    scripts: Arc<HashSet<PathBuf>>,
    /// Names in it are those of files, or among the few that clients may bring: it is no longer than the site is large.
    prepared: RwLock<HashMap<Key, Arc<Script>, ShortHash>>,
}

type Guards = HashMap<(Locations, u16), Option<Arc<Guard>>>;

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
    by: By,
    port: u16,
    /// The sections by location that match; of a handler all sections.
    locations: Locations,
    /// Script and what stands in `%{RESOURCE}`, unless the mount has only one.
    within: Option<(Vec<u8>, Vec<u8>)>,
    /// The host name, where a group is called after it.
    host: Option<String>,
}

/// What leads to a script.
#[derive(Debug, PartialEq, Eq, Hash)]
enum By {
    /// A mount of the host.
    Mount(usize),
    /// A handler.
    Handler(String),
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    /// The local port.
    pub(super) port: u16,
    /// The `Host` field.
    pub(super) authority: Option<&'a str>,
}

/// What another request of the same script need not have.
#[derive(Debug)]
pub(super) struct Own<'a> {
    /// `SCRIPT_FILENAME`.
    pub(super) file: Vec<u8>,
    /// `SCRIPT_NAME`.
    pub(super) script_name: &'a [u8],
    /// By which the file was found.
    pub(super) alias: Option<&'a Alias>,
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
        /// What is this request's own.
        own: Option<Own<'a>>,
    },
    /// A file.
    File {
        /// Its name.
        file: PathBuf,
        /// What holds there.
        settings: Box<Settings>,
        /// Who is asked before it is sent.
        guard: Option<Arc<Guard>>,
    },
    /// Nothing is there that anybody may have. Who may not see what would be there is not told so much.
    Nothing {
        /// Its name; empty where none is known.
        file: PathBuf,
        /// What holds there.
        settings: Box<Settings>,
        /// Who is asked first.
        guard: Option<Arc<Guard>>,
        /// What is said of it, where that is more than 404.
        refusal: Option<Refusal>,
    },
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
        let sections = Sections::new(this)?;
        Ok(Self {
            plan: Arc::clone(plan),
            host,
            guarded: sections.any(guard::is_needed),
            guards: RwLock::default(),
            sections,
            patterns: this
                .aliases
                .iter()
                .map(|alias| alias.regex.then(|| pattern(&alias.url_path, &alias.place)).transpose())
                .collect::<io::Result<_>>()?,
            ways: this.mounts.iter().map(Way::of).collect::<io::Result<_>>()?,
            names: Names::new(plan, this),
            handles: std::iter::once(&this.settings)
                .chain(this.sections.iter().map(|section| &section.settings))
                .any(Settings::gives_handlers),
            dispatched: RwLock::default(),
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
    pub(super) fn find<'a>(&'a self, path: &'a [u8], asker: Asker<'_>) -> Route<'a> {
        let host = self.host();
        for (alias, pattern) in host.aliases.iter().zip(&self.patterns) {
            if let Some(regex) = pattern {
                if let Some(name) = matched_alias(regex, &alias.target, path) {
                    return self.file(name, None, path, asker);
                }
            } else if let Some(length) = covered(&alias.url_path, path) {
                return self.file([alias.target.as_bytes(), &path[length..]].concat(), Some(alias), path, asker);
            }
        }
        for (index, (mount, way)) in host.mounts.iter().zip(&self.ways).enumerate() {
            if let Way::Pattern(regex) = way {
                if let Some(file) = matched(regex, &mount.target, path).map(file_name) {
                    return self.by_pattern(index, &file, path, asker).unwrap_or_else(Route::Refused);
                }
            } else if let Some(length) = covered(&mount.url_path, path) {
                return self.script(index, mount, length, path, asker).unwrap_or_else(Route::Refused);
            }
        }
        match &host.document_root {
            Some(root) => self.file([root.as_os_str().as_bytes(), path].concat(), None, path, asker),
            None => self.nothing(b"", path, asker, None),
        }
    }

    fn file<'a>(&self, name: Vec<u8>, alias: Option<&'a Alias>, path: &'a [u8], asker: Asker<'_>) -> Route<'a> {
        if name.first() != Some(&b'/') {
            // What a pattern makes of a path may be no name of a file.
            return self.nothing(&name, path, asker, None);
        }
        let name = file_name(name);
        let file = PathBuf::from(OsStr::from_bytes(&name));
        let hidden = file.file_name().is_some_and(|name| name.as_bytes().starts_with(b".ht"));
        if self.handles
            && !hidden
            && let Some(handled) = self.handled(&name, alias, path, asker)
        {
            return handled.unwrap_or_else(Route::Refused);
        }
        if hidden || self.scripts.contains(&file) {
            return self.nothing(&name, path, asker, None);
        }
        let (settings, guard) = self.of_file(&name, path, asker);
        Route::File { file, settings: Box::new(settings), guard }
    }

    /// What is not there, and what holds where it would be.
    fn nothing<'a>(&self, name: &[u8], path: &[u8], asker: Asker<'_>, refusal: Option<Refusal>) -> Route<'a> {
        let (settings, guard) = self.of_file(name, path, asker);
        let file = PathBuf::from(OsStr::from_bytes(name));
        Route::Nothing { file, settings: Box::new(settings), guard, refusal }
    }

    /// What holds for the file that a folder answers with, if the path asks for a folder that has one.
    pub(super) fn index(&self, file: &Path, path: &[u8], asker: Asker<'_>) -> Option<(Settings, Option<Arc<Guard>>)> {
        let index = file.join(INDEX);
        (path.ends_with(b"/") && index.is_file())
            .then(|| self.of_file(index.as_os_str().as_bytes(), &[path, INDEX.as_bytes()].concat(), asker))
    }

    /// What holds for a file, and who is asked before it is sent.
    fn of_file(&self, name: &[u8], path: &[u8], asker: Asker<'_>) -> (Settings, Option<Arc<Guard>>) {
        if !self.guarded {
            return (self.sections.settings(name, path), None);
        }
        let matching = self.sections.matching(name, path);
        let settings = self.sections.settings_of(&matching);
        let key = (matching, asker.port);
        if let Some(known) = self.guards.read().expect("no panic while it is held").get(&key) {
            return (settings, known.clone());
        }
        let guard = Guard::of(&self.plan, self.host, &settings, asker.port);
        let mut guards = self.guards.write().expect("no panic while it is held");
        let guard = guards.entry(key).or_insert(guard).clone();
        (settings, guard)
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
        let key = |within| Key {
            by: By::Mount(index),
            port: asker.port,
            locations: self.sections.locations(path),
            within,
            host,
        };
        let length = taken_by_mount(&mount.url_path, length);
        let rest = &path[length..];
        let within_file = matches!(self.ways[index], Way::Script) && matches!(rest.first(), None | Some(b'/'));
        if within_file {
            let script = self.prepare(key(None), |key| {
                let name = &path[..length];
                self.make(key, At { resource: name, script_name: Some(name), ..key.at(mount.target.as_bytes()) }, path)
            });
            return self.unless_diverted(script, Cow::Borrowed(rest), None, path, asker);
        }
        let Some((file, used)) = script_within(mount.target.as_bytes(), rest) else {
            return Ok(self.folder_of_scripts(&mount.target, rest, path, asker));
        };
        let name = &path[..length + used];
        let script = self.prepare(key(Some((file.clone(), name.to_vec()))), |key| {
            self.make(key, At { resource: name, script_name: Some(name), ..key.at(&file) }, path)
        });
        self.unless_diverted(script, Cow::Borrowed(&rest[used..]), None, path, asker)
    }

    /// What a mount leads to where that is no script: a folder gets its slash first (`DirectorySlash`), and is nothing to run.
    fn folder_of_scripts<'a>(&self, target: &str, rest: &[u8], path: &[u8], asker: Asker<'_>) -> Route<'a> {
        let name = file_name([target.as_bytes(), rest].concat());
        let file = PathBuf::from(OsStr::from_bytes(&name));
        if !file.is_dir() {
            return self.nothing(&name, path, asker, Some(no_script(&name)));
        }
        if path.ends_with(b"/") {
            let message = format!("WSGI0136: the script {} is a directory", file.display());
            let refusal = Refusal { status: StatusCode::FORBIDDEN, message };
            return self.nothing(&name, path, asker, Some(refusal));
        }
        let (settings, guard) = self.of_file(&name, path, asker);
        Route::File { file, settings: Box::new(settings), guard }
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
        let Some((script, used)) = script_within(b"", file) else {
            return Ok(self.nothing(file, path, asker, Some(no_script(file))));
        };
        let path_info = file[used..].to_vec();
        let script_name = &path[..path_info_start(path, &path_info)];
        let resource = self.names.resource(script_name);
        let locations = self.sections.locations(path);
        let within = Some((script, resource));
        let key = Key { by: By::Mount(index), port: asker.port, locations, within, host };
        let script = self.prepare(key, |key| {
            let (file, resource) = key.within.as_ref().map_or_else(Default::default, |(file, name)| (&**file, &**name));
            self.make(key, At { resource, ..key.at(file) }, path)
        });
        let own = Some(Own { file: script.target.script.clone(), script_name, alias: None });
        self.unless_diverted(script, Cow::Owned(path_info), own, path, asker)
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
        let chosen = match key.by {
            By::Mount(index) => Chosen::by_mount(&self.host().mounts[index]),
            By::Handler(_) => Chosen::default(),
        };
        Script::new(&self.plan, self.host, settings, chosen, at)
    }

    /// A mounted script, unless a handler that is not mod_wsgi's is set for its file.
    fn unless_diverted<'a>(
        &self,
        script: Arc<Script>,
        path_info: Cow<'a, [u8]>,
        own: Option<Own<'a>>,
        path: &'a [u8],
        asker: Asker<'_>,
    ) -> Result<Route<'a>, Refusal> {
        if !script.diverted {
            return Ok(Route::Script { script, path_info, own });
        }
        let name = [&script.target.script, &*path_info].concat();
        // The source of a script is sent to nobody.
        self.handled(&name, None, path, asker).unwrap_or_else(|| Ok(self.nothing(&name, path, asker, None)))
    }

    /// What answers for a file by its handler; `None` where it is sent as it is.
    fn handled<'a>(
        &self,
        name: &[u8],
        alias: Option<&'a Alias>,
        path: &'a [u8],
        asker: Asker<'_>,
    ) -> Option<Result<Route<'a>, Refusal>> {
        let found = Found::walk(name);
        let file = &name[..found.end];
        let locations = self.sections.matching(file, path);
        let settings = self.sections.settings_of(&locations);
        let handler = handler_of(&settings, file, found.kind == Kind::Folder)?.to_owned();
        let own = settings.handler_scripts.iter().find(|own| own.name == handler).cloned();
        // A folder's name gets its slash first (`DirectorySlash`).
        let redirects = found.kind == Kind::Folder && !path.ends_with(b"/");
        if redirects || own.is_none() && !is_wsgi(&handler) {
            return None;
        }
        let path_info = name[found.end..].to_vec();
        let script_name = &path[..path_info_start(path, &path_info)];
        let host = match self.names.host(&self.plan, self.host(), asker.authority) {
            Ok(host) => host,
            Err(refusal) => return Some(Err(refusal)),
        };
        let loaded = own.as_ref().map_or_else(|| file.to_vec(), |own| own.script.as_os_str().as_bytes().to_vec());
        let within = Some((loaded, self.names.resource(script_name)));
        let key = Key { by: By::Handler(handler), port: asker.port, locations, within, host };
        let script = self.prepare(key, |key| {
            let (loaded, resource) =
                key.within.as_ref().map_or_else(Default::default, |(file, name)| (&**file, &**name));
            let By::Handler(handler) = &key.by else { return self.make(key, key.at(loaded), path) };
            let at = At { resource, ..key.at(loaded) };
            match &own {
                Some(own) => {
                    let script = own.script.to_string_lossy();
                    let at = At { handler: Some((handler, &script)), ..at };
                    Script::new(&self.plan, self.host, settings, Chosen::by_handler(own), at)
                }
                None => {
                    by_wsgi_handler(Script::new(&self.plan, self.host, settings, Chosen::default(), at), found.kind)
                }
            }
        });
        Some(Ok(Route::Script {
            script,
            path_info: Cow::Owned(path_info),
            own: Some(Own { file: file.to_vec(), script_name, alias }),
        }))
    }

    /// A script as a dispatch script wants it.
    pub(super) fn dispatched(&self, script: &Arc<Script>, said: Dispatched) -> Result<Arc<Script>, Refusal> {
        if said == Dispatched::default() {
            return Ok(Arc::clone(script));
        }
        // A prepared script stays where it is.
        let key = (Arc::as_ptr(script) as usize, said);
        if let Some(known) = self.dispatched.read().expect("no panic while it is held").get(&key) {
            return Ok(Arc::clone(known));
        }
        let Some(made) = script.dispatched(&self.plan, self.host, &key.1) else { return Ok(Arc::clone(script)) };
        let mut dispatched = self.dispatched.write().expect("no panic while it is held");
        if dispatched.len() >= MOST_DISPATCHED {
            let message =
                "the dispatch script has named too many groups: it seems to take names from clients".to_owned();
            return Err(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, message });
        }
        Ok(Arc::clone(dispatched.entry(key).or_insert(Arc::new(made))))
    }
}

/// So many different answers of dispatch scripts are carried out, in each host.
const MOST_DISPATCHED: usize = 1000;

/// mod_wsgi's checks of a script that no alias leads to.
fn by_wsgi_handler(script: Script, kind: Kind) -> Script {
    let file = String::from_utf8_lossy(&script.target.script).into_owned();
    match kind {
        _ if script.settings.options.exec_cgi != Some(true) => {
            script.refused(403, format!("WSGI0134: {file}: Options ExecCGI is off in this directory"))
        }
        Kind::Nothing => {
            let Refusal { status, message } = no_script(file.as_bytes());
            script.refused(status.as_u16(), message)
        }
        Kind::Folder => script.refused(403, format!("WSGI0136: the script {file} is a directory")),
        Kind::File => script,
    }
}

fn no_script(file: &[u8]) -> Refusal {
    let message = format!("WSGI0135: there is no script {}", String::from_utf8_lossy(file));
    Refusal { status: StatusCode::NOT_FOUND, message }
}

/// How much of a name is there (`ap_directory_walk`).
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Where the name of the file ends, and `PATH_INFO` begins.
    end: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Nothing,
}

impl Found {
    /// The longest leading part that is a file; else, where a folder goes no further, its first entry that is not there.
    fn walk(name: &[u8]) -> Self {
        let kind = |name: &[u8]| match Path::new(OsStr::from_bytes(name)).metadata() {
            Ok(data) if data.is_dir() => Kind::Folder,
            Ok(_) => Kind::File,
            Err(_) => Kind::Nothing,
        };
        let mut behind = name.len();
        loop {
            match (kind(&name[..behind]), behind == name.len()) {
                (Kind::Nothing, _) => {}
                (found, true) => return Self { end: behind, kind: found },
                (Kind::File, false) => return Self { end: behind, kind: Kind::File },
                (Kind::Folder, false) => {
                    let rest = &name[behind + 1..];
                    let entry = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
                    return Self { end: behind + 1 + entry, kind: Kind::Nothing };
                }
            }
            match name[..behind].iter().rposition(|byte| *byte == b'/') {
                Some(slash) if slash > 0 => behind = slash,
                _ => return Self { end: name.len(), kind: Kind::Nothing },
            }
        }
    }
}

impl Way {
    fn of(mount: &Mount) -> io::Result<Self> {
        if mount.regex {
            return pattern(&mount.url_path, &mount.place).map(Self::Pattern);
        }
        Ok(if Path::new(&mount.target).is_dir() { Self::Folder } else { Self::Script })
    }
}

impl Key {
    /// A script with what the key says of it.
    fn at<'a>(&'a self, file: &'a [u8]) -> At<'a> {
        At { file, script_name: None, resource: b"", port: self.port, host: self.host.as_deref(), handler: None }
    }
}

/// The expression of an alias or mount.
fn pattern(regex: &str, place: &Place) -> io::Result<Pattern> {
    Pattern::new(regex).map_err(|error| io::Error::other(format!("{place}: {error}")))
}

/// The script in a folder of scripts, and how much of `rest` names it: the longest leading part that is a file.
fn script_within(target: &[u8], rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut ends: Vec<usize> = rest.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).collect();
    ends.push(rest.len());
    for end in ends.into_iter().filter(|end| *end > 0).rev() {
        let file = file_name([target, &rest[..end]].concat());
        if Path::new(OsStr::from_bytes(&file)).is_file() {
            return Some((file, end));
        }
    }
    None
}
