//! The parent's loop: fills the slots, notices deaths, and stops all in order.

mod connect;
mod ending;
mod show;
mod work;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

pub(super) use connect::connections_per_thread;
use ending::ending;

use super::descriptors::Descriptors;
use super::inbox::Heard;
use super::listen::Bound;
use super::logs::Logs;
use super::signals::Signals;
use super::slot::{Role, Slot, State};
use super::{StartError, Started};
use crate::plan::log::LogLevel;
use crate::plan::{Plan, ProcessGroup};
use crate::runtime::handoff::{Account, Order, Report, ScriptOwner};
use crate::runtime::log::ErrorLog;
use crate::runtime::scoreboard::Scoreboard;

/// How long the requests under way may take at a stop (`graceful-timeout`'s default), seconds.
const GRACE: f64 = 15.0;
/// How long a process that serves nobody may take to leave, seconds.
const SHUTDOWN: f64 = 5.0;
/// So many reports of a process are taken before the others are listened to.
const AT_ONCE: usize = 16;
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

/// What processes have in common.
pub(super) struct Common {
    /// What nobody else knows.
    pub(super) secret: [u8; 32],
    /// What those that accept HTTP do, where somebody may see it.
    pub(super) scoreboard: Option<Scoreboard>,
    /// How many descriptors each may have.
    pub(super) descriptors: Descriptors,
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
    common: Common,
}

impl Parent {
    #[allow(clippy::too_many_arguments, reason = "what was made ready, one by one; called from one place")]
    pub(super) fn new(
        plan: Plan,
        accounts: Accounts,
        library: OwnedFd,
        bound: Vec<Bound>,
        logs: Logs,
        signals: Signals,
        common: Common,
    ) -> Self {
        let main = &plan.hosts[0].error_log;
        let log = logs.file(&main.target).map(|file| ErrorLog::new(file, main.level.max(LogLevel::Notice)));
        let mut slots = Vec::new();
        for (group, process_group) in plan.process_groups.iter().enumerate() {
            for _ in 0..process_group.processes {
                let label = format!("process group {}", process_group.name);
                slots.push(Slot::new(Role::Daemon { group }, label, process_group.threads > 0));
            }
        }
        let (fronts, label) =
            if plan.embedded.runs_python() { (plan.embedded.processes, "embedded process") } else { (1, "front") };
        slots.extend((0..fronts).map(|_| Slot::new(Role::Front, label.to_owned(), true)));
        Self { plan, accounts, library, bound, logs, log, signals, slots, common }
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
        for index in 0..self.slots.len() {
            let Some(within) = within(self.slots[index].role) else { continue };
            let Some(running) = &mut self.slots[index].running else { continue };
            running.state = State::Leaving;
            longest = longest.max(within);
            self.show(index);
            if let Some(running) = &self.slots[index].running {
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
                Role::Front => self.spawn_front(self.number(index)).map(|spawned| (spawned, Vec::new(), None)),
                Role::Daemon { group } => self.spawn_daemon(group),
            };
            match spawned {
                Ok((spawned, connections, bell)) => {
                    self.slots[index].fill(spawned, connections, bell);
                    self.show(index);
                }
                Err(error) => {
                    self.slots[index].postpone();
                    let slot = &self.slots[index];
                    let code = if slot.role == Role::Front { "AH00159" } else { "WSGI0024" };
                    let message = format!("{code}: {}: no process can be started: {error}", slot.label);
                    return Err(StartError::Process(message));
                }
            }
        }
        Ok(())
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
        for _ in 0..AT_ONCE {
            let Some(running) = self.slots[index].running.as_mut().filter(|running| !running.silent) else { return };
            match running.inbox.next(&running.spawned.control) {
                Heard::Report(report) => self.take_report(index, report, failures),
                Heard::Nothing => return,
                Heard::End => running.silent = true,
                Heard::Nonsense(why) => self.give_up(index, &format!("sends {why}")),
            }
        }
    }

    /// Ends a process that does not behave as ours do. The next one takes its place when its end has been noticed.
    fn give_up(&mut self, index: usize, what: &str) {
        let Some(running) = self.slots[index].running.as_mut() else { return };
        running.silent = true;
        // Not before it has been waited for does its number belong to another.
        let _ = running.spawned.process.kill();
        let pid = running.spawned.process.id();
        let message = format!("{}: process {pid} {what}: it is killed", self.slots[index].label);
        self.note(LogLevel::Error, &message);
    }

    /// Sends an order. Who does not take it is given up; who has gone is noticed in time.
    fn send(&mut self, index: usize, order: &Order, descriptors: &[BorrowedFd<'_>]) {
        let Some(running) = &self.slots[index].running else { return };
        if let Err(error) = running.spawned.control.send(order, descriptors)
            && matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
        {
            self.give_up(index, "does not take its orders");
        }
    }

    fn take_report(&mut self, index: usize, report: Report, failures: &mut Vec<String>) {
        let Some(running) = self.slots[index].running.as_mut() else { return };
        match report {
            // Who says it again would get connections again.
            Report::Ready { .. } if running.state != State::Starting => {}
            Report::Ready { python } => {
                running.state = State::Ready(python);
                self.show(index);
                self.connect(index);
            }
            Report::Failed { message } => {
                running.state = State::Failed;
                // Its application may have made it up, and it is shown on a terminal.
                let shown = |letter: char| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter };
                failures.push(message.chars().map(shown).collect());
            }
            Report::Leaving { reason } => {
                running.state = State::Leaving;
                let pid = running.spawned.process.id();
                self.show(index);
                let message = format!("{}: process {pid} leaves: {reason}", self.slots[index].label);
                self.note(LogLevel::Info, &message);
            }
            Report::Unconnected => self.reconnect(index),
        }
    }

    /// Notices the end of a process.
    fn reap(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let Some(running) = &mut slot.running else { return };
        let Ok(Some(status)) = running.spawned.process.try_wait() else { return };
        let pid = running.spawned.process.id();
        let failed = matches!(running.state, State::Starting | State::Failed);
        let expected = matches!(running.state, State::Leaving | State::Failed) && status.signal().is_none();
        let pause = slot.empty();
        self.show(index);
        // Apache's code for a child that a signal has ended.
        let code = if status.signal().is_some() { "AH00052: " } else { "" };
        let message = format!(
            "{code}{}: process {pid} {}; the next one starts in {} ms",
            self.slots[index].label,
            ending(status),
            pause.as_millis()
        );
        if !expected {
            self.note(LogLevel::Error, &message);
        }
        if let (true, Role::Daemon { group }) = (failed, self.slots[index].role) {
            let is_front = |slot: &Slot| slot.role == Role::Front && slot.is_ready();
            let fronts: Vec<usize> = (0..self.slots.len()).filter(|index| is_front(&self.slots[*index])).collect();
            for front in fronts {
                // A front that has gone is replaced, and waits as if nothing had failed yet.
                self.send(front, &Order::Failing { group }, &[]);
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
