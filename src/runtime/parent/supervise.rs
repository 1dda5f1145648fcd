//! The parent's loop: fills the slots, connects fronts with daemon processes, notices deaths, and stops all in order.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};

use super::listen::Bound;
use super::logs::Logs;
use super::python;
use super::signals::Signals;
use super::slot::{Role, Slot, State};
use super::spawn::{connections, spawn};
use super::{StartError, Started};
use crate::plan::interpreters::Interpreters;
use crate::plan::log::LogLevel;
use crate::plan::{Plan, Preload, ProcessGroup, ProcessGroupName};
use crate::runtime::handoff::{Account, DaemonWork, FrontWork, Order, ProcessLimits, Report, ScriptOwner, Start, Work};
use crate::runtime::log::ErrorLog;

/// How long the requests under way may take at a stop (`graceful-timeout`'s default), seconds.
const GRACE: f64 = 15.0;
/// How long a process that serves nobody may take to leave, seconds.
const SHUTDOWN: f64 = 5.0;
/// How much longer the parent waits before it kills.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who is who.
pub(super) struct Accounts {
    /// Who the front and the embedded processes become.
    pub(super) server: Option<Account>,
    /// Who the processes of each group become.
    pub(super) groups: Vec<Option<Account>>,
    /// Whose the scripts of each group must be.
    pub(super) script_owners: Vec<ScriptOwner>,
}

/// The parent of all processes.
pub(super) struct Parent {
    plan: Plan,
    accounts: Accounts,
    library: OwnedFd,
    bound: Vec<Bound>,
    logs: Logs,
    log: Option<ErrorLog>,
    signals: Signals,
    slots: Vec<Slot>,
    secret: [u8; 32],
}

impl Parent {
    pub(super) fn new(
        plan: Plan,
        accounts: Accounts,
        library: OwnedFd,
        bound: Vec<Bound>,
        logs: Logs,
        signals: Signals,
        secret: [u8; 32],
    ) -> Self {
        let main = &plan.hosts[0].error_log;
        let log = logs.file(&main.target).map(|file| ErrorLog::new(file, main.level.max(LogLevel::Notice)));
        let mut slots = Vec::new();
        for (group, process_group) in plan.process_groups.iter().enumerate() {
            for _ in 0..process_group.processes {
                slots.push(Slot::new(Role::Daemon { group }, format!("process group {}", process_group.name)));
            }
        }
        let (fronts, label) =
            if plan.embedded.runs_python() { (plan.embedded.processes, "embedded process") } else { (1, "front") };
        slots.extend((0..fronts).map(|_| Slot::new(Role::Front, label.to_owned())));
        Self { plan, accounts, library, bound, logs, log, signals, slots, secret }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Starts all processes and waits until they are ready, or have died once. `None` when a signal says stop before.
    ///
    /// # Errors
    /// What the first process that cannot start says of it.
    pub(super) fn start(&mut self) -> Result<Option<Started>, StartError> {
        while !self.signals.take_stop() {
            self.fill()?;
            if self.slots.iter().all(Slot::is_settled) {
                return Ok(Some(self.started()));
            }
            let failures = self.turn(None)?;
            if let Some(message) = failures.into_iter().next() {
                return Err(StartError::Process(message));
            }
        }
        Ok(None)
    }

    /// Watches until a signal says stop.
    ///
    /// # Errors
    /// When the machine refuses to wait.
    pub(super) fn watch(&mut self) -> Result<(), StartError> {
        self.note(LogLevel::Notice, "resuming normal operations");
        while !self.signals.take_stop() {
            if self.signals.take_reload() {
                self.note(LogLevel::Notice, "reload is not there yet: the running configuration goes on");
            }
            if let Err(error) = self.fill() {
                self.note(LogLevel::Alert, &error.to_string());
            }
            let due = self.slots.iter().filter_map(Slot::due).min();
            for message in self.turn(due)? {
                self.note(LogLevel::Alert, &message);
            }
        }
        Ok(())
    }

    /// Stops all: the fronts first, so that their requests still find the daemon processes.
    pub(super) fn end(mut self) {
        self.note(LogLevel::Notice, "shutting down");
        // Who comes now is refused at once instead of waiting for nobody.
        self.bound.clear();
        // A front that never became ready has no requests to finish.
        let served = self.slots.iter().any(|slot| slot.role == Role::Front && slot.is_ready());
        // Where a group waits without limit, the server's own end has one.
        let limit = |group: &ProcessGroup| group.timers.shutdown.map_or(GRACE, f64::from);
        let daemons: Vec<f64> = self.plan.process_groups.iter().map(limit).collect();
        let front = if served { daemons.iter().copied().fold(GRACE, f64::max) } else { SHUTDOWN };
        self.stop(|role| (role == Role::Front).then_some(front));
        self.stop(|role| match role {
            Role::Front => None,
            Role::Daemon { group } => Some(daemons[group]),
        });
        self.log = None;
        let Self { logs, .. } = self;
        logs.close();
    }

    /// Stops the processes for whose role there is a time, in seconds, within which they must leave.
    fn stop(&mut self, within: impl Fn(Role) -> Option<f64>) {
        let of = |role| within(role).is_some();
        let mut longest: f64 = 0.0;
        for slot in &mut self.slots {
            if let (Some(running), Some(within)) = (&mut slot.running, within(slot.role)) {
                running.state = State::Leaving;
                longest = longest.max(within);
                let _ = running.spawned.control.send(&Order::Stop { within }, &[]);
            }
        }
        let deadline = Instant::now() + Duration::from_secs_f64(longest) + PATIENCE;
        while self.slots.iter().any(|slot| of(slot.role) && slot.running.is_some()) {
            let again = self.turn(Some(deadline)).is_err() || self.signals.take_stop();
            if again || Instant::now() >= deadline {
                self.kill(&of);
                return;
            }
        }
    }

    fn kill(&mut self, of: &impl Fn(Role) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| of(slot.role)) {
            if let Some(mut running) = slot.running.take() {
                let _ = running.spawned.process.kill();
                let _ = running.spawned.process.wait();
            }
        }
    }

