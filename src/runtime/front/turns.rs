//! Who runs an application, and who polls for events: leader and followers.
//!
//! The threads of an embedded process share one event loop, which one of them, the leader, drives. A request that calls for an
//! application makes the leader leave the loop, call the application, and come back: no hand-over, no lock that others want. A
//! call that takes longer than [`SHORT`] costs the leader its place: the sentinel, a thread that looks once a millisecond while
//! calls are under way (less often where all of them are short), gives it to a follower. So short calls go one at a time, since
//! they would only fight for the GIL, and those that block keep nobody out.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, Weak};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::runtime::exchange::Application;

/// How long a call may keep the event loop waiting.
const SHORT: Duration = Duration::from_millis(1);
/// How long jobs are run one behind the other before their answers are sent.
const BATCH: Duration = Duration::from_micros(250);
/// How long the sentinel waits between two looks while calls have been short for long.
const SELDOM: Duration = Duration::from_millis(4);
/// Looks without any long call before it waits so long.
const SHORT_LOOKS: u32 = 1000;
/// Looks without any call before the sentinel goes to sleep.
const IDLE_LOOKS: u32 = 50;

/// The threads of a process that runs applications, and what they have to do.
pub(super) struct Turns {
    state: Mutex<State>,
    /// Where followers wait.
    lead: Condvar,
    /// Where the process waits for the end.
    ended: Condvar,
    /// Calls at a time.
    threads: usize,
    application: Arc<dyn Application>,
    /// See [`Application::is_parallel`].
    parallel: bool,
    asleep: AtomicBool,
    sentinel: OnceLock<Thread>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    /// The leader waits for a job.
    waker: Option<Waker>,
    led: bool,
    running: Vec<Running>,
    calls: u64,
    over: bool,
}

struct Running {
    number: u64,
    /// The sentinel has seen it before.
    seen: bool,
    /// Its thread leads no more.
    long: bool,
    produced: Weak<dyn Produced>,
}

/// A call of an application.
pub(super) trait Job: Send {
    /// Runs it on this thread. Returns who waits for its end, to be woken where that costs least.
    fn run(self: Box<Self>, turn: &Turn<'_>) -> Option<Waker>;

    /// What it produces meanwhile.
    fn produced(&self) -> Weak<dyn Produced>;
}

/// What a call has produced so far.
pub(super) trait Produced: Send + Sync {
    /// Wakes who waits for it, if there is something new.
    fn announce(&self);
}

/// A call's way to say that it will take long.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    /// The same for calls that run one behind the other; see [`crate::runtime::exchange::Call::batch`].
    pub(super) number: u64,
}

/// What a thread does after a call.
enum Next {
    /// The next call, in the same turn.
    Call(Box<dyn Job>),
    /// It goes back to the event loop.
    Lead,
    /// Another thread leads.
    Follow,
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Turn<'_> {
    /// Another thread takes the lead now. Before anything that waits for the client.
    pub(super) fn step_aside(&self) {
        let mut state = self.turns.lock();
        if let Some(call) = state.running.iter_mut().find(|call| call.number == self.number && !call.long) {
            call.long = true;
            state.led = false;
            drop(state);
            self.turns.lead.notify_one();
        }
    }
}

