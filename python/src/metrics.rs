//! Figures of this process and its requests, recorded from the moment on in which somebody asks for them: the application by
//! `start_recording_metrics()`, or the configuration by `WSGITelemetryService`.

mod figures;
pub(crate) mod phase;
pub(crate) mod process;
mod server;

use std::mem::{replace, take};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::events;
use crate::gateway::environ::now;
use crate::gateway::meter::{CpuTime, Transfer};
use crate::gateway::{Request, meter::Meter};
use crate::interpreter::lock;
use crate::module::settings;
pub(crate) use figures::FUNCTIONS;
use phase::Phase;
use process::Usage;

/// When this process began, microseconds since the epoch.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static RECORDER: OnceLock<Recorder> = OnceLock::new();
/// Slow requests of one interval that are kept.
const MOST_SLOW: usize = 256;

/// Says that this process begins.
pub(crate) fn process_begins() {
    BEGUN.store(now(), Ordering::Relaxed);
}

/// When this process began, microseconds since the epoch.
pub(crate) fn process_begun() -> u64 {
    BEGUN.load(Ordering::Relaxed)
}

/// For whom figures are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The application reads them.
    Application,
    /// Telemetry does; it also wants requests that take longer than this.
    Telemetry(Option<Duration>),
}

/// Records from now on. The first reader remains the only one: figures are those since it read them last.
pub(crate) fn record(reader: Reader) -> &'static Recorder {
    let recorder = RECORDER.get_or_init(|| Recorder::new(reader));
    events::watch();
    recorder
}

/// Where figures are recorded.
pub(crate) fn recorder() -> Option<&'static Recorder> {
    RECORDER.get()
}

/// What is recorded.
pub(crate) struct Recorder {
    reader: Reader,
    inner: Mutex<Inner>,
}

struct Inner {
    threads: Vec<Thread>,
    active: Vec<Active>,
    /// Since recording began: requests, and how long they took.
    requests: u64,
    busy: Duration,
    interval: Interval,
}

/// A request that runs.
#[derive(Clone)]
pub(crate) struct Active {
    /// The request.
    pub(crate) request: Arc<Request>,
    /// How many ran when it began, itself too.
    pub(crate) beside: usize,
}

/// One request thread in the present interval.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Thread {
    /// When its present request began.
    begun: Option<Instant>,
    /// Requests since recording began.
    requests: u64,
    /// Requests that it has completed in the interval.
    pub(crate) completed: u64,
    /// How long it had a request in the interval.
    pub(crate) busy: Duration,
    /// Processor time of the completed ones.
    pub(crate) cpu: Duration,
    /// The longest of the completed ones.
    pub(crate) longest: Duration,
    /// How long its present request has taken.
    pub(crate) elapsed: Duration,
}

/// What is counted since figures were read last.
pub(crate) struct Interval {
    since: Instant,
    usage: Usage,
    /// Microseconds since the epoch.
    pub(crate) start: u64,
    /// Until the request was given to its process group, or to the application in embedded mode.
    pub(crate) server: Phase,
    /// Until a thread took it.
    pub(crate) queue: Phase,
    /// Until that called the application.
    pub(crate) daemon: Phase,
    /// Until it was done.
    pub(crate) application: Phase,
    /// All of these.
    pub(crate) request: Phase,
    /// Of that: waiting for the GIL, reading, writing.
    pub(crate) gil_wait: Phase,
    pub(crate) input_read: Phase,
    pub(crate) output_write: Phase,
    /// How many requests.
    pub(crate) requests: u64,
    /// Answers 1xx to 5xx.
    pub(crate) status: [u64; 5],
    pub(crate) input: Transfer,
    pub(crate) output: Transfer,
    pub(crate) gil_waits: u64,
    pub(crate) slow: Vec<Slow>,
}

/// A request that took long.
pub(crate) struct Slow {
    /// The request.
    pub(crate) active: Active,
    /// How long a thread had it.
    pub(crate) duration: Duration,
    /// Where that time went.
    pub(crate) parts: Parts,
    /// Processor time.
    pub(crate) cpu: CpuTime,
    /// What it was answered with.
    pub(crate) status: u16,
    /// How many ran when it ended, itself too.
    pub(crate) beside: usize,
}

