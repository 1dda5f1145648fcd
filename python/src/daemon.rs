//! A daemon process: threads that each serve one connection, and the main thread that watches over them.

mod attendant;
mod connection;
mod messenger;
mod service;
mod signal;
mod slot;
mod watch;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wsgi_httpd::plan::limits::Timers;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::handoff::{Control, DaemonWork, Order, Report};
use wsgi_httpd::runtime::scoreboard::Scoreboard;

use crate::events;
use crate::forked::Link;
use crate::log;
use crate::module::{self, Settings};
use crate::object::Attached;
use crate::process::{self, SHUTDOWN_TIMEOUT};
use crate::telemetry::{self, Reporter};
use crate::title;
use attendant::Attendant;
use connection::Connection;
use messenger::Messenger;
use signal::Wake;
use slot::Slot;
use watch::Watch;

/// A time of the process's own clock, which starts with 1, or a length of time.
type Milliseconds = u64;
/// A time that does not come.
const NEVER: Milliseconds = Milliseconds::MAX;

fn seconds(seconds: u32) -> Milliseconds {
    Milliseconds::from(seconds) * 1000
}

/// Serves until the process leaves: told by the parent, by `SIGTERM`, or of its own accord.
pub(crate) fn run(
    attached: Attached<'_>,
    work: &DaemonWork,
    mut descriptors: VecDeque<OwnedFd>,
    control: &Control,
) -> io::Result<()> {
    log::set_level(work.level);
    let group = &work.group;
    title::set(&group.display_name.clone().unwrap_or_else(|| format!("wsgi-serve: process group {}", group.name)));
    let memory = work.scoreboard.and_then(|layout| Some((layout, descriptors.pop_back()?)));
    let scoreboard = memory.map(|(layout, memory)| Scoreboard::open(layout, memory));
    module::set_settings(Settings { scoreboard, ..settings(work) });
    if let Some(locale) = &group.locale {
        set_locale(attached, locale, &group.name);
    }
    let main = process::furnish_main(attached)?;
    if group.threads == 0 {
        service::run(attached, work, control)?;
        process::end_interpreters(attached, main);
        return Ok(());
    }
    let wake = signal::install()?;
    attached.detached(|| serve(work, descriptors, control, wake))?;
    process::end_interpreters(attached, main);
    Ok(())
}

/// `locale` holds for all that a locale says, as in `mod_wsgi`; Python itself only takes its letters from the environment.
fn set_locale(_attached: Attached<'_>, locale: &str, group: &str) {
    let set = std::ffi::CString::new(locale).is_ok_and(|name| {
        // SAFETY: the process runs no Python of the application yet, and no other thread; the name ends in NUL.
        !unsafe { libc::setlocale(libc::LC_ALL, name.as_ptr()) }.is_null()
    });
    if !set {
        let text = format!("WSGI0079: locale '{locale}' of process group '{group}' is not installed, and is left out");
        log::write(LogLevel::Warn, None, text);
    }
}

fn settings(work: &DaemonWork) -> Settings {
    let group = &work.group;
    Settings {
        process_group: group.name.clone(),
        maximum_processes: group.processes,
        threads_per_process: group.threads,
        home: group.home.as_ref().map(|home| home.as_os_str().as_bytes().to_vec()),
        python_path: group.python_path.iter().map(|folder| folder.as_os_str().as_bytes().to_vec()).collect(),
        run_once: group.threads == 1 && group.maximum_requests == Some(1),
        service: group.threads == 0,
        // One process accepts HTTP where there are process groups, and one thread drives its event loop.
        server: (1, 1),
        interpreters: work.interpreters.clone(),
        // A service has no requests to tell of.
        telemetry: work.telemetry.is_some() && group.threads > 0,
        scoreboard: None,
    }
}

