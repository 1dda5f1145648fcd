//! A place for a process that must be there: who fills it now, and when it is filled again.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::inbox::Inbox;
use super::spawn::Spawned;

/// The first pause before a process that died is started again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// The longest pause after a process that served: clients must not be able to keep a group away by what ends its processes.
const LONGEST_OF_SERVING: Duration = Duration::from_secs(1);
/// How long the parent waits for a front to take an order. It runs nobody's code, and may be busy.
const FRONT_PATIENCE: Duration = Duration::from_secs(5);
/// The same for a daemon process, whose application may not want any.
const DAEMON_PATIENCE: Duration = Duration::from_millis(100);
/// A process that served for so long did not die of its start.
const LONG_LIFE: Duration = Duration::from_secs(10);

/// What the process of a slot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Accepts HTTP; an embedded process does it too.
    Front,
    /// Runs the applications of a process group.
    Daemon {
        /// Index into `Plan::process_groups`.
        group: usize,
    },
}

/// A place for one process.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) role: Role,
    /// For messages: `process group shop`.
    pub(super) label: String,
    pub(super) running: Option<Running>,
    /// Its processes answer requests once they are ready; a service says that it is, and then runs its scripts.
    serves: bool,
    failures: u32,
    retry_at: Option<Instant>,
}

/// The process in a slot.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) spawned: Spawned,
    pub(super) state: State,
    began: Instant,
    /// The front's ends of the connections to its threads, until there is a front to have them.
    pub(super) connections: Vec<OwnedFd>,
    /// The front's end of its bell, if it has one.
    pub(super) bell: Option<OwnedFd>,
    /// What it says.
    pub(super) inbox: Inbox,
    /// Its side of the socket has been closed.
    pub(super) silent: bool,
}

/// How far a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Not ready yet.
    Starting,
    /// It serves, under this version of Python.
    Ready(Option<String>),
    /// It leaves on purpose.
    Leaving,
    /// It said why it could not start.
    Failed,
}

impl Slot {
    /// An empty slot, to be filled at once.
    pub(super) fn new(role: Role, label: String, serves: bool) -> Self {
        Self { role, label, running: None, serves, failures: 0, retry_at: Some(Instant::now()) }
    }

    /// Whether it should be filled now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.running.is_none() && self.retry_at.is_some_and(|at| at <= now)
    }

    /// When it should be filled, if it is empty.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.running.is_some() { None } else { self.retry_at }
    }

    /// Puts a process in.
    pub(super) fn fill(&mut self, spawned: Spawned, connections: Vec<OwnedFd>, bell: Option<OwnedFd>) {
        self.retry_at = None;
        let began = Instant::now();
        let patience = match self.role {
            Role::Front => FRONT_PATIENCE,
            Role::Daemon { .. } => DAEMON_PATIENCE,
        };
        // Else the parent would wait, which is no reason not to start.
        let _ = spawned.control.limit_sending(patience);
        let (inbox, silent) = (Inbox::new(), false);
        self.running = Some(Running { spawned, state: State::Starting, began, connections, bell, inbox, silent });
    }

    /// The process has ended. Says how long its place stays empty: not at all if it left on purpose.
    pub(super) fn empty(&mut self) -> Duration {
        let Some(ended) = self.running.take() else { return Duration::ZERO };
        let pause = match ended.state {
            State::Leaving => Duration::ZERO,
            State::Ready(_) if ended.began.elapsed() >= LONG_LIFE => {
                self.failures = 0;
                FIRST_PAUSE
            }
            State::Ready(_) if self.serves => self.pause().min(LONGEST_OF_SERVING),
            _ => self.pause(),
        };
        self.retry_at = Some(Instant::now() + pause);
        pause
    }

    /// It could not even be started.
    pub(super) fn postpone(&mut self) -> Duration {
        let pause = self.pause();
        self.retry_at = Some(Instant::now() + pause);
        pause
    }

    fn pause(&mut self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures += 1;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_slows_down() {
        let mut slot = Slot::new(Role::Front, "front".into(), true);
        let pauses: Vec<u128> = (0..10).map(|_| slot.postpone().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000]);
    }
}