    /// Fills every slot that is due.
    fn fill(&mut self) -> Result<(), StartError> {
        let now = Instant::now();
        for index in 0..self.slots.len() {
            if !self.slots[index].is_due(now) {
                continue;
            }
            let spawned = match self.slots[index].role {
                Role::Front => self.spawn_front().map(|spawned| (spawned, Vec::new(), None)),
                Role::Daemon { group } => self.spawn_daemon(group),
            };
            match spawned {
                Ok((spawned, connections, bell)) => self.slots[index].fill(spawned, connections, bell),
                Err(error) => {
                    self.slots[index].postpone();
                    return Err(StartError::Machine(error));
                }
            }
        }
        Ok(())
    }

    fn spawn_front(&self) -> io::Result<super::spawn::Spawned> {
        let embedded = self.plan.embedded.runs_python();
        let start = Start {
            label: if embedded { "embedded process".into() } else { "front".into() },
            account: self.accounts.server.clone(),
            chroot: None,
            umask: None,
            limits: ProcessLimits::default(),
            home: None,
            python: embedded.then(|| python::of_embedded(&self.plan)),
        };
        let logs = self.logs.all();
        let work = FrontWork {
            plan: self.plan.clone(),
            listeners: self.bound.iter().map(|bound| bound.listener).collect(),
            logs: logs.iter().map(|(target, _)| target.clone()).collect(),
            embedded,
            script_owners: self.accounts.script_owners.clone(),
            preload: preloads(&self.plan, &ProcessGroupName::Embedded),
            interpreters: self.plan.interpreters.clone(),
            secret: self.secret,
        };
        let listeners = self.bound.iter().map(|bound| bound.socket.as_fd());
        let descriptors: Vec<BorrowedFd<'_>> = listeners.chain(logs.iter().map(|(_, file)| file.as_fd())).collect();
        let library = embedded.then_some(&self.library);
        spawn("wsgi-serve: front", &start, library, &Work::Front(Box::new(work)), &descriptors, &*self.output(0)?)
    }

