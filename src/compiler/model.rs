//! What a configuration says, with the place of everything: servers, sections, mounts, process groups. Nothing is filled in
//! here and nothing joined; that is for `resolve`.

mod kept;
mod line;
mod merge;
mod section;
mod settings;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::OnceLock;

use super::source::{Span, Spanned};
use crate::plan::log::{LogLevel, LogPart};
use crate::plan::{EncodedSlashes, HostAddress};

pub use kept::Kept;
pub use line::Line;
pub use merge::{Merged, merge_order};
pub use section::{Matcher, Section, normalised, path_below, path_is_within, starts_with_path, without_trailing_slash};
pub use settings::{ApplicationGroupName, AskedScript, Authentication, GroupName, HandlerScript, Limit, Settings};

/// For whom a configuration is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Judge {
    /// Apache with mod_wsgi.
    #[default]
    Apache,
    /// Our own runtime: what it does not carry is named.
    WsgiServe,
}

/// A whole configuration.
#[derive(Debug)]
pub struct Server {
    /// For whom it is judged.
    pub judge: Judge,
    /// `ServerRoot`.
    pub server_root: Spanned<PathBuf>,
    /// `PidFile`.
    pub pid_file: Option<Spanned<String>>,
    /// `User`.
    pub user: Option<Spanned<String>>,
    /// `Group`.
    pub group: Option<Spanned<String>>,
    /// `Listen`, in file order.
    pub listeners: Vec<Listen>,
    /// The main server, then the virtual hosts in file order.
    pub hosts: Vec<Host>,
    /// `WSGIDaemonProcess`, in file order.
    pub process_groups: Vec<ProcessGroup>,
    /// `WSGIPythonHome`.
    pub python_home: Option<Spanned<String>>,
    /// `WSGIPythonPath`.
    pub python_path: Option<Spanned<String>>,
    /// `WSGIPythonEggs`.
    pub python_eggs: Option<Spanned<String>>,
    /// `WSGIDontWriteBytecode`.
    pub dont_write_bytecode: Option<Spanned<bool>>,
    /// `WSGIPythonOptimize`.
    pub python_optimize: Option<Spanned<u64>>,
    /// `WSGIPythonWarnings`, in file order.
    pub python_warnings: Vec<Spanned<String>>,
    /// `WSGIPythonHashSeed`.
    pub python_hash_seed: Option<Spanned<String>>,
    /// `WSGIRestrictEmbedded`.
    pub restrict_embedded: Option<Spanned<bool>>,
    /// `WSGIPerInterpreterGIL`.
    pub per_interpreter_gil: Option<Spanned<bool>>,
    /// `WSGISwitchInterval`, seconds.
    pub switch_interval: Option<Spanned<f64>>,
    /// `WSGIDestroyInterpreter`.
    pub destroy_interpreter: Option<Spanned<bool>>,
    /// `WSGIFreeThreading`.
    pub free_threading: Option<Spanned<bool>>,
    /// `WSGICaseSensitivity`.
    pub case_sensitivity: Option<Spanned<bool>>,
    /// What applications may not do.
    pub restrictions: Restrictions,
    /// `WSGIServerMetrics`.
    pub server_metrics: Option<Spanned<bool>>,
    /// `WSGITelemetryService` and its like.
    pub telemetry: Telemetry,
    /// `<WSGIInterpreterOptions>`, in file order.
    pub interpreter_options: Vec<InterpreterOptions>,
    /// `WSGIImportScript`, in file order.
    pub imports: Vec<Import>,
    /// Mounts and imports so far: scripts are loaded in the order of the file.
    pub loads: usize,
    /// `ServerLimit`.
    pub server_limit: Option<Spanned<u64>>,
    /// `StartServers`.
    pub start_servers: Option<Spanned<u64>>,
    /// `ThreadsPerChild`.
    pub threads_per_child: Option<Spanned<u64>>,
    /// What the configuration does that the model does not show.
    pub beyond: Beyond,
    groups_by_name: OnceLock<HashMap<String, usize>>,
}

/// What we know to be there and do not read: checks that would need it are silent.
#[derive(Debug, Default)]
pub struct Beyond {
    /// Macros are used that are not defined here, and may hold anything.
    pub macros: bool,
    /// Scripts are also reached in other ways than by `WSGIScriptAlias`: handlers, patterns, rewriting.
    pub other_scripts: bool,
    /// Requests get variables before anybody asks who may see what: `SetEnvIf` and its like, rewriting.
    pub variables: bool,
    /// Process groups that are named in directives which the model does not carry.
    pub process_groups: Vec<Spanned<String>>,
    /// Directives that could not be put into the model: what needs them all is not checked.
    pub failed: BTreeSet<&'static str>,
    /// The file is meant to stand alone: it says where the server lives or what it loads.
    pub stands_alone: bool,
}