fn serve(work: &DaemonWork, mut descriptors: VecDeque<OwnedFd>, control: &Control, wake: Wake) -> io::Result<()> {
    let mut bell = None;
    if work.connections > 1
        && let (Some(reader), Some(writer)) = (descriptors.pop_front(), descriptors.pop_front())
    {
        bell = Some(Wake::shared(reader, writer));
    }
    let links: Vec<Link> = descriptors.into_iter().map(Link::new).collect();
    process::preload(&work.preload);
    let shared = Arc::new(Shared {
        slots: (0..work.group.threads).map(|_| Slot::new(bell.take())).collect(),
        connections: work.connections as usize,
        leaving: AtomicBool::new(false),
        reason: std::sync::Mutex::new(None),
        requests: AtomicU64::new(0),
        maximum_requests: work.group.maximum_requests.unwrap_or(u64::MAX),
        running: AtomicUsize::new(work.group.threads as usize),
        clock: Instant::now(),
        timers: work.group.timers.clone(),
        cpu_time: work.group.limits.cpu_time,
        stack_size: work.group.limits.stack_size.map_or(crate::STACK_SIZE, |size| size as usize),
        until: AtomicU64::new(NEVER),
        attaching: AtomicU64::new(0),
        wake,
    });
    shared.connect(links);
    let threads = start(&shared)?;
    control.send(&Report::Ready { python: Some(module::python_version()) }, &[])?;
    let attendant = Attendant::start(&shared)?;
    let reporter = telemetry::start(work.telemetry.as_ref());
    let mut messenger = Messenger::default();
    let limit = watch(&shared, &attendant, &mut messenger, control)?;
    leave(&shared, messenger, reporter.as_ref(), control, limit);
    for thread in threads {
        // A panic of a thread is in the log.
        let _ = thread.join();
    }
    attendant.end();
    if let Some(reporter) = reporter {
        reporter.end();
    }
    Ok(())
}

/// What the threads and the main thread share.
pub(crate) struct Shared {
    slots: Vec<Slot>,
    /// Connections of each thread.
    connections: usize,
    /// No request is taken any more.
    leaving: AtomicBool,
    /// Why the process leaves of its own accord.
    reason: std::sync::Mutex<Option<String>>,
    requests: AtomicU64,
    maximum_requests: u64,
    /// Threads that have not ended.
    running: AtomicUsize,
    clock: Instant,
    timers: Timers,
    /// `cpu-time-limit`, seconds.
    cpu_time: Option<u32>,
    /// Of the request threads.
    stack_size: usize,
    /// The process is to leave when it has no request, and then at the latest.
    until: AtomicU64,
    /// Since when the attendant tries to take the GIL; 0 while it does not.
    attaching: AtomicU64,
    wake: Wake,
}

impl Shared {
    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    /// Asks the main thread to let the process leave.
    fn leave(&self, reason: &str) {
        crate::interpreter::lock(&self.reason).get_or_insert_with(|| reason.to_owned());
        self.leaving.store(true, Ordering::SeqCst);
        self.wake.wake();
    }

    /// The process's clock.
    fn now(&self) -> Milliseconds {
        self.clock.elapsed().as_millis() as Milliseconds + 1
    }

    /// How long a request may take: `mod_wsgi`'s rule.
    fn request_limit(&self) -> Option<Milliseconds> {
        let timeout = f64::from(self.timers.request?) * 1000.0;
        Some((timeout * (1.0 + f64::from(u32::try_from(self.slots.len()).unwrap_or(u32::MAX)).ln())) as Milliseconds)
    }

    /// Whether no request is under way, but for those that take too long already.
    fn is_idle(&self) -> bool {
        let lost =
            self.request_limit().map_or(NEVER, |limit| limit + seconds(self.timers.interrupt.unwrap_or_default()));
        let now = self.now();
        !self.slots.iter().filter_map(Slot::running).any(|begun| now.saturating_sub(begun) < lost)
    }

    fn is_draining(&self) -> bool {
        self.until.load(Ordering::Relaxed) != NEVER
    }

