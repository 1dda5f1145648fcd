//! Keeps the event loop alive while its own threads run applications.
//!
//! The thread that read a request calls the application, so a call that blocks takes a worker of the event loop with it. Three
//! things must then be done from outside, and one thread does them, looking once a millisecond while calls are under way:
//!
//! - another worker is woken, so that somebody polls for events;
//! - what the call has produced is told to the connection's task: a wake from the blocked worker itself would put that task
//!   into the one slot of its queue which others can not steal from;
//! - the call's place at the gate is given to the next. While calls are short they go one at a time, since they would only fight
//!   for the GIL; those that block do not keep others out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// How long a call may keep others waiting.
const SHORT: Duration = Duration::from_millis(1);
/// Looks without any call before the thread goes to sleep.
const IDLE_LOOKS: u32 = 50;

/// Who may run an application now.
#[derive(Debug)]
pub(super) struct Turns {
    /// One permit for each Python thread.
    threads: Semaphore,
    /// One permit for each interpreter lock: calls that have just begun.
    gate: Semaphore,
    running: Mutex<Vec<Running>>,
    asleep: AtomicBool,
    sentinel: std::sync::OnceLock<Thread>,
}

#[derive(Debug)]
struct Running {
    number: u64,
    /// Whether the sentinel has seen it before.
    seen: bool,
    /// Whether its place at the gate has been given away.
    long: bool,
    produced: Weak<dyn Produced>,
}

/// What a call has produced, for the sentinel to announce.
pub(super) trait Produced: std::fmt::Debug + Send + Sync {
    /// Wakes who waits for it, if there is something new. Called by the sentinel only.
    fn announce(&self);
}

/// The right to run one call.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    number: u64,
}

impl Turns {
    /// `threads` calls at a time, `locks` of them short ones. Starts the sentinel, which ends with the process.
    pub(super) fn start(threads: usize, locks: usize, handle: Handle) -> std::io::Result<Arc<Self>> {
        let turns = Arc::new(Self {
            threads: Semaphore::new(threads),
            gate: Semaphore::new(locks.min(threads)),
            running: Mutex::default(),
            asleep: AtomicBool::new(true),
            sentinel: std::sync::OnceLock::new(),
        });
        let watched = Arc::clone(&turns);
        let sentinel = thread::Builder::new().name("wsgi-sentinel".into()).spawn(move || watch(&watched, &handle))?;
        turns.sentinel.get_or_init(|| sentinel.thread().clone());
        Ok(turns)
    }

    /// Waits for a turn.
    pub(super) async fn take(self: &Arc<Self>, number: u64, produced: Weak<dyn Produced>) -> Turn {
        // The semaphores are never closed, so there is always a permit to forget; `Turn` gives both back.
        let permits = (self.threads.acquire().await, self.gate.acquire().await);
        for permit in [permits.0, permits.1].into_iter().flatten() {
            permit.forget();
        }
        self.lock().push(Running { number, seen: false, long: false, produced });
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel) {
            self.call_sentinel();
        }
        Turn { turns: Arc::clone(self), number }
    }

    /// Has the sentinel look now: a call has produced much, or needs something.
    pub(super) fn call_sentinel(&self) {
        if let Some(sentinel) = self.sentinel.get() {
            sentinel.unpark();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.running.lock().expect("no panic while it is held")
    }

    /// Announces what there is; the number of calls, and how many of them have become long since the last look.
    fn look(&self) -> (usize, usize) {
        let mut produced = Vec::new();
        let mut grown = 0;
        let calls = {
            let mut running = self.lock();
            for call in running.iter_mut() {
                if call.seen && !call.long {
                    call.long = true;
                    grown += 1;
                }
                call.seen = true;
                if call.long {
                    produced.extend(call.produced.upgrade());
                }
            }
            running.len()
        };
        for produced in produced {
            produced.announce();
        }
        (calls, grown)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let long = {
            let mut running = self.turns.lock();
            let place = running.iter().position(|call| call.number == self.number);
            place.is_some_and(|place| running.swap_remove(place).long)
        };
        if !long {
            self.turns.gate.add_permits(1);
        }
        self.turns.threads.add_permits(1);
    }
}

fn watch(turns: &Turns, handle: &Handle) {
    let mut idle = 0;
    loop {
        if idle > IDLE_LOOKS {
            turns.asleep.store(true, Ordering::Release);
            // A call that began just before this store is seen here, one that begins after it unparks.
            if turns.lock().is_empty() {
                thread::park();
            }
            turns.asleep.store(false, Ordering::Release);
            idle = 0;
        }
        thread::park_timeout(SHORT);
        let (calls, grown) = turns.look();
        idle = if calls == 0 { idle + 1 } else { 0 };
        if grown > 0 {
            turns.gate.add_permits(grown);
            // Wakes a worker that sleeps: with nothing else to do it polls for events.
            drop(handle.spawn(async {}));
        }
    }
}