/// An interval that is over.
pub(crate) struct Snapshot {
    /// What was counted.
    pub(crate) interval: Interval,
    /// How long it was.
    pub(crate) period: Duration,
    /// Processor time in it.
    pub(crate) cpu: CpuTime,
    /// What the process has now.
    pub(crate) usage: Usage,
    /// The threads, by their numbers.
    pub(crate) threads: Vec<Thread>,
}

/// What is true of the process now.
pub(crate) struct Totals {
    /// Requests since recording began.
    pub(crate) requests: u64,
    /// How long those that are complete took.
    pub(crate) busy: Duration,
    /// Requests that run.
    pub(crate) active: usize,
    /// Requests of each thread.
    pub(crate) threads: Vec<u64>,
}

/// How long a request took, part by part; embedded mode has neither queue nor daemon process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) server: Duration,
    pub(crate) queue: Duration,
    pub(crate) daemon: Duration,
    pub(crate) application: Duration,
}

impl Recorder {
    fn new(reader: Reader) -> Self {
        let threads = vec![Thread::default(); settings().threads_per_process as usize];
        let interval = Interval::begin(Instant::now(), Usage::now());
        let inner = Inner { threads, active: Vec::new(), requests: 0, busy: Duration::ZERO, interval };
        Self { reader, inner: Mutex::new(inner) }
    }

    /// Whether the application may read the figures.
    pub(crate) fn is_for_application(&self) -> bool {
        self.reader == Reader::Application
    }

    /// A request begins.
    pub(crate) fn begin(&self, request: &Arc<Request>) {
        let Some(meter) = &request.meter else { return };
        let mut inner = lock(&self.inner);
        let beside = inner.active.len() + 1;
        inner.active.push(Active { request: Arc::clone(request), beside });
        let thread = inner.thread(meter);
        thread.begun = Some(meter.begun);
        thread.requests += 1;
    }

    /// A request has ended on the calling thread.
    pub(crate) fn end(&self, request: &Arc<Request>, status: u16) {
        let Some(meter) = &request.meter else { return };
        let (cpu, duration, counts) = (meter.cpu_time(), meter.begun.elapsed(), meter.counts());
        let parts = Parts::of(request, meter, now());
        let mut inner = lock(&self.inner);
        // One that began before recording did is not there.
        let Some(place) = inner.active.iter().position(|active| Arc::ptr_eq(&active.request, request)) else { return };
        let beside = inner.active.len();
        let active = inner.active.swap_remove(place);
        inner.requests += 1;
        inner.busy += duration;
        let since = inner.interval.since;
        let thread = inner.thread(meter);
        thread.begun = None;
        thread.completed += 1;
        thread.busy += meter.begun.max(since).elapsed();
        thread.cpu += cpu.total();
        thread.longest = thread.longest.max(duration);
        let interval = &mut inner.interval;
        interval.requests += 1;
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        interval.status[if status == 0 { 4 } else { class }] += 1;
        parts.add_to(interval, meter.caller.daemon);
        interval.gil_wait.add(counts.gil_wait);
        interval.gil_waits += counts.gil_waits;
        interval.input_read.add(counts.input.time);
        interval.output_write.add(counts.output.time);
        interval.input.add_all(counts.input);
        interval.output.add_all(counts.output);
        if self.slow_limit().is_some_and(|limit| duration >= limit) && interval.slow.len() < MOST_SLOW {
            interval.slow.push(Slow { active, duration, parts, cpu, status, beside });
        }
    }

    fn slow_limit(&self) -> Option<Duration> {
        match self.reader {
            Reader::Telemetry(limit) => limit,
            Reader::Application => None,
        }
    }

    /// The requests that have run for longer than telemetry wants to know.
    pub(crate) fn slow_active(&self) -> Vec<Slow> {
        let Some(limit) = self.slow_limit() else { return Vec::new() };
        let active = lock(&self.inner).active.clone();
        let late = active.into_iter().filter_map(|active| {
            let meter = active.request.meter.as_ref()?;
            let duration = meter.begun.elapsed();
            let parts = Parts::of(&active.request, meter, now());
            let slow = Slow { active, duration, parts, cpu: CpuTime::default(), status: 0, beside: 0 };
            (duration >= limit).then_some(slow)
        });
        late.take(MOST_SLOW).collect()
    }

