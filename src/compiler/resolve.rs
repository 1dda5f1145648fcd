//! From the model to the plan: defaults filled in, paths joined, names bound, sections in the order in which they are merged.

mod hosts;
mod logs;
mod sections;

use std::path::PathBuf;

use super::model::{self, GroupName, Server};
use super::source::{Sources, Span, Spanned};
use crate::decision::path::file_name;
use crate::plan::interpreters::{InterpreterOptions, Interpreters, Restrictions};
use crate::plan::limits::{Confinement, Limits, Timers, Waits};
use crate::plan::log::LogLevel;
use crate::plan::python::Flags;
use crate::plan::telemetry::Telemetry;
use crate::plan::{
    ApplicationGroup, Embedded, Listener, Name, Place, Plan, Preload, ProcessGroup, ProcessGroupName, PythonHome,
};

/// Apache's default of `ThreadsPerChild`.
const THREADS_PER_CHILD: u64 = 25;
/// mod_wsgi's default of the option `threads`.
const THREADS: u64 = 15;

/// Makes a plan of a model without errors. `level` is the log level where the configuration names none.
pub fn resolve(server: &Server, sources: &Sources, level: Option<LogLevel>) -> Plan {
    let resolver = Resolver { server, sources, level: level.unwrap_or(LogLevel::Warn) };
    let hosts: Vec<_> = server.hosts.iter().map(|host| resolver.host(host)).collect();
    let preloads = resolver.preloads();
    let embedded = resolver.embedded(&hosts, &preloads);
    Plan {
        server_root: server.server_root.value.clone(),
        pid_file: resolver.join(server.pid_file.as_ref().map_or("logs/httpd.pid", |file| &file.value)),
        user: resolver.name(server.user.as_ref()),
        group: resolver.name(server.group.as_ref()),
        listeners: resolver.listeners(),
        hosts,
        process_groups: server.process_groups.iter().map(|group| resolver.process_group(group)).collect(),
        embedded,
        interpreters: resolver.interpreters(),
        telemetry: resolver.telemetry(),
        python: resolver.python_flags(),
        preloads,
    }
}