/// One `Listen`.
#[derive(Debug)]
pub struct Listen {
    /// The address; `None` is all of them.
    pub address: Option<String>,
    /// The port.
    pub port: u16,
    /// The protocol, where it is named.
    pub protocol: Option<String>,
    /// Where it was written.
    pub span: Span,
}

/// The main server or a `<VirtualHost>`.
#[derive(Debug)]
pub struct Host {
    /// Its opening line; for the main server the start of the file.
    pub span: Span,
    /// `<VirtualHost ADDRESS…>`; empty for the main server.
    pub addresses: Vec<Spanned<HostAddress>>,
    /// `ServerName`.
    pub server_name: Option<Spanned<ServerName>>,
    /// `ServerAlias`.
    pub server_aliases: Vec<Spanned<String>>,
    /// `ServerAdmin`.
    pub server_admin: Option<Spanned<String>>,
    /// `DocumentRoot`.
    pub document_root: Option<Spanned<String>>,
    /// `ErrorLog`.
    pub error_log: Option<Spanned<String>>,
    /// `LogLevel`, of everything.
    pub log_level: Option<Spanned<LogLevel>>,
    /// `LogLevel wsgi:…`.
    pub wsgi_log_level: Option<Spanned<LogLevel>>,
    /// `LogFormat FORMAT NICKNAME`.
    pub log_formats: Vec<LogFormat>,
    /// `LogFormat FORMAT`: what `TransferLog` uses.
    pub default_log_format: Option<Vec<LogPart>>,
    /// `CustomLog` and `TransferLog`.
    pub access_logs: Vec<AccessLog>,
    /// `Timeout`, seconds.
    pub timeout: Option<Spanned<u64>>,
    /// `KeepAlive`.
    pub keep_alive: Option<Spanned<bool>>,
    /// `KeepAliveTimeout`, milliseconds.
    pub keep_alive_timeout: Option<Spanned<u64>>,
    /// `MaxKeepAliveRequests`.
    pub max_keep_alive_requests: Option<Spanned<u64>>,
    /// `AllowEncodedSlashes`.
    pub encoded_slashes: Option<EncodedSlashes>,
    /// `Alias`, in file order.
    pub aliases: Vec<Alias>,
    /// `AliasMatch`, in file order.
    pub pattern_aliases: Vec<PatternAlias>,
    /// `WSGIScriptAlias`, in file order.
    pub mounts: Vec<Mount>,
    /// `WSGIScriptAliasMatch`, in file order.
    pub pattern_mounts: Vec<PatternMount>,
    /// What stands outside of sections.
    pub settings: Settings,
    /// `<Directory>`, `<Files>`, `<Location>`, in file order.
    pub sections: Vec<Section>,
}

/// `ServerName`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// The name, in lower case.
    pub name: String,
    /// Its port.
    pub port: Option<u16>,
}

/// `LogFormat FORMAT NICKNAME`.
#[derive(Debug)]
pub struct LogFormat {
    /// The nickname.
    pub nickname: Spanned<String>,
    /// The format.
    pub format: Vec<LogPart>,
}

/// `CustomLog` or `TransferLog`.
#[derive(Debug)]
pub struct AccessLog {
    /// A file or `|program`.
    pub target: Spanned<String>,
    /// A nickname or a format; `None` for `TransferLog`.
    pub format: Option<Spanned<String>>,
    /// `env=NAME`, `env=!NAME`.
    pub condition: Option<(String, bool)>,
}

/// One `Alias`.
#[derive(Debug)]
pub struct Alias {
    /// The URL path.
    pub url_path: Spanned<String>,
    /// The file or folder.
    pub target: Spanned<String>,
}

/// One `AliasMatch`.
#[derive(Debug)]
pub struct PatternAlias {
    /// Its URL path is a regular expression.
    pub alias: Alias,
    /// How many `Alias` of its host stand before it: both are tried in one order.
    pub aliases_before: usize,
}

/// One `WSGIScriptAlias`.
#[derive(Debug)]
pub struct Mount {
    /// The URL path.
    pub url_path: Spanned<String>,
    /// The WSGI script, or a folder of them.
    pub script: Spanned<String>,
    /// Option `process-group`.
    pub process_group: Option<Spanned<GroupName>>,
    /// Option `application-group`.
    pub application_group: Option<Spanned<ApplicationGroupName>>,
    /// Option `callable-object`.
    pub callable_object: Option<Spanned<String>>,
    /// Option `pass-authorization`.
    pub pass_authorization: Option<Spanned<bool>>,
    /// How many process groups were defined before it.
    pub groups_before: usize,
    /// Its place among mounts and imports.
    pub order: usize,
}

