//! From the model to the plan: defaults filled in, paths joined, names bound, sections in the order in which they are merged.

mod hosts;
mod logs;
mod sections;

use std::path::PathBuf;

use super::model::{GroupName, Server};
use super::source::{Sources, Span, Spanned};
use crate::plan::limits::Timers;
use crate::plan::log::LogLevel;
use crate::plan::{Embedded, Listener, Name, Place, Plan, ProcessGroup, ProcessGroupName, PythonHome};

/// Apache's default of `ThreadsPerChild`.
const THREADS_PER_CHILD: u64 = 25;
/// mod_wsgi's default of the option `threads`.
const THREADS: u64 = 15;

/// Makes a plan of a model without errors. `level` is the log level where the configuration names none.
pub fn resolve(server: &Server, sources: &Sources, level: Option<LogLevel>) -> Plan {
    let resolver = Resolver { server, sources, level: level.unwrap_or(LogLevel::Warn) };
    let hosts: Vec<_> = server.hosts.iter().map(|host| resolver.host(host)).collect();
    let embedded = resolver.embedded(&hosts);
    Plan {
        server_root: server.server_root.value.clone(),
        pid_file: resolver.join(server.pid_file.as_ref().map_or("logs/httpd.pid", |file| &file.value)),
        user: resolver.name(server.user.as_ref()),
        group: resolver.name(server.group.as_ref()),
        listeners: resolver.listeners(),
        hosts,
        process_groups: server.process_groups.iter().map(|group| resolver.process_group(group)).collect(),
        embedded,
        per_interpreter_gil: server.per_interpreter_gil.as_ref().is_some_and(|state| state.value),
    }
}

/// What resolving looks at.
struct Resolver<'a> {
    server: &'a Server,
    sources: &'a Sources,
    level: LogLevel,
}

impl Resolver<'_> {
    fn place(&self, span: Span) -> Place {
        let (line, _) = self.sources.line_column(span);
        Place { file: self.sources.get(span.source).path.clone(), line }
    }

    /// A path, joined to `ServerRoot` unless it is absolute.
    fn join(&self, path: &str) -> PathBuf {
        self.server.server_root.value.join(path)
    }

    /// The same as text: a slash at its end is kept.
    fn join_text(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { self.join(path).to_string_lossy().into_owned() }
    }

    fn name(&self, name: Option<&Spanned<String>>) -> Option<Name> {
        name.map(|name| Name { name: name.value.clone(), place: self.place(name.span) })
    }

    fn listeners(&self) -> Vec<Listener> {
        let one = |listen: &super::model::Listen| Listener {
            address: listen.address.clone(),
            port: listen.port,
            place: self.place(listen.span),
        };
        self.server.listeners.iter().map(one).collect()
    }

    fn process_group(&self, group: &super::model::ProcessGroup) -> ProcessGroup {
        let server = self.server;
        // A user without a group has the primary group of the account, which only the host knows.
        let user = self.name(group.user.as_ref());
        let inherited = if user.is_none() { server.group.as_ref() } else { None };
        let text = |option: &Option<Spanned<String>>| option.as_ref().map(|value| value.value.clone());
        let number = |option: &Option<Spanned<u64>>, default| option.as_ref().map_or(default, |value| value.value);
        ProcessGroup {
            name: group.name.value.clone(),
            host: group.host,
            group: self.name(group.group.as_ref().or(inherited)),
            user: user.or_else(|| self.name(server.user.as_ref())),
            processes: number(&group.processes, 1) as u32,
            multiprocess: group.processes.is_some(),
            threads: number(&group.threads, THREADS).max(1) as u32,
            home: text(&group.home).map(PathBuf::from),
            python_home: self.python_home(group.python_home.as_ref().or(server.python_home.as_ref())),
            python_path: self.python_path(group.python_path.as_ref()),
            display_name: text(&group.display_name).filter(|name| !name.is_empty()).map(|name| match name.as_str() {
                "%{GROUP}" => format!("(wsgi:{})", group.name.value),
                _ => name,
            }),
            lang: text(&group.lang),
            locale: text(&group.locale),
            umask: group.umask.as_ref().map(|umask| umask.value as u32),
            maximum_requests: Some(number(&group.maximum_requests, 0)).filter(|most| *most > 0),
            timers: timers(group),
            place: self.place(group.name.span),
        }
    }

    fn python_home(&self, home: Option<&Spanned<String>>) -> Option<PythonHome> {
        home.map(|home| PythonHome { path: self.join(&home.value), place: self.place(home.span) })
    }

    fn python_path(&self, path: Option<&Spanned<String>>) -> Vec<PathBuf> {
        let folders = path.into_iter().flat_map(|path| path.value.split(':'));
        folders.filter(|folder| !folder.is_empty()).map(|folder| self.join(folder)).collect()
    }

    fn process_group_name(&self, name: &Spanned<GroupName>) -> ProcessGroupName {
        let GroupName::Named(name) = &name.value else { return ProcessGroupName::Embedded };
        self.server.process_group_index(name).map_or(ProcessGroupName::Embedded, ProcessGroupName::Daemon)
    }

    fn embedded(&self, hosts: &[crate::plan::Host]) -> Embedded {
        let server = self.server;
        let number = |option: &Option<Spanned<u64>>, default| option.as_ref().map_or(default, |value| value.value);
        let started = number(&server.start_servers, 1).max(1);
        Embedded {
            needed: hosts.iter().any(sections::may_run_embedded),
            restricted: server.restrict_embedded.as_ref().is_some_and(|state| state.value),
            processes: started.min(number(&server.server_limit, u64::MAX).max(1)) as u32,
            threads: number(&server.threads_per_child, THREADS_PER_CHILD) as u32,
            python_home: self.python_home(server.python_home.as_ref()),
            python_path: self.python_path(server.python_path.as_ref()),
        }
    }
}

/// An option in seconds, of which 0 is without limit.
fn seconds(group: &super::model::ProcessGroup, name: &str, default: u32) -> Option<u32> {
    let given = group.number(name).map_or(default, |seconds| u32::try_from(seconds.value).unwrap_or(u32::MAX));
    Some(given).filter(|seconds| *seconds > 0)
}

fn timers(group: &super::model::ProcessGroup) -> Timers {
    Timers {
        startup: seconds(group, "startup-timeout", 0),
        shutdown: seconds(group, "shutdown-timeout", 5),
        deadlock: seconds(group, "deadlock-timeout", 300),
        inactivity: seconds(group, "inactivity-timeout", 0),
        request: seconds(group, "request-timeout", 0),
        interrupt: seconds(group, "interrupt-timeout", 0),
        graceful: seconds(group, "graceful-timeout", 15),
        eviction: seconds(group, "eviction-timeout", 0),
        restart_interval: seconds(group, "restart-interval", 0),
    }
}