    /// Lets the process leave as soon as it has no request: now, or at the latest when the grace is over.
    fn drain(&self, reason: &str, grace: Option<u32>) {
        match grace {
            Some(grace) if !self.is_idle() => {
                crate::interpreter::lock(&self.reason).get_or_insert_with(|| reason.to_owned());
                self.until.fetch_min(self.now() + seconds(grace), Ordering::SeqCst);
                self.wake.wake();
            }
            _ => self.leave(reason),
        }
    }

    /// Counts a request that has been answered.
    fn count(&self) {
        let answered = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if answered >= self.maximum_requests && !self.is_draining() {
            self.drain(&format!("maximum-requests: {answered} requests"), self.timers.graceful);
        } else if self.is_draining() && self.is_idle() {
            self.leave("it has no request");
        }
    }

    /// Gives out connections: to threads that have lost one, else to all in turn.
    fn connect(&self, links: impl IntoIterator<Item = Link>) {
        let mut all = self.slots.iter().cycle();
        for link in links {
            let awaiting = self.slots.iter().find(|slot| slot.awaits());
            if let Some(slot) = awaiting.or_else(|| all.next()) {
                slot.give(link);
            }
        }
    }

    /// Asks the parent for connections in place of lost ones.
    fn ask(&self, control: &Control) {
        for _ in 0..self.slots.iter().map(Slot::take_lost).sum() {
            // A parent that has gone is noticed by the next receive.
            let _ = control.send(&Report::Unconnected, &[]);
        }
    }

    /// The work of a request thread.
    fn work(&self, number: usize) {
        let slot = &self.slots[number];
        let mut connections: Vec<Connection<'_>> = Vec::new();
        // The connection that was served last.
        let mut last = 0;
        loop {
            while let Some(stream) = slot.take() {
                connections.push(Connection::new(stream, number as u32 + 1, self));
            }
            if connections.is_empty() {
                if !slot.wait(&self.leaving) {
                    return;
                }
                continue;
            }
            let ready = match connections.iter().position(Connection::has_more) {
                Some(more) => Some(more),
                None if self.connections == 1 => Some(0),
                None => come_in(&mut connections, last)
                    .or_else(|| slot.readable(connections.iter().map(|connection| &***connection.stream()))),
            };
            last = ready.unwrap_or(last);
            if let Some(ready) = ready
                && !connections[ready].serve(slot)
            {
                let ended = connections.remove(ready);
                let missing = !self.is_leaving() && !slot.has_new();
                slot.forget(ended.stream(), missing);
                if missing {
                    self.wake.wake();
                }
            }
        }
    }
}

/// The connection on which a request came while another one was answered. Under load there is one, and a wait is spared.
fn come_in(connections: &mut [Connection<'_>], last: usize) -> Option<usize> {
    let count = connections.len();
    (1..count).map(|step| (last + step) % count).find(|place| connections[*place].receive())
}

fn start(shared: &Arc<Shared>) -> io::Result<Vec<JoinHandle<()>>> {
    let start = |number: usize| {
        let stack_size = shared.stack_size;
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name(format!("request-{}", number + 1)).stack_size(stack_size);
        let started = thread.spawn(move || {
            let ended = Ended(&shared);
            shared.slots[number].seat.take();
            shared.work(number);
            drop(ended);
        });
        started.map_err(|error| {
            let group = &module::settings().process_group;
            io::Error::other(format!(
                "WSGI0022: process group {group}: request thread {} cannot start: {error}",
                number + 1
            ))
        })
    };
    (0..shared.slots.len()).map(start).collect()
}

/// Says that a thread has ended, however that came.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.wake.wake();
    }
}