/// One `WSGIImportScript`.
#[derive(Debug)]
pub struct Import {
    /// The script.
    pub script: Spanned<String>,
    /// Option `process-group`.
    pub process_group: Spanned<GroupName>,
    /// Option `application-group`.
    pub application_group: Spanned<ApplicationGroupName>,
    /// Its place among mounts and imports.
    pub order: usize,
}

/// One `<WSGIInterpreterOptions>`. The empty name is embedded mode, or the main interpreter.
#[derive(Debug, Default)]
pub struct InterpreterOptions {
    /// `process-group`.
    pub process_group: Option<Spanned<String>>,
    /// `application-group`.
    pub application_group: Option<Spanned<String>>,
    /// `WSGIPerInterpreterGIL`.
    pub per_interpreter_gil: Option<Spanned<bool>>,
    /// `WSGISwitchInterval`, seconds.
    pub switch_interval: Option<Spanned<f64>>,
    /// `WSGIFreeThreading`.
    pub free_threading: Option<Spanned<bool>>,
    /// `WSGIPythonPath`.
    pub python_path: Option<Spanned<String>>,
    /// What applications may not do.
    pub restrictions: Restrictions,
}

/// What is reported of requests and processes.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// `WSGITelemetryService`: `unix:PATH`.
    pub service: Option<Spanned<String>>,
    /// Its option `interval`, seconds.
    pub interval: Option<Spanned<f64>>,
    /// `WSGISlowRequests`, seconds.
    pub slow_requests: Option<Spanned<f64>>,
    /// `WSGITelemetryOptions CaptureUserAgent`.
    pub user_agent: bool,
}

/// What applications may not do in an interpreter.
#[derive(Debug, Default)]
pub struct Restrictions {
    /// `WSGIRestrictStdin`.
    pub stdin: Option<Spanned<bool>>,
    /// `WSGIRestrictStdout`.
    pub stdout: Option<Spanned<bool>>,
    /// `WSGIRestrictSignal`.
    pub signal: Option<Spanned<bool>>,
}

/// One `WSGIScriptAliasMatch`.
#[derive(Debug)]
pub struct PatternMount {
    /// Its URL path is a regular expression.
    pub mount: Mount,
    /// How many `WSGIScriptAlias` of its host stand before it: both are tried in one order.
    pub mounts_before: usize,
}

/// One `WSGIDaemonProcess`.
#[derive(Debug)]
pub struct ProcessGroup {
    /// Its name.
    pub name: Spanned<String>,
    /// Index of the server that defines it in [`Server::hosts`].
    pub host: usize,
    /// Option `user`.
    pub user: Option<Spanned<String>>,
    /// Option `group`.
    pub group: Option<Spanned<String>>,
    /// Option `processes`.
    pub processes: Option<Spanned<u64>>,
    /// Option `threads`.
    pub threads: Option<Spanned<u64>>,
    /// Option `home`.
    pub home: Option<Spanned<String>>,
    /// Option `python-home`.
    pub python_home: Option<Spanned<String>>,
    /// Option `python-path`.
    pub python_path: Option<Spanned<String>>,
    /// Option `display-name`.
    pub display_name: Option<Spanned<String>>,
    /// Option `lang`.
    pub lang: Option<Spanned<String>>,
    /// Option `locale`.
    pub locale: Option<Spanned<String>>,
    /// Option `umask`.
    pub umask: Option<Spanned<u64>>,
    /// Option `maximum-requests`.
    pub maximum_requests: Option<Spanned<u64>>,
    /// Option `switch-interval`, seconds.
    pub switch_interval: Option<Spanned<f64>>,
    /// The other options, by name.
    pub others: Vec<(&'static str, Spanned<String>)>,
}

impl ProcessGroup {
    /// An option that has no field of its own.
    pub fn other(&self, name: &str) -> Option<&Spanned<String>> {
        self.others.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Such an option, read as a number.
    pub fn number(&self, name: &str) -> Option<Spanned<u64>> {
        let option = self.other(name)?;
        Some(Spanned::new(option.value.parse().ok()?, option.span))
    }
}

impl Server {
    /// A configuration that says nothing yet, without even the main server.
    pub fn new(judge: Judge, server_root: Spanned<PathBuf>) -> Self {
        Self {
            judge,
            server_root,
            pid_file: None,
            user: None,
            group: None,
            listeners: Vec::new(),
            hosts: Vec::new(),
            process_groups: Vec::new(),
            python_home: None,
            python_path: None,
            python_eggs: None,
            dont_write_bytecode: None,
            python_optimize: None,
            python_warnings: Vec::new(),
            python_hash_seed: None,
            restrict_embedded: None,
            per_interpreter_gil: None,
            switch_interval: None,
            destroy_interpreter: None,
            case_sensitivity: None,
            free_threading: None,
            restrictions: Restrictions::default(),
            server_metrics: None,
            telemetry: Telemetry::default(),
            interpreter_options: Vec::new(),
            imports: Vec::new(),
            loads: 0,
            server_limit: None,
            start_servers: None,
            threads_per_child: None,
            beyond: Beyond::default(),
            groups_by_name: OnceLock::new(),
        }
    }

