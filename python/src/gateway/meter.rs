//! What a request takes, counted where somebody watches requests, and only there.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::Caller;
use crate::interpreter::lock;
use crate::object::Attached;

/// One request's.
pub(crate) struct Meter {
    /// Who runs it.
    pub(crate) caller: Caller,
    /// The thread's processor time before.
    before: CpuTime,
    /// When it began.
    pub(crate) begun: Instant,
    /// Read by other threads, without the GIL.
    counts: Mutex<Counts>,
}

/// What has been counted.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    /// When the application was called, microseconds since the epoch; 0 before.
    pub(crate) application_start: u64,
    /// How often the GIL was taken, and how long that took.
    pub(crate) gil_waits: u64,
    /// See `gil_waits`.
    pub(crate) gil_wait: Duration,
    /// Reads of `wsgi.input`, what they gave, and how long they took.
    pub(crate) input: Transfer,
    /// Blocks of the answer, their bytes, and how long the application waited for them to be sent. A small answer is sent when
    /// the application is done with it.
    pub(crate) output: Transfer,
}

/// Bytes that went one way.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Transfer {
    /// How often.
    pub(crate) times: u64,
    /// How many bytes.
    pub(crate) bytes: u64,
    /// How long.
    pub(crate) time: Duration,
}

/// Processor time of the calling thread.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct CpuTime {
    /// In the program.
    pub(crate) user: Duration,
    /// In the kernel.
    pub(crate) system: Duration,
}

impl Meter {
    /// Begins.
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller, before: CpuTime::of_thread(), begun: Instant::now(), counts: Mutex::default() }
    }

    /// Counts.
    pub(crate) fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut lock(&self.counts));
    }

    /// What has been counted so far.
    pub(crate) fn counts(&self) -> Counts {
        *lock(&self.counts)
    }

    /// Processor time since the beginning. To be asked on the thread that has begun.
    pub(crate) fn cpu_time(&self) -> CpuTime {
        CpuTime::of_thread().since(self.before)
    }

    /// Runs `f` detached, and counts how long it then takes to attach again.
    pub(crate) fn detached<R>(&self, attached: Attached<'_>, f: impl FnOnce() -> R) -> R {
        let (result, done) = attached.detached(|| (f(), Instant::now()));
        self.waited(done);
        result
    }

    /// Counts a wait for the GIL that began then.
    pub(crate) fn waited(&self, since: Instant) {
        let wait = since.elapsed();
        self.count(|counts| {
            counts.gil_waits += 1;
            counts.gil_wait += wait;
        });
    }
}

/// Runs `f` detached; a meter counts how long it takes to attach again.
pub(crate) fn detached<R>(attached: Attached<'_>, meter: Option<&Meter>, f: impl FnOnce() -> R) -> R {
    match meter {
        None => attached.detached(f),
        Some(meter) => meter.detached(attached, f),
    }
}

impl Transfer {
    /// Adds those of a request.
    pub(crate) fn add_all(&mut self, other: Self) {
        self.times += other.times;
        self.bytes += other.bytes;
        self.time += other.time;
    }

    /// Counts one that began then.
    pub(crate) fn add(&mut self, bytes: usize, since: Option<Instant>) {
        self.times += 1;
        self.bytes += bytes as u64;
        self.time += since.map(|since| since.elapsed()).unwrap_or_default();
    }
}

impl CpuTime {
    /// Of the calling thread.
    pub(crate) fn of_thread() -> Self {
        Self::of(libc::RUSAGE_THREAD).0
    }

    /// Of the process, and the kilobytes of memory that it has had at most.
    pub(crate) fn of_process() -> (Self, u64) {
        Self::of(libc::RUSAGE_SELF)
    }

    /// All of it.
    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }

    /// What has been added since then.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { user: self.user.saturating_sub(before.user), system: self.system.saturating_sub(before.system) }
    }

    fn of(who: libc::c_int) -> (Self, u64) {
        // SAFETY: rusage is plain data, which getrusage fills in; the pointer is valid for the call.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(who, &raw mut usage);
            usage
        };
        let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, (time.tv_usec as u32).saturating_mul(1000));
        (Self { user: time(usage.ru_utime), system: time(usage.ru_stime) }, usage.ru_maxrss as u64)
    }
}
