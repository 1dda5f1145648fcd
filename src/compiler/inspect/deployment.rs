//! A configuration together with the machine that it is for: which process runs which script, as whom, under which Python.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::environment::{Environment, NoHome, Version, environment};
use super::python_source::{self, PythonSource};
use crate::compiler::diagnostic::nearest;
use crate::compiler::expand::LoadedModule;
use crate::compiler::model::{ApplicationGroupName, GroupName, Host, Merged, Mount, ProcessGroup, Server, Settings};
use crate::compiler::source::{Account, FileKind, Look, Machine, Sources, Span, Spanned, Text};
use crate::plan::ApplicationGroup;

/// A script of this size or more is no script.
const LARGEST_SCRIPT: usize = 1 << 20;

/// Folders that machines without the site have too.
const EVERYWHERE: [&str; 14] = [
    "/",
    "/etc",
    "/home",
    "/mnt",
    "/opt",
    "/root",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/local",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/www",
];

/// What inspections look at.
pub struct Deployment<'a> {
    /// The configuration.
    pub(super) server: &'a Server,
    /// The machine.
    pub(super) machine: &'a dyn Machine,
    /// Every text that was read. What an inspection reads and points at is added.
    pub(super) sources: RefCell<&'a mut Sources>,
    /// `LoadModule`.
    pub(super) modules: &'a [LoadedModule],
    /// Every mounted script whose path is known.
    pub(super) applications: Vec<Application<'a>>,
    /// Every Python that the configuration names.
    pub(super) homes: Vec<Home<'a>>,
    /// The version that mod_wsgi is built for.
    pub(super) built_for: Option<(Version, &'a LoadedModule)>,
}

/// Where an application runs.
#[derive(Clone, Copy)]
pub(super) enum Runner<'a> {
    /// In the server's own processes.
    Embedded,
    /// In those of a process group.
    Daemon(&'a ProcessGroup),
}

/// Which interpreter of a process runs an application.
#[derive(Clone, Copy)]
pub(super) enum Interpreter<'a> {
    /// The first one.
    Main,
    /// A further one, with the line that says so.
    Sub(Option<&'a Spanned<ApplicationGroupName>>),
    /// Only the request can tell.
    Unknown,
}

/// Only the request can tell.
struct RequestDecides;

/// One mounted script.
pub(super) struct Application<'a> {
    /// The host that mounts it.
    pub host: &'a Host,
    /// The mount.
    pub mount: &'a Mount,
    /// Where it runs; `None` when only the request can tell.
    pub runner: Option<Runner<'a>>,
    /// In which interpreter it runs.
    pub interpreter: Interpreter<'a>,
    /// The name of the callable object; `None` when only the request can tell.
    pub callable: Option<&'a str>,
    /// As whom it runs, where that is said.
    pub account: Option<Account>,
    script: OnceCell<Option<Script>>,
}

/// A script that was read and parsed.
pub(super) struct Script {
    /// What it says.
    pub python: PythonSource,
    text: String,
    source: OnceCell<Span>,
}

/// A Python that the configuration names.
pub(super) struct Home<'a> {
    /// Its prefix.
    pub path: &'a Spanned<String>,
    /// Whose it is; `None` for `WSGIPythonHome`.
    pub group: Option<&'a ProcessGroup>,
    /// What is there.
    pub environment: Result<Environment, NoHome>,
}

/// One folder of a `python-path`.
pub(super) struct PathEntry<'a> {
    /// The folder.
    pub path: String,
    /// The whole list.
    pub span: Span,
    /// Whose it is.
    pub runner: Runner<'a>,
}

impl Home<'_> {
    /// Whether it is no home, for this reason. What is wrong by its name alone is said by `check`.
    pub(super) fn is(&self, reason: &NoHome) -> bool {
        let path = self.path.value.trim_end_matches('/');
        let by_name = path.ends_with("/bin") || path.contains("/bin/");
        !by_name && self.environment.as_ref().is_err_and(|found| found == reason)
    }
}

