//! Looks after the connections: those that are idle for too long, those whose head is too slow, those that take nothing of their
//! answer, and all of them when the process leaves.
//!
//! One task looks at all connections together, a few times a second. A request costs no timer and no look at a clock, and a
//! limit holds to within two looks, never less.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::plan::Host;
use crate::runtime::scoreboard::Doing;

/// Time for the whole head of a request (`RequestReadTimeout header=`, its default).
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest and the shortest time between two looks.
const LOOKS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(50));

/// All connections of a process.
pub(super) struct Watch {
    connections: Mutex<Vec<Arc<Watched>>>,
    clock: Arc<Clock>,
    leaving: AtomicBool,
    /// A connection has come where none was.
    first: Notify,
    /// Time between two looks.
    pause: Duration,
}

/// The time of the last look.
struct Clock {
    began: Instant,
    /// Milliseconds since then.
    now: AtomicU64,
}

impl Clock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.now.store(self.began.elapsed().as_millis() as u64, Ordering::Relaxed);
    }
}

/// What a connection does, as the watch sees it.
pub(super) struct Watched {
    clock: Arc<Clock>,
    doing: AtomicU8,
    /// Since when, by the clock.
    since: AtomicU64,
    idle_limit: Duration,
    /// Since when the client has taken nothing of what there is for it, by the clock and 1 more; 0 while it does.
    stalled: AtomicU64,
    /// How long that may be, milliseconds.
    stall_limit: AtomicU64,
    order: AtomicU8,
    waker: OnceLock<Waker>,
}

const IDLE: u8 = 0;
const RECEIVING: u8 = 1;
const ANSWERING: u8 = 2;

/// What a connection is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Go on.
    None,
    /// End after the request under way.
    Leave,
    /// End now: the head of a request has not come in time.
    TooSlow,
    /// End now: the client takes nothing of its answer.
    Stalled,
}

impl Watch {
    /// A watch for connections to any of these hosts.
    pub(super) fn new(hosts: &[Host]) -> Self {
        let shortest = hosts.iter().map(|host| Duration::from_millis(host.keep_alive_timeout_ms)).min();
        Self {
            connections: Mutex::default(),
            clock: Arc::new(Clock { began: Instant::now(), now: AtomicU64::new(0) }),
            leaving: AtomicBool::new(false),
            first: Notify::new(),
            pause: (shortest.unwrap_or_default() / 4).clamp(LOOKS.1, LOOKS.0),
        }
    }

    /// A new connection, which may be idle for so long, and take nothing of an answer for so long.
    pub(super) fn add(&self, idle_limit: Duration, stall_limit: Duration) -> Arc<Watched> {
        self.clock.set();
        let watched = Arc::new(Watched {
            clock: Arc::clone(&self.clock),
            // The first head is due at once, whether or not anything of it comes.
            doing: AtomicU8::new(RECEIVING),
            since: AtomicU64::new(self.clock.now()),
            idle_limit,
            stalled: AtomicU64::new(0),
            stall_limit: AtomicU64::new(stall_limit.as_millis() as u64),
            order: AtomicU8::new(0),
            waker: OnceLock::new(),
        });
        let mut connections = self.lock();
        connections.push(Arc::clone(&watched));
        if self.leaving.load(Ordering::Relaxed) {
            watched.give(Order::Leave);
        }
        if connections.len() == 1 {
            self.first.notify_one();
        }
        watched
    }

    /// Looks at the connections until the process leaves, and then tells all of them.
    pub(super) async fn run(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let next = async {
                if self.lock().is_empty() {
                    self.first.notified().await;
                }
                tokio::time::sleep(self.pause).await;
            };
            tokio::select! {
                () = next => self.look(),
                () = stop.cancelled() => {}
            }
        }
        let connections = self.lock();
        self.leaving.store(true, Ordering::Relaxed);
        connections.iter().for_each(|watched| watched.give(Order::Leave));
    }

    fn look(&self) {
        self.clock.set();
        let now = self.clock.now();
        self.lock().retain(|watched| {
            if let Some(order) = watched.judge(now, self.pause) {
                watched.give(order);
            }
            // Otherwise its task has ended.
            Arc::strong_count(watched) > 1
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Watched>>> {
        self.connections.lock().expect("no panic while it is held")
    }
}

impl Watched {
    fn judge(&self, now: u64, pause: Duration) -> Option<Order> {
        // The clock may have been behind by a pause when it was read.
        let over = |limit: Duration| {
            Duration::from_millis(now.saturating_sub(self.since.load(Ordering::Relaxed))) > limit + pause
        };
        let stalled = self.stalled.load(Ordering::Relaxed);
        let limit = Duration::from_millis(self.stall_limit.load(Ordering::Relaxed)) + pause;
        if stalled > 0 && Duration::from_millis((now + 1).saturating_sub(stalled)) > limit {
            return Some(Order::Stalled);
        }
        match self.doing.load(Ordering::Relaxed) {
            IDLE if over(self.idle_limit) => Some(Order::Leave),
            RECEIVING if over(HEAD_TIMEOUT) => Some(Order::TooSlow),
            _ => None,
        }
    }

    fn give(&self, order: Order) {
        self.order.store(order as u8, Ordering::Release);
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// What the connection's task is to do; `waker` wakes it when there is something.
    pub(super) fn order(&self, waker: &Waker) -> Order {
        self.waker.get_or_init(|| waker.clone());
        match self.order.load(Ordering::Acquire) {
            0 => Order::None,
            order if order == Order::Leave as u8 => Order::Leave,
            order if order == Order::Stalled as u8 => Order::Stalled,
            _ => Order::TooSlow,
        }
    }

    /// Bytes have come in.
    pub(super) fn receives(&self) {
        if self.doing.load(Ordering::Relaxed) == IDLE {
            self.begin(RECEIVING);
        }
    }

    /// Bytes were to go out; `blocked`: the client has no room for them.
    pub(super) fn writes(&self, blocked: bool) {
        let stalled = self.stalled.load(Ordering::Relaxed);
        if blocked && stalled == 0 {
            self.stalled.store(self.clock.now() + 1, Ordering::Relaxed);
        } else if !blocked && stalled > 0 {
            self.stalled.store(0, Ordering::Relaxed);
        }
    }

    /// How long the client may take nothing of its answers from now on.
    pub(super) fn limit_stalls(&self, limit: Duration) {
        self.stall_limit.store(limit.as_millis() as u64, Ordering::Relaxed);
    }

    /// A request is being answered until the value is dropped.
    pub(super) fn answers(self: &Arc<Self>) -> Answering {
        self.begin(ANSWERING);
        Answering(Arc::clone(self))
    }

    /// What the connection waits for between two requests.
    pub(super) fn waits_for(&self) -> Option<Doing> {
        match self.doing.load(Ordering::Relaxed) {
            IDLE => Some(Doing::KeepsAlive),
            RECEIVING => Some(Doing::Reads),
            _ => None,
        }
    }

    fn begin(&self, what: u8) {
        self.since.store(self.clock.now(), Ordering::Relaxed);
        self.doing.store(what, Ordering::Relaxed);
    }
}

/// A request that is being answered, to the last byte.
pub(super) struct Answering(Arc<Watched>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.begin(IDLE);
    }
}
