//! What a request takes, counted where somebody watches requests, and only there.

use std::time::{Duration, Instant};

use super::Caller;
use crate::object::{Attached, GilCell};

/// One request's.
pub(crate) struct Meter {
    /// Who runs it.
    pub(crate) caller: Caller,
    /// The thread's processor time before.
    before: CpuTime,
    counts: GilCell<Counts>,
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
        Self { caller, before: CpuTime::of_thread(), counts: GilCell::new(Counts::default()) }
    }

    /// Counts.
    pub(crate) fn count(&self, attached: Attached<'_>, add: impl FnOnce(&mut Counts)) {
        self.counts.with(attached, add);
    }

    /// What has been counted so far.
    pub(crate) fn counts(&self, attached: Attached<'_>) -> Counts {
        self.counts.with(attached, |counts| *counts)
    }

    /// Processor time since the beginning. To be asked on the thread that has begun.
    pub(crate) fn cpu_time(&self) -> CpuTime {
        let now = CpuTime::of_thread();
        CpuTime {
            user: now.user.saturating_sub(self.before.user),
            system: now.system.saturating_sub(self.before.system),
        }
    }

    /// Runs `f` detached, and counts how long it then takes to attach again.
    pub(crate) fn detached<R>(&self, attached: Attached<'_>, f: impl FnOnce() -> R) -> R {
        let (result, done) = attached.detached(|| (f(), Instant::now()));
        self.waited(attached, done);
        result
    }

    /// Counts a wait for the GIL that began then.
    pub(crate) fn waited(&self, attached: Attached<'_>, since: Instant) {
        let wait = since.elapsed();
        self.count(attached, |counts| {
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
    /// Counts one that began then.
    pub(crate) fn add(&mut self, bytes: usize, since: Option<Instant>) {
        self.times += 1;
        self.bytes += bytes as u64;
        self.time += since.map(|since| since.elapsed()).unwrap_or_default();
    }
}

impl CpuTime {
    fn of_thread() -> Self {
        // SAFETY: rusage is plain data, which getrusage fills in; the pointer is valid for the call.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage);
            usage
        };
        let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, (time.tv_usec as u32).saturating_mul(1000));
        Self { user: time(usage.ru_utime), system: time(usage.ru_stime) }
    }
}