impl Turns {
    /// For `threads` calls at a time.
    pub(super) fn new(threads: usize, application: Arc<dyn Application>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            lead: Condvar::new(),
            ended: Condvar::new(),
            threads,
            parallel: application.is_parallel(),
            application,
            asleep: AtomicBool::new(true),
            sentinel: OnceLock::new(),
        })
    }

    /// A call to be run when its turn comes.
    pub(super) fn push(&self, job: Box<dyn Job>) {
        let waker = {
            let mut state = self.lock();
            state.jobs.push_back(job);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Starts the threads: one more than calls, so that one is always left to lead. They work until [`Turns::end`].
    pub(super) fn start(self: &Arc<Self>, runtime: &Arc<Runtime>) -> std::io::Result<Vec<JoinHandle<()>>> {
        let watched = Arc::clone(self);
        let sentinel = thread::Builder::new().name("wsgi-sentinel".into()).spawn(move || watched.watch())?;
        self.sentinel.get_or_init(|| sentinel.thread().clone());
        let work = |_| {
            let (turns, runtime) = (Arc::clone(self), Arc::clone(runtime));
            thread::Builder::new().name("wsgi-python".into()).spawn(move || turns.work(&runtime))
        };
        std::iter::once(Ok(sentinel)).chain((0..=self.threads).map(work)).collect()
    }

    /// Nothing is to be done any more.
    pub(super) fn end(&self) {
        let waker = {
            let mut state = self.lock();
            state.over = true;
            state.waker.take()
        };
        self.lead.notify_all();
        self.ended.notify_all();
        self.call_sentinel();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until [`Turns::end`].
    pub(super) fn await_end(&self) {
        let mut state = self.lock();
        while !state.over {
            state = self.ended.wait(state).expect("no panic while it is held");
        }
    }

    fn work(self: &Arc<Self>, runtime: &Runtime) {
        while self.await_lead() {
            let mut finished = Vec::new();
            while let Some(first) = runtime.block_on(Wait { turns: self, finished: &mut finished }) {
                if !self.run_batch(first, &mut finished) {
                    break;
                }
            }
        }
    }

    /// Runs a job, and those behind it, for a short while; whether this thread still leads. One visit to the event loop then
    /// sends all their answers, and a client that has several of them under way is woken once.
    fn run_batch(&self, first: Box<dyn Job>, finished: &mut Vec<Waker>) -> bool {
        let began = Instant::now();
        let turn = self.begin(first.produced());
        let mut job = first;
        let leads = loop {
            if self.parallel {
                turn.step_aside();
            }
            finished.extend(job.run(&turn));
            match self.after(&turn, began) {
                Next::Call(next) => job = next,
                Next::Lead => break true,
                Next::Follow => break false,
            }
        };
        self.application.rest();
        if !leads {
            finished.drain(..).for_each(Waker::wake);
        }
        leads
    }

    /// Waits until the lead is free, and takes it; `false` when all is over.
    fn await_lead(&self) -> bool {
        let mut state = self.lock();
        while state.led && !state.over {
            state = self.lead.wait(state).expect("no panic while it is held");
        }
        state.led = true;
        !state.over
    }

    /// Begins a turn with a call.
    fn begin(&self, produced: Weak<dyn Produced>) -> Turn<'_> {
        let number = {
            let mut state = self.lock();
            state.calls += 1;
            let number = state.calls;
            state.running.push(Running { number, seen: false, long: false, produced });
            number
        };
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel) {
            self.call_sentinel();
        }
        Turn { turns: self, number }
    }

    /// After a call of a turn that `began` then: the next call of the turn, or its end.
    fn after(&self, turn: &Turn<'_>, began: Instant) -> Next {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(place) = state.running.iter().position(|call| call.number == turn.number) else { return Next::Follow };
        if !state.running[place].long {
            if !state.jobs.is_empty()
                && state.running.len() <= self.threads
                && began.elapsed() < BATCH
                && let Some(job) = state.jobs.pop_front()
            {
                let number = turn.number;
                state.running[place] = Running { number, seen: false, long: false, produced: job.produced() };
                return Next::Call(job);
            }
            state.running.swap_remove(place);
            return Next::Lead;
        }
        state.running.swap_remove(place);
        if !state.led {
            // No follower has woken up yet.
            state.led = true;
            return Next::Lead;
        }
        // The leader may have waited for this thread to become free.
        let waker = if state.jobs.is_empty() { None } else { state.waker.take() };
        drop(guard);
        waker.into_iter().for_each(Waker::wake);
        Next::Follow
    }

    fn watch(&self) {
        let (mut idle, mut short) = (0, 0);
        while !self.lock().over {
            if idle > IDLE_LOOKS {
                self.asleep.store(true, Ordering::Release);
                // A call that began just before this store is seen here, one that begins after it unparks.
                if self.lock().running.is_empty() {
                    thread::park();
                }
                self.asleep.store(false, Ordering::Release);
                idle = 0;
            }
            thread::park_timeout(if short < SHORT_LOOKS { SHORT } else { SELDOM });
            let (calls, long) = self.look();
            idle = if calls == 0 { idle + 1 } else { 0 };
            short = if long == 0 { short.saturating_add(1) } else { 0 };
        }
    }

    /// Gives the lead away where a call has become long, and announces what long calls have produced. Counts the calls, and
    /// the long ones.
    fn look(&self) -> (usize, usize) {
        let mut state = self.lock();
        let mut free = false;
        let mut produced = Vec::new();
        for call in &mut state.running {
            free |= call.seen && !call.long;
            call.long |= call.seen;
            call.seen = true;
            if call.long {
                produced.extend(call.produced.upgrade());
            }
        }
        let calls = state.running.len();
        let long = state.running.iter().filter(|call| call.long).count();
        if free {
            state.led = false;
        }
        drop(state);
        if free {
            self.lead.notify_one();
        }
        for produced in produced {
            produced.announce();
        }
        (calls, long)
    }

    fn call_sentinel(&self) {
        if let Some(sentinel) = self.sentinel.get() {
            sentinel.unpark();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }
}

/// Waits for threads to end; whether all have within the time.
pub(super) fn join(threads: &[JoinHandle<()>], within: Duration) -> bool {
    let deadline = Instant::now() + within;
    while threads.iter().any(|thread| !thread.is_finished()) {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(SHORT);
    }
    true
}

/// The leader's wait for a call to run; `None` when all is over.
struct Wait<'a> {
    turns: &'a Turns,
    /// Who waits for the calls of the last batch. Woken inside the event loop, where it costs no system call.
    finished: &'a mut Vec<Waker>,
}

impl Future for Wait<'_> {
    type Output = Option<Box<dyn Job>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.finished.is_empty() {
            // Their answers go out before the next call begins.
            self.finished.drain(..).for_each(Waker::wake);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut state = self.turns.lock();
        if state.over {
            return Poll::Ready(None);
        }
        if state.running.len() < self.turns.threads
            && let Some(job) = state.jobs.pop_front()
        {
            return Poll::Ready(Some(job));
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