impl<'a> Deployment<'a> {
    pub(super) fn new(
        server: &'a Server,
        machine: &'a dyn Machine,
        modules: &'a [LoadedModule],
        sources: &'a mut Sources,
    ) -> Self {
        let mut deployment = Self {
            server,
            machine,
            sources: RefCell::new(sources),
            modules,
            applications: Vec::new(),
            homes: Vec::new(),
            built_for: None,
        };
        deployment.homes = deployment.all_homes();
        deployment.built_for = deployment.version_built_for();
        deployment.applications = deployment.all_applications();
        deployment
    }

    /// The first path of the site, if nothing of the site is on this machine.
    pub(super) fn is_elsewhere(&self) -> Option<&'a Spanned<String>> {
        let scripts = self.applications.iter().map(|application| &application.mount.script);
        let mut paths: Vec<&Spanned<String>> = scripts.collect();
        if paths.is_empty() {
            paths = self.homes.iter().map(|home| home.path).collect();
        }
        if paths.is_empty() {
            paths = self.served().into_iter().map(|(_, target, _)| target).collect();
            paths.retain(|path| path.value.starts_with('/'));
        }
        let is_here = |path: &&Spanned<String>| {
            let path = Path::new(path.value.trim_end_matches('/'));
            let folder = path.parent().and_then(Path::to_str).unwrap_or("/");
            let tells = !EVERYWHERE.contains(&folder) && self.machine.look(Path::new(folder)) != Look::Missing;
            tells || self.machine.look(path) != Look::Missing
        };
        if paths.iter().any(is_here) { None } else { paths.first().copied() }
    }

    /// What stands at a path.
    pub(super) fn look(&self, path: &str) -> Look {
        self.machine.look(Path::new(path))
    }

    /// Whether a path is certainly not there.
    pub(super) fn is_missing(&self, path: &str) -> bool {
        self.look(path) == Look::Missing
    }

    /// A path as Apache reads it, joined to `ServerRoot`; `None` where that is a guess, or a variable is left in it.
    pub(super) fn path(&self, path: &str) -> Option<String> {
        if path.contains("${") || path.contains("%{") {
            return None;
        }
        if path.starts_with('/') {
            return Some(path.to_owned());
        }
        let root = &self.server.server_root;
        let known = root.span.end > 0 && root.value.is_absolute();
        known.then(|| root.value.join(path).to_string_lossy().into_owned())
    }

    /// The first word of every line of a directive: of many, a file.
    pub(super) fn first_words(&self, directive: &str) -> Vec<&'a Spanned<Text>> {
        self.server.lines(directive).into_iter().filter_map(|line| line.words.first()).collect()
    }

    /// As whom the server's own processes run.
    pub(super) fn server_account(&self) -> Option<Account> {
        self.account(self.server.user.as_ref()?, self.server.group.as_ref())
    }

    /// As whom the processes of a group run. What `supplementary-groups` and `chroot` change is not followed.
    pub(super) fn group_account(&self, group: &ProcessGroup) -> Option<Account> {
        if group.other("supplementary-groups").is_some() || group.other("chroot").is_some() {
            return None;
        }
        match &group.user {
            Some(user) => self.account(user, group.group.as_ref()),
            None => self.account(self.server.user.as_ref()?, group.group.as_ref().or(self.server.group.as_ref())),
        }
    }

    fn account(&self, user: &Spanned<String>, group: Option<&Spanned<String>>) -> Option<Account> {
        let mut account = self.machine.user(&user.value).ok()??;
        if let Some(group) = group {
            account.gid = self.machine.group(&group.value).ok()??;
            account.groups.push(account.gid);
        }
        Some(account)
    }

    /// The Python of a process group, or of embedded mode.
    pub(super) fn home_of(&self, runner: Runner<'_>) -> Option<&Home<'a>> {
        let own = match runner {
            Runner::Daemon(group) => {
                self.homes.iter().find(|home| home.group.is_some_and(|own| std::ptr::eq(own, group)))
            }
            Runner::Embedded => None,
        };
        own.or_else(|| self.homes.iter().find(|home| home.group.is_none()))
    }

    /// The version of the Python that runs an application: mod_wsgi's where there is one, else that of its home.
    pub(super) fn version_of(&self, application: &Application<'_>) -> Option<Version> {
        let built_for = self.built_for.map(|(version, _)| version);
        let of_home = || self.home_of(application.runner?)?.environment.as_ref().ok()?.version;
        built_for.or_else(of_home)
    }

    /// The script of an application, read and parsed once; `None` when there is none that can be read.
    pub(super) fn script<'b>(&self, application: &'b Application<'_>) -> Option<&'b Script> {
        let script = application.script.get_or_init(|| {
            let bytes = self.read_script(&application.mount.script.value)?;
            let text = String::from_utf8(bytes).ok()?;
            let python = python_source::read(&text, self.version_of(application));
            Some(Script { python, text, source: OnceCell::new() })
        });
        script.as_ref()
    }

    /// The bytes of a script, if it is one.
    pub(super) fn read_script(&self, path: &str) -> Option<Vec<u8>> {
        let path = Path::new(path);
        let is_file = self.machine.kind(path) == Some(FileKind::File);
        self.machine.read(path).ok().filter(|bytes| is_file && bytes.len() < LARGEST_SCRIPT)
    }

    /// A place in a script, to point at.
    pub(super) fn place(&self, application: &Application<'_>, script: &Script, range: &Range<usize>) -> Span {
        let whole = script.source.get_or_init(|| {
            let path = Path::new(&application.mount.script.value);
            let source = self.sources.borrow_mut().add(path, script.text.as_str().into(), None);
            Span { source, start: 0, end: script.text.len() as u32 }
        });
        let end = range.end.min(script.text.len());
        Span { start: range.start.min(end) as u32, end: end as u32, ..*whole }
    }

    /// Every script once, however often it is mounted.
    pub(super) fn scripts(&self) -> impl Iterator<Item = &Application<'a>> {
        let mut seen = HashSet::new();
        self.applications.iter().filter(move |application| seen.insert(application.script_path()))
    }

    /// The folders that are put in front of `sys.path` where an application runs.
    pub(super) fn python_path_of(&self, runner: Runner<'_>) -> Vec<String> {
        let entries = self.python_paths().into_iter();
        entries.filter(|entry| entry.runner.is(runner)).map(|entry| entry.path).collect()
    }

    /// Every folder that is put in front of `sys.path`.
    pub(super) fn python_paths(&self) -> Vec<PathEntry<'a>> {
        let groups = self.server.process_groups.iter().filter(|group| group.other("chroot").is_none());
        let of_groups = groups.filter_map(|group| Some((group.python_path.as_ref()?, Runner::Daemon(group))));
        let embedded = self.server.python_path.as_ref().map(|path| (path, Runner::Embedded));
        let mut entries = Vec::new();
        for (written, runner) in of_groups.chain(embedded) {
            let paths = written.value.split(':').filter(|path| path.starts_with('/') && !path.contains("${"));
            entries.extend(paths.map(|path| PathEntry { path: path.to_owned(), span: written.span, runner }));
        }
        entries
    }

    /// What lies beside a path that is not there and is called much the same.
    pub(super) fn nearest_entry(&self, path: &str) -> Option<String> {
        let (folder, name) = path.trim_end_matches('/').rsplit_once('/')?;
        let beside = self.machine.list(Path::new(if folder.is_empty() { "/" } else { folder })).ok()?;
        let near = nearest(name, beside.iter().map(String::as_str))?;
        Some(format!("{folder}/{near}"))
    }

    /// A virtual environment right in a folder, if there is one and no more.
    pub(super) fn environment_below(&self, folder: &str) -> Option<String> {
        let folder = folder.trim_end_matches('/');
        let names = self.machine.list(Path::new(folder)).ok()?;
        let is_environment =
            |name: &&String| matches!(self.look(&format!("{folder}/{name}/pyvenv.cfg")), Look::There(_));
        let found: Vec<&String> = names.iter().filter(is_environment).collect();
        if let [only] = found[..] { Some(format!("{folder}/{only}")) } else { None }
    }

    /// Every file that is written as a log, with its folder.
    pub(super) fn log_folders(&self) -> Vec<(&'a Spanned<String>, String)> {
        let hosts = self.server.hosts.iter();
        let logs = hosts.flat_map(|host| host.error_log.iter().chain(host.access_logs.iter().map(|log| &log.target)));
        let files = logs.filter(|log| !log.value.starts_with('|') && !log.value.starts_with("syslog"));
        let folders = files.filter_map(|log| {
            let path = self.path(&log.value)?;
            let (folder, _) = path.rsplit_once('/')?;
            (!folder.is_empty() && folder != "/dev" && !folder.starts_with("/proc")).then(|| (log, folder.to_owned()))
        });
        folders.collect()
    }

    /// Whether a path ends in a slash and a file stands there without it.
    pub(super) fn is_file_with_slash(&self, path: &str) -> bool {
        let file = path.trim_end_matches('/');
        path.ends_with('/') && self.machine.kind(Path::new(file)) == Some(FileKind::File)
    }

    /// Every folder or file that the server hands out, with the URL path where it does.
    pub(super) fn served(&self) -> Vec<(&'a Host, &'a Spanned<String>, String)> {
        let mut served = Vec::new();
        for host in &self.server.hosts {
            let targets = host.aliases.iter().map(|alias| &alias.target).chain(&host.document_root);
            served.extend(targets.filter_map(|target| Some((host, target, self.path(&target.value)?))));
        }
        served
    }

    fn all_homes(&self) -> Vec<Home<'a>> {
        let groups = self.server.process_groups.iter().filter(|group| group.other("chroot").is_none());
        let of_groups = groups.filter_map(|group| Some((group.python_home.as_ref()?, Some(group))));
        let named = of_groups.chain(self.server.python_home.as_ref().map(|home| (home, None)));
        let known = named.filter(|(path, _)| path.value.starts_with('/') && !path.value.contains("${"));
        known
            .map(|(path, group)| {
                let environment = environment(self.machine, Path::new(path.value.trim_end_matches('/')));
                Home { path, group, environment }
            })
            .collect()
    }

    /// From the name of the file, `mod_wsgi-py311.cpython-311-x86_64-linux-gnu.so`, or from the library it is linked to.
    fn version_built_for(&self) -> Option<(Version, &'a LoadedModule)> {
        let module = self.modules.iter().find(|module| module.name == "wsgi_module")?;
        let path = self.path(&module.file.value)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        if let Some(version) = name.split_once("cpython-").and_then(|(_, tag)| Version::of_tag(tag)) {
            return Some((version, module));
        }
        let bytes = self.machine.read(Path::new(&path)).ok()?;
        Some((linked_python(&bytes)?, module))
    }

    fn all_applications(&self) -> Vec<Application<'a>> {
        let mut applications = Vec::new();
        for host in &self.server.hosts {
            let sections = self.server.sections_of(host);
            for mount in &host.mounts {
                let path = &mount.script.value;
                if path.starts_with('/') && !path.contains("${") {
                    applications.push(self.application(host, mount, &sections));
                }
            }
        }
        applications.retain(|application| !application.runner.is_some_and(Runner::has_other_files));
        applications
    }

    fn application(&self, host: &'a Host, mount: &'a Mount, sections: &[Merged<'a>]) -> Application<'a> {
        let server = self.server;
        let setting = Setting { server, host, mount, sections };
        let process_group = match &mount.process_group {
            Some(name) => Ok(Some(name)),
            None => setting.of(|settings| settings.process_group.as_ref()),
        };
        let runner = process_group.ok().and_then(|name| match name.map(|name| &name.value) {
            None | Some(GroupName::Embedded) => Some(Runner::Embedded),
            Some(GroupName::Named(name)) => server.process_group(name).map(Runner::Daemon),
            Some(GroupName::Token(_)) => None,
        });
        let callable = match &mount.callable_object {
            Some(name) => Ok(Some(name)),
            None => setting.of(|settings| settings.callable_object.as_ref()),
        };
        let application_group = match &mount.application_group {
            Some(name) => Ok(Some(name)),
            None => setting.of(|settings| settings.application_group.as_ref()),
        };
        Application {
            host,
            mount,
            runner,
            interpreter: application_group.map_or(Interpreter::Unknown, Interpreter::named),
            callable: callable.ok().map(|name| name.map_or("application", |name| name.value.as_str())),
            account: match runner {
                Some(Runner::Embedded) => self.server_account(),
                Some(Runner::Daemon(group)) => self.group_account(group),
                None => None,
            },
            script: OnceCell::new(),
        }
    }
}

impl Runner<'_> {
    /// Whether its processes see other files than the check does.
    fn has_other_files(self) -> bool {
        matches!(self, Self::Daemon(group) if group.other("chroot").is_some())
    }

    /// The same number for the same processes.
    pub(super) fn number(self) -> usize {
        match self {
            Self::Embedded => 0,
            Self::Daemon(group) => std::ptr::from_ref(group) as usize,
        }
    }

    /// Whether it is the same.
    fn is(self, other: Runner<'_>) -> bool {
        self.number() == other.number()
    }
}