/// A number of seconds in microseconds, at least one.
fn microseconds(seconds: Option<&Spanned<f64>>) -> Option<u64> {
    seconds.map(|seconds| ((seconds.value * 1e6) as u64).max(1))
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
        let joined =
            if path.starts_with('/') { path.to_owned() } else { self.join(path).to_string_lossy().into_owned() };
        String::from_utf8_lossy(&file_name(joined.into_bytes())).into_owned()
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
            threads: number(&group.threads, THREADS) as u32,
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
            waits: waits(group),
            limits: limits(group),
            confinement: self.confinement(group),
            python_eggs: group.other("python-eggs").map(|eggs| self.join(&eggs.value)),
            switch_interval_us: microseconds(group.switch_interval.as_ref()),
            server_metrics: group.other("server-metrics").is_some_and(|state| state.value.eq_ignore_ascii_case("on")),
            place: self.place(group.name.span),
        }
    }

    fn confinement(&self, group: &model::ProcessGroup) -> Confinement {
        let groups = group.other("supplementary-groups").map(|groups| {
            let names = groups.value.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(|name| Name { name: name.to_owned(), place: self.place(groups.span) }).collect()
        });
        Confinement {
            chroot: group.other("chroot").map(|chroot| PathBuf::from(&chroot.value)),
            supplementary_groups: groups,
            script_user: self.name(group.other("script-user")),
            script_group: self.name(group.other("script-group")),
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
        match &name.value {
            GroupName::Embedded => ProcessGroupName::Embedded,
            // A name that nobody defines is an error, and there is no plan then.
            GroupName::Named(name) => {
                self.server.process_group_index(name).map_or(ProcessGroupName::Embedded, ProcessGroupName::Daemon)
            }
            GroupName::Token(token) => ProcessGroupName::Token(token.clone()),
        }
    }

    fn python_flags(&self) -> Flags {
        let server = self.server;
        Flags {
            dont_write_bytecode: server.dont_write_bytecode.as_ref().is_some_and(|state| state.value),
            optimize: server.python_optimize.as_ref().map_or(0, |level| level.value.min(2) as u8),
            warnings: server.python_warnings.iter().map(|filter| filter.value.clone()).collect(),
            hash_seed: server.python_hash_seed.as_ref().map(|seed| seed.value.clone()),
        }
    }

    fn interpreters(&self) -> Interpreters {
        let server = self.server;
        let flag = |state: &Option<Spanned<bool>>, default| state.as_ref().map_or(default, |state| state.value);
        let own = |state: &Option<Spanned<bool>>| state.as_ref().map(|state| state.value);
        let name = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.value.clone());
        let restrictions = |said: &model::Restrictions| Restrictions {
            stdin: own(&said.stdin),
            stdout: own(&said.stdout),
            signal: own(&said.signal),
        };
        let options = server.interpreter_options.iter().map(|options| InterpreterOptions {
            process_group: name(&options.process_group),
            application_group: name(&options.application_group),
            own_gil: own(&options.per_interpreter_gil),
            switch_interval_us: microseconds(options.switch_interval.as_ref()),
            free_threading: own(&options.free_threading),
            python_path: self.python_path(options.python_path.as_ref()),
            restrictions: restrictions(&options.restrictions),
        });
        Interpreters {
            own_gil: flag(&server.per_interpreter_gil, false),
            switch_interval_us: microseconds(server.switch_interval.as_ref()),
            undestroyed: !flag(&server.destroy_interpreter, true),
            free_threading: flag(&server.free_threading, false),
            case_insensitive: !flag(&server.case_sensitivity, true),
            restrictions: restrictions(&server.restrictions),
            options: options.collect(),
        }
    }

    fn telemetry(&self) -> Option<Telemetry> {
        let said = &self.server.telemetry;
        let path = said.service.as_ref()?.value.strip_prefix("unix:")?;
        // A year is for ever.
        let milliseconds = |seconds: f64| (seconds.clamp(0.0, 31_536_000.0) * 1000.0) as u64;
        Some(Telemetry {
            socket: PathBuf::from(path),
            interval_ms: milliseconds(said.interval.as_ref().map_or(1.0, |interval| interval.value)),
            slow_request_ms: said.slow_requests.as_ref().map(|slow| milliseconds(slow.value)),
            user_agent: said.user_agent,
        })
    }

    /// What is loaded when a process starts (mod_wsgi's rule: a mount that names both groups is loaded too).
    fn preloads(&self) -> Vec<Preload> {
        let server = self.server;
        let patterns = server.hosts.iter().flat_map(|host| &host.pattern_mounts).map(|pattern| &pattern.mount);
        // What a pattern makes of its target is known with a request only.
        let mounts = server.mounts().chain(patterns.filter(|mount| !mount.script.value.contains(['$', '&'])));
        let named = mounts.filter_map(|mount| {
            Some((mount.order, &mount.script, mount.process_group.as_ref()?, mount.application_group.as_ref()?))
        });
        let imports = server.imports.iter();
        let imports =
            imports.map(|import| (import.order, &import.script, &import.process_group, &import.application_group));
        let mut all: Vec<_> = named.chain(imports).collect();
        all.sort_by_key(|(order, ..)| *order);
        let mut preloads: Vec<Preload> = Vec::new();
        for (_, script, process_group, application_group) in all {
            let process_group = self.process_group_name(process_group);
            let application_group = match hosts::application_group(application_group) {
                ApplicationGroup::Global => String::new(),
                ApplicationGroup::Named(name) => name,
                ApplicationGroup::Server | ApplicationGroup::Resource | ApplicationGroup::Token(_) => continue,
            };
            let preload = Preload {
                script: self.join(&script.value),
                process_group,
                application_group,
                place: self.place(script.span),
            };
            let is_there = |known: &Preload| Preload { place: preload.place.clone(), ..known.clone() } == preload;
            if !matches!(preload.process_group, ProcessGroupName::Token(_)) && !preloads.iter().any(is_there) {
                preloads.push(preload);
            }
        }
        preloads
    }

    fn embedded(&self, hosts: &[crate::plan::Host], preloads: &[Preload]) -> Embedded {
        let server = self.server;
        let number = |option: &Option<Spanned<u64>>, default| option.as_ref().map_or(default, |value| value.value);
        let started = number(&server.start_servers, 1).max(1);
        Embedded {
            needed: hosts.iter().any(sections::may_run_embedded)
                || preloads.iter().any(|preload| preload.process_group == ProcessGroupName::Embedded),
            scripts: hosts.iter().any(sections::runs_scripts),
            restricted: server.restrict_embedded.as_ref().is_some_and(|state| state.value),
            processes: started.min(number(&server.server_limit, u64::MAX).max(1)) as u32,
            threads: number(&server.threads_per_child, THREADS_PER_CHILD) as u32,
            python_home: self.python_home(server.python_home.as_ref()),
            python_path: self.python_path(server.python_path.as_ref()),
            python_eggs: server.python_eggs.as_ref().map(|eggs| self.join(&eggs.value)),
            server_metrics: server.server_metrics.as_ref().is_some_and(|state| state.value),
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

fn waits(group: &super::model::ProcessGroup) -> Waits {
    Waits {
        queue: seconds(group, "queue-timeout", 0),
        connect: seconds(group, "connect-timeout", 0),
        socket: seconds(group, "socket-timeout", 0),
        response: seconds(group, "response-socket-timeout", 0),
        backlog: seconds(group, "listen-backlog", 0),
    }
}

fn limits(group: &super::model::ProcessGroup) -> Limits {
    let bytes = |name| group.number(name).map(|bytes| bytes.value).filter(|bytes| *bytes > 0);
    Limits {
        cpu_time: seconds(group, "cpu-time-limit", 0),
        cpu_priority: group.other("cpu-priority").and_then(|priority| priority.value.parse().ok()),
        memory: bytes("memory-limit"),
        virtual_memory: bytes("virtual-memory-limit"),
        stack_size: bytes("stack-size"),
        send_buffer: bytes("send-buffer-size").map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX)),
        receive_buffer: bytes("receive-buffer-size").map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX)),
    }
}