    /// The main server.
    pub fn main(&self) -> &Host {
        &self.hosts[0]
    }

    /// The process group of a name.
    pub fn process_group(&self, name: &str) -> Option<&ProcessGroup> {
        self.process_group_index(name).map(|index| &self.process_groups[index])
    }

    /// The index of the first process group of a name. To be asked once all are known.
    pub fn process_group_index(&self, name: &str) -> Option<usize> {
        let by_name = self.groups_by_name.get_or_init(|| {
            let mut by_name = HashMap::new();
            for (index, group) in self.process_groups.iter().enumerate() {
                by_name.entry(group.name.value.clone()).or_insert(index);
            }
            by_name
        });
        by_name.get(name).copied()
    }

    /// The mounts that requests to a host may reach, in the order in which they are tried.
    pub fn mounts_of<'a>(&'a self, host: &'a Host) -> impl Iterator<Item = &'a Mount> {
        let inherited = (!std::ptr::eq(host, self.main())).then(|| self.main().mounts.iter());
        host.mounts.iter().chain(inherited.into_iter().flatten())
    }

    /// The sections that hold for a host, in the order in which they are merged.
    pub fn sections_of<'a>(&'a self, host: &'a Host) -> Vec<Merged<'a>> {
        let main = self.main();
        merge_order(&main.sections, if std::ptr::eq(host, main) { &[] } else { &host.sections })
    }

    /// Every mount.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount> {
        self.hosts.iter().flat_map(|host| &host.mounts)
    }

    /// Everything that sets something, with its host and, if it is none of a host's own, its section.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(usize, Option<&'a Section>, &'a Settings)) {
        for (index, host) in self.hosts.iter().enumerate() {
            host.visit(&mut |section, settings| visitor(index, section, settings));
        }
    }

    /// Every line of a directive, whatever section or host it stands in.
    pub fn lines<'a>(&'a self, name: &str) -> Vec<&'a Line> {
        let mut found = Vec::new();
        self.visit(&mut |_, _, settings| found.extend(settings.lines.iter().filter(|line| line.name == name)));
        found
    }

    /// Every place that names a process group, with the index of its host.
    pub fn used_process_groups(&self) -> Vec<(usize, &Spanned<GroupName>)> {
        let mut used = Vec::new();
        for (index, host) in self.hosts.iter().enumerate() {
            used.extend(host.settings.process_group.iter().map(|name| (index, name)));
            let options = host.mounts.iter().filter_map(|mount| mount.process_group.as_ref());
            used.extend(options.map(|name| (index, name)));
            for section in &host.sections {
                section
                    .visit(&mut |section| used.extend(section.settings.process_group.iter().map(|name| (index, name))));
            }
        }
        used
    }
}

impl Host {
    /// What it sets itself, and then what its sections set.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(Option<&'a Section>, &'a Settings)) {
        visitor(None, &self.settings);
        for section in &self.sections {
            section.visit(&mut |section| visitor(Some(section), &section.settings));
        }
    }

    /// Gives back the room that its lists kept for growing. There may be ten thousand hosts.
    pub(crate) fn give_back(&mut self) {
        self.aliases.shrink_to_fit();
        self.mounts.shrink_to_fit();
        self.sections.shrink_to_fit();
        self.settings.give_back();
    }

    /// A host that says nothing yet.
    pub fn new(span: Span) -> Self {
        Self {
            span,
            addresses: Vec::new(),
            server_name: None,
            server_aliases: Vec::new(),
            server_admin: None,
            document_root: None,
            error_log: None,
            log_level: None,
            wsgi_log_level: None,
            log_formats: Vec::new(),
            default_log_format: None,
            access_logs: Vec::new(),
            timeout: None,
            keep_alive: None,
            keep_alive_timeout: None,
            max_keep_alive_requests: None,
            encoded_slashes: None,
            aliases: Vec::new(),
            mounts: Vec::new(),
            pattern_aliases: Vec::new(),
            pattern_mounts: Vec::new(),
            settings: Settings::default(),
            sections: Vec::new(),
        }
    }
}