    /// Ends the interval and begins the next.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let (usage, time) = (Usage::now(), Instant::now());
        let mut inner = lock(&self.inner);
        let interval = replace(&mut inner.interval, Interval::begin(time, usage));
        let threads = inner.threads.iter_mut().map(|thread| thread.take(interval.since, time)).collect();
        drop(inner);
        let period = time.saturating_duration_since(interval.since);
        Snapshot { period, cpu: usage.cpu.since(interval.usage.cpu), usage, threads, interval }
    }

    /// What is true now.
    pub(crate) fn totals(&self) -> Totals {
        let inner = lock(&self.inner);
        let threads = inner.threads.iter().map(|thread| thread.requests).collect();
        Totals { requests: inner.requests, busy: inner.busy, active: inner.active.len(), threads }
    }
}

impl Inner {
    fn thread(&mut self, meter: &Meter) -> &mut Thread {
        let place = (meter.caller.thread_id as usize).saturating_sub(1);
        if place >= self.threads.len() {
            self.threads.resize(place + 1, Thread::default());
        }
        &mut self.threads[place]
    }
}

impl Thread {
    /// The interval's figures; those of the next begin at 0.
    fn take(&mut self, since: Instant, time: Instant) -> Self {
        let mut taken = Self { begun: self.begun, requests: self.requests, ..Self::default() };
        std::mem::swap(self, &mut taken);
        if let Some(begun) = taken.begun {
            taken.busy += time.saturating_duration_since(begun.max(since));
            taken.elapsed = time.saturating_duration_since(begun);
        }
        taken
    }
}

impl Interval {
    fn begin(since: Instant, usage: Usage) -> Self {
        Self {
            since,
            usage,
            start: now(),
            server: Phase::default(),
            queue: Phase::default(),
            daemon: Phase::default(),
            application: Phase::default(),
            request: Phase::default(),
            gil_wait: Phase::default(),
            input_read: Phase::default(),
            output_write: Phase::default(),
            requests: 0,
            status: [0; 5],
            input: Transfer::default(),
            output: Transfer::default(),
            gil_waits: 0,
            slow: Vec::new(),
        }
    }

    /// The slow requests that are complete.
    pub(crate) fn take_slow(&mut self) -> Vec<Slow> {
        take(&mut self.slow)
    }
}

impl Snapshot {
    /// Requests per second.
    // Exact up to more requests than an interval can have.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn throughput(&self) -> f64 {
        rate(self.interval.requests as f64, self.period)
    }

    /// The part of the threads' time in which they had requests.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn utilization(&self) -> f64 {
        let busy: Duration = self.threads.iter().map(|thread| thread.busy).sum();
        rate(busy.as_secs_f64(), self.period) / self.threads.len().max(1) as f64
    }

    /// How many threads had a request.
    pub(crate) fn active_threads(&self) -> usize {
        self.threads.iter().filter(|thread| thread.completed > 0 || thread.begun.is_some()).count()
    }
}

/// Per second.
pub(crate) fn rate(amount: f64, period: Duration) -> f64 {
    let seconds = period.as_secs_f64();
    if seconds > 0.0 { amount / seconds } else { 0.0 }
}

impl Parts {
    /// Of a request, if it ended at `end`, microseconds since the epoch.
    fn of(request: &Request, meter: &Meter, end: u64) -> Self {
        let call = &request.call;
        let begin = match meter.counts().application_start {
            0 => end,
            begin => begin,
        };
        let between = |from: u64, to: u64| Duration::from_micros(to.saturating_sub(from));
        let (daemon_start, application) = (meter.caller.daemon_start, between(begin, end));
        if meter.caller.daemon {
            Self {
                server: between(call.request_start, call.queue_start),
                queue: between(call.queue_start, daemon_start),
                daemon: between(daemon_start, begin),
                application,
            }
        } else {
            let (queue, daemon) = Default::default();
            Self { server: between(call.request_start, begin), queue, daemon, application }
        }
    }

    fn add_to(&self, interval: &mut Interval, daemon: bool) {
        interval.server.add(self.server);
        if daemon {
            interval.queue.add(self.queue);
            interval.daemon.add(self.daemon);
        }
        interval.application.add(self.application);
        interval.request.add(self.server + self.queue + self.daemon + self.application);
    }
}