impl<'a> Interpreter<'a> {
    fn named(name: Option<&'a Spanned<ApplicationGroupName>>) -> Self {
        match name.map(|name| &name.value) {
            Some(ApplicationGroupName::Plain(ApplicationGroup::Global)) => Self::Main,
            Some(ApplicationGroupName::Token(_)) => Self::Unknown,
            _ => Self::Sub(name),
        }
    }
}

impl Application<'_> {
    /// The path of the script.
    pub(super) fn script_path(&self) -> &str {
        &self.mount.script.value
    }

    /// The folder that holds the script.
    pub(super) fn folder(&self) -> PathBuf {
        Path::new(self.script_path()).parent().unwrap_or(Path::new("/")).to_owned()
    }
}

/// What the sections say of one mount.
struct Setting<'a, 'b> {
    server: &'a Server,
    host: &'a Host,
    mount: &'a Mount,
    sections: &'b [Merged<'a>],
}

impl<'a> Setting<'a, '_> {
    /// The setting that counts.
    fn of<T>(&self, setting: impl Fn(&'a Settings) -> Option<&'a T>) -> Result<Option<&'a T>, RequestDecides> {
        if self.server.beyond.macros {
            return Err(RequestDecides);
        }
        let mut found = setting(&self.host.settings).or_else(|| setting(&self.server.main().settings));
        for merged in self.sections {
            let Some(value) = setting(&merged.section.settings) else { continue };
            match merged.matches(&self.mount.url_path.value, &self.mount.script.value) {
                Some(true) => found = Some(value),
                Some(false) => {}
                None => return Err(RequestDecides),
            }
        }
        Ok(found)
    }
}

/// The Python of `libpython3.11.so.1.0`, which a library of that version is linked to.
fn linked_python(bytes: &[u8]) -> Option<Version> {
    const NAME: &[u8] = b"libpython";
    let at = bytes.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let rest: String = bytes[at..].iter().take(16).map(|byte| char::from(*byte)).collect();
    Version::parse(rest.split_once(".so")?.0)
}