    /// Starts a process of a group; with it the front's ends of its connections, and of its bell.
    fn spawn_daemon(&self, index: usize) -> io::Result<(super::spawn::Spawned, Vec<OwnedFd>, Option<OwnedFd>)> {
        let group = &self.plan.process_groups[index];
        let label = format!("process group {}", group.name);
        let start = Start {
            label: label.clone(),
            account: self.accounts.groups[index].clone(),
            chroot: group.confinement.chroot.clone(),
            umask: group.umask,
            limits: process_limits(group),
            home: group.home.clone(),
            python: Some(python::of_group(&self.plan, group)),
        };
        let work = DaemonWork {
            group: group.clone(),
            preload: preloads_inside(&self.plan, index),
            connections: connections_per_thread(group),
            level: self.plan.hosts[group.host].error_log.wsgi_level,
            interpreters: Interpreters {
                switch_interval_us: group.switch_interval_us.or(self.plan.interpreters.switch_interval_us),
                ..self.plan.interpreters.clone()
            },
            telemetry: self.plan.telemetry.clone(),
        };
        let (ours, theirs) = connections(group.threads * connections_per_thread(group), &group.limits)?;
        let bell = if connections_per_thread(group) > 1 {
            Some(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
        } else {
            None
        };
        let (reader, writer) = bell.unzip();
        let descriptors: Vec<BorrowedFd<'_>> = reader.iter().chain(&writer).chain(&theirs).map(AsFd::as_fd).collect();
        let output = self.output(group.host)?;
        let work = Work::Daemon(Box::new(work));
        let spawned =
            spawn(&format!("wsgi-serve: {label}"), &start, Some(&self.library), &work, &descriptors, &output)?;
        Ok((spawned, ours, writer))
    }

    fn output(&self, host: usize) -> io::Result<Arc<std::fs::File>> {
        let target = &self.plan.hosts[host].error_log.target;
        self.logs.file(target).ok_or_else(|| io::Error::other("an error log that is not open"))
    }

    /// Waits for something to happen, until `deadline`, and deals with it. Returns what processes said that could not start.
    fn turn(&mut self, deadline: Option<Instant>) -> Result<Vec<String>, StartError> {
        self.wait(deadline).map_err(StartError::Machine)?;
        self.signals.clear();
        let mut failures = Vec::new();
        for index in 0..self.slots.len() {
            self.listen_to(index, &mut failures);
            self.reap(index);
        }
        Ok(failures)
    }

    fn wait(&self, deadline: Option<Instant>) -> io::Result<()> {
        let timeout = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|timeout| rustix::event::Timespec::try_from(timeout).ok());
        let signals = self.signals.descriptor();
        let mut descriptors = vec![PollFd::from_borrowed_fd(signals, PollFlags::IN)];
        for running in self.slots.iter().filter_map(|slot| slot.running.as_ref()) {
            if !running.silent {
                descriptors.push(PollFd::new(&running.spawned.control, PollFlags::IN));
            }
        }
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in the reports of a process.
    fn listen_to(&mut self, index: usize, failures: &mut Vec<String>) {
        while let Some(running) = self.slots[index].running.as_mut().filter(|running| !running.silent) {
            if !is_readable(&running.spawned.control) {
                return;
            }
            match running.spawned.control.receive::<Report>() {
                Ok(Some((report, _))) => self.take_report(index, report, failures),
                Ok(None) | Err(_) => running.silent = true,
            }
        }
    }

    fn take_report(&mut self, index: usize, report: Report, failures: &mut Vec<String>) {
        let Some(running) = self.slots[index].running.as_mut() else { return };
        match report {
            Report::Ready { python } => {
                running.state = State::Ready(python);
                self.connect(index);
            }
            Report::Failed { message } => {
                running.state = State::Failed;
                failures.push(message);
            }
            Report::Leaving { reason } => {
                running.state = State::Leaving;
                let pid = running.spawned.process.id();
                let message = format!("{}: process {pid} leaves: {reason}", self.slots[index].label);
                self.note(LogLevel::Info, &message);
            }
            Report::Unconnected => self.reconnect(index),
        }
    }

    /// A process has become ready: a daemon process is connected to the front, a front to all daemon processes.
    fn connect(&mut self, index: usize) {
        let Some(front) = self.slots.iter().position(|slot| slot.role == Role::Front && slot.is_ready()) else {
            return;
        };
        let daemons: Vec<usize> = if index == front {
            (0..self.slots.len())
                .filter(|daemon| self.slots[*daemon].role != Role::Front && self.slots[*daemon].is_ready())
                .collect()
        } else {
            vec![index]
        };
        for daemon in daemons.into_iter().filter(|daemon| *daemon != front) {
            self.connect_pair(front, daemon);
        }
    }

    fn connect_pair(&mut self, front: usize, daemon: usize) {
        let Role::Daemon { group } = self.slots[daemon].role else { return };
        let process_group = &self.plan.process_groups[group];
        let count = process_group.threads * connections_per_thread(process_group);
        if count == 0 {
            // A service takes no requests.
            return;
        }
        let Some(running) = &mut self.slots[daemon].running else { return };
        let mut ours = std::mem::take(&mut running.connections);
        if ours.is_empty() {
            // An earlier front had the first ones.
            match self.renew(daemon, count) {
                Ok(connections) => ours = connections,
                Err(error) => {
                    let message = format!("{}: no connections: {error}", self.slots[daemon].label);
                    return self.note(LogLevel::Alert, &message);
                }
            }
        }
        self.hand_over(front, daemon, group, &ours);
    }

    /// Gives a daemon process new connections; the front's ends of them.
    fn renew(&self, daemon: usize, count: u32) -> io::Result<Vec<OwnedFd>> {
        let Role::Daemon { group } = self.slots[daemon].role else { return Ok(Vec::new()) };
        let Some(running) = &self.slots[daemon].running else { return Ok(Vec::new()) };
        let (ours, theirs) = connections(count, &self.plan.process_groups[group].limits)?;
        let theirs: Vec<BorrowedFd<'_>> = theirs.iter().map(AsFd::as_fd).collect();
        let order = Order::Connections { group, pid: running.spawned.process.id(), bell: false };
        running.spawned.control.send(&order, &theirs)?;
        Ok(ours)
    }

    fn hand_over(&self, front: usize, daemon: usize, group: usize, connections: &[OwnedFd]) {
        let (Some(front), Some(daemon)) = (&self.slots[front].running, &self.slots[daemon].running) else { return };
        let (pid, bell) = (daemon.spawned.process.id(), daemon.bell.is_some());
        let descriptors: Vec<BorrowedFd<'_>> = daemon.bell.iter().chain(connections).map(AsFd::as_fd).collect();
        // A front that has gone is replaced, and connected anew.
        let _ = front.spawned.control.send(&Order::Connections { group, pid, bell }, &descriptors);
    }

    /// A thread of a daemon process has lost a connection. Where there is no front now, the next one connects all threads.
    fn reconnect(&mut self, daemon: usize) {
        let Role::Daemon { group } = self.slots[daemon].role else { return };
        let front = self.slots.iter().position(|slot| slot.role == Role::Front && slot.is_ready());
        if let Some(front) = front
            && let Ok(connections) = self.renew(daemon, 1)
        {
            self.hand_over(front, daemon, group, &connections);
        }
    }

    /// Notices the end of a process.
    fn reap(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let Some(running) = &mut slot.running else { return };
        let Ok(Some(status)) = running.spawned.process.try_wait() else { return };
        let pid = running.spawned.process.id();
        let failed = matches!(running.state, State::Starting | State::Failed);
        let expected = matches!(running.state, State::Leaving | State::Failed) && !status_is_signal(status);
        let pause = slot.empty();
        let message = format!(
            "{}: process {pid} {}; the next one starts in {} ms",
            slot.label,
            ending(status),
            pause.as_millis()
        );
        if !expected {
            self.note(LogLevel::Error, &message);
        }
        if let (true, Role::Daemon { group }) = (failed, self.slots[index].role) {
            for front in self.slots.iter().filter(|slot| slot.role == Role::Front && slot.is_ready()) {
                let Some(front) = &front.running else { continue };
                // A front that has gone is replaced, and waits as if nothing had failed yet.
                let _ = front.spawned.control.send(&Order::Failing { group }, &[]);
            }
        }
    }

    fn started(&self) -> Started {
        let python_of = |wanted: Role| {
            self.slots.iter().filter(|slot| slot.role == wanted).find_map(|slot| match &slot.running.as_ref()?.state {
                State::Ready(python) => python.clone(),
                _ => None,
            })
        };
        let groups = 0..self.plan.process_groups.len();
        let remarks = super::remarks::remarks(&self.plan);
        for remark in &remarks {
            self.note(LogLevel::Warn, remark);
        }
        let address = |listener| self.bound.iter().find(|bound| bound.listener == listener).map(|bound| bound.address);
        Started {
            listening: (0..self.plan.listeners.len()).filter_map(address).collect(),
            pythons: groups.map(|group| python_of(Role::Daemon { group })).collect(),
            embedded: python_of(Role::Front),
            remarks,
        }
    }

    fn note(&self, level: LogLevel, message: &str) {
        if let Some(log) = &self.log {
            log.write("core", level, message);
        }
    }
}

impl Slot {
    /// Whether its process serves.
    fn is_ready(&self) -> bool {
        self.running.as_ref().is_some_and(|running| matches!(running.state, State::Ready(_)))
    }