/// Waits for a reason to leave; gives how long that may take.
fn watch(shared: &Shared, attendant: &Attendant, messenger: &mut Messenger, control: &Control) -> io::Result<Duration> {
    // Without a limit a request may take as long as it wants, but a clock has to end somewhere.
    let patience = Duration::from_secs(shared.timers.shutdown.unwrap_or(u32::MAX).into());
    let mut watch = Watch::new(shared, attendant);
    loop {
        let next = watch.look();
        let mut sources =
            [PollFd::new(control, PollFlags::IN), PollFd::from_borrowed_fd(shared.wake.as_fd(), PollFlags::IN)];
        match poll(&mut sources, until(shared, next).as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let heard = !sources[0].revents().is_empty();
        shared.wake.clear();
        if signal::terminated() > 0 || shared.is_leaving() {
            return Ok(patience);
        }
        if signal::take_evicted() {
            match shared.timers.eviction {
                Some(eviction) => shared.drain("eviction signal", Some(eviction)),
                None => shared.drain("graceful signal", shared.timers.graceful),
            }
        }
        for signal in signal::take_for_application() {
            if let Err(error) = messenger.tell(signal) {
                log::write(
                    LogLevel::Error,
                    None,
                    format!("WSGI0207: no thread to tell the application of a signal: {error}"),
                );
            }
        }
        if signal::take_cpu_limit() {
            let limit = shared.cpu_time.unwrap_or_default();
            let reason = format!("cpu-time-limit: the process has used {limit} s of processor time");
            log::write(LogLevel::Warn, None, &reason);
            shared.drain(&reason, shared.timers.graceful);
        }
        shared.ask(control);
        if !heard {
            continue;
        }
        match control.receive::<Order>() {
            Ok(Some((Order::Stop { within }, _))) => {
                return Ok(Duration::try_from_secs_f64(within).unwrap_or(patience));
            }
            Ok(Some((Order::Connections { .. }, descriptors))) => {
                shared.connect(descriptors.into_iter().map(Link::new));
            }
            Ok(Some((Order::Failing { .. }, _))) => {}
            // The parent has gone, or makes no sense any more.
            Ok(None) | Err(_) => return Ok(patience.min(SHUTDOWN_TIMEOUT)),
        }
    }
}

/// How long to wait until then.
fn until(shared: &Shared, time: Milliseconds) -> Option<Timespec> {
    let left = (time != NEVER).then(|| Duration::from_millis(time.saturating_sub(shared.now())))?;
    Some(Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) })
}

/// mod_wsgi's word for a reason: `maximum_requests` of `maximum-requests: 100 requests`.
fn word(reason: &str) -> String {
    let (word, _) = reason.split_once(':').unwrap_or((reason, ""));
    word.replace(['-', ' '], "_")
}

/// Lets the threads finish what they have. Idle ones end at once.
fn leave(shared: &Shared, messenger: Messenger, reporter: Option<&Reporter>, control: &Control, limit: Duration) {
    process::leave_within(limit + Duration::from_millis(200));
    let end = Instant::now() + limit;
    let reason = crate::interpreter::lock(&shared.reason).take();
    let word = reason.as_deref().map_or_else(|| "shutdown_signal".to_owned(), word);
    // Told by a signal, and not by the parent: that is on purpose too.
    if let Some(reason) = reason.or_else(|| (signal::terminated() > 0).then(|| "shutdown signal".to_owned())) {
        // Nobody to tell when the parent has gone.
        let _ = control.send(&Report::Leaving { reason }, &[]);
    }
    shared.leaving.store(true, Ordering::SeqCst);
    shared.slots.iter().for_each(Slot::close_if_idle);
    let terminated = signal::terminated();
    if let Some(reporter) = reporter {
        reporter.stopping(&word);
    }
    messenger.end();
    events::process_stops(&word);
    while shared.running.load(Ordering::SeqCst) > 0 {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            process::exit_hard("a request has not ended in time");
        }
        if signal::terminated() > terminated {
            process::exit_hard("told to end a second time");
        }
        let mut sources = [PollFd::from_borrowed_fd(shared.wake.as_fd(), PollFlags::IN)];
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        // What it gives does not matter: everything is looked at again.
        let _ = poll(&mut sources, Some(&left));
        shared.wake.clear();
    }
}