    /// Whether it has a process that is ready, or had one that died.
    fn is_settled(&self) -> bool {
        match &self.running {
            Some(running) => matches!(running.state, State::Ready(_) | State::Leaving),
            None => self.due().is_some_and(|at| at > Instant::now()),
        }
    }
}

/// Connections of each thread of a group. A group of one thread has four: while it answers one request the next ones are on
/// their way, and nobody waits for the other to wake up. With more threads that would queue requests behind busy ones, and
/// with a `queue-timeout` nobody could say of them that they still wait.
fn connections_per_thread(group: &ProcessGroup) -> u32 {
    if group.processes == 1 && group.threads == 1 && group.waits.queue.is_none() { 4 } else { 1 }
}

/// What the kernel is to see to.
fn process_limits(group: &ProcessGroup) -> ProcessLimits {
    let limits = &group.limits;
    let timers = [group.timers.graceful, group.timers.shutdown];
    // Beyond the first limit the process has its time to leave; then the kernel ends it.
    let leave = timers.into_iter().flatten().map(u64::from).sum::<u64>() + 1;
    ProcessLimits {
        cpu_priority: limits.cpu_priority.filter(|priority| *priority != 0),
        cpu_time: limits.cpu_time.map(|limit| (limit.into(), u64::from(limit) + leave)),
        data: limits.memory,
        address_space: limits.virtual_memory,
    }
}

/// What the processes of a group load when they start.
fn preloads(plan: &Plan, process_group: &ProcessGroupName) -> Vec<Preload> {
    let preloads = plan.preloads.iter().filter(|preload| preload.process_group == *process_group);
    preloads.cloned().collect()
}

/// Those of a process group, by the paths that its processes see.
fn preloads_inside(plan: &Plan, index: usize) -> Vec<Preload> {
    let confinement = &plan.process_groups[index].confinement;
    let preloads = preloads(plan, &ProcessGroupName::Daemon(index)).into_iter().filter_map(|preload| {
        let script = confinement.inside(preload.script.as_os_str().as_bytes())?;
        let script = PathBuf::from(OsStr::from_bytes(script));
        Some(Preload { script, ..preload })
    });
    preloads.collect()
}

fn is_readable(control: &impl AsFd) -> bool {
    let mut descriptors = [PollFd::new(control, PollFlags::IN)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(poll(&mut descriptors, Some(&now)), Ok(ready) if ready > 0)
}

fn status_is_signal(status: ExitStatus) -> bool {
    status.signal().is_some()
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => {
            let name = signal_hook::low_level::signal_name(signal).unwrap_or("a signal");
            format!("was ended by signal {signal} ({name})")
        }
        (None, None) => "ended".to_owned(),
    }
}
