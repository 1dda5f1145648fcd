//! `WSGITelemetryService`: reports of this process to a socket, on a thread of its own. A datagram that cannot be sent is lost.

mod datagram;
mod fields;

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::plan::telemetry::Telemetry;

use crate::gateway::environ::now;
use crate::gateway::errors;
use crate::interpreter;
use crate::log;
use crate::metrics::{self, Reader, Recorder};
use crate::module::{VERSION, python_version, server_name, settings};
use crate::object::{Attached, Object, Raised, Result};
use datagram::{Datagram, Kind};

/// Python's own switch interval.
const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

/// Who reports, which never changes.
struct Identity {
    version: String,
    python: String,
    server: String,
    host: Vec<u8>,
    process_group: String,
    interval: Duration,
    slow_requests: Option<Duration>,
    switch_interval: Duration,
}

impl Identity {
    fn new(telemetry: &Telemetry) -> Self {
        let settings = settings();
        let [major, minor, patch] = VERSION;
        let switch_interval = settings.interpreters.switch_interval_us(&settings.process_group, "");
        Self {
            version: format!("{major}.{minor}.{patch}"),
            python: python_version(),
            server: server_name(),
            host: rustix::system::uname().nodename().to_bytes().to_vec(),
            process_group: settings.process_group.clone(),
            interval: Duration::from_millis(telemetry.interval_ms.max(1)),
            slow_requests: telemetry.slow_request_ms.map(Duration::from_millis),
            switch_interval: switch_interval.map_or(SWITCH_INTERVAL, Duration::from_micros),
        }
    }

    fn is_daemon(&self) -> bool {
        !self.process_group.is_empty()
    }
}

/// The thread.
pub(crate) struct Reporter {
    orders: Sender<String>,
    thread: JoinHandle<()>,
}

/// Starts to record and to report, where that is configured.
pub(crate) fn start(telemetry: Option<&Telemetry>) -> Option<Reporter> {
    let telemetry = telemetry?;
    match Reporter::start(telemetry) {
        Ok(reporter) => Some(reporter),
        Err(error) => {
            log::write(LogLevel::Warn, None, format!("WSGI0133: no thread for telemetry: {error}"));
            None
        }
    }
}

impl Reporter {
    fn start(telemetry: &Telemetry) -> io::Result<Self> {
        let identity = Identity::new(telemetry);
        let recorder = metrics::record(Reader::Telemetry(identity.slow_requests));
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let report = Report {
            identity,
            recorder,
            socket,
            target: telemetry.socket.clone(),
            user_agent: telemetry.user_agent,
            sequence: 0,
            is_lost: false,
            reason: String::new(),
        };
        let (orders, received) = channel();
        let thread = std::thread::Builder::new().name("telemetry".to_owned()).stack_size(crate::STACK_SIZE);
        let thread = thread.spawn(move || report.run(&received))?;
        Ok(Self { orders, thread })
    }

    /// Says that the process is to leave, and why.
    pub(crate) fn stopping(&self, reason: &str) {
        // It only ends with the process.
        let _ = self.orders.send(reason.to_owned());
    }

    /// Sends the last figures, and waits until that is done.
    pub(crate) fn end(self) {
        drop(self.orders);
        // A panic is in the log.
        let _ = self.thread.join();
    }
}

struct Report {
    identity: Identity,
    recorder: &'static Recorder,
    socket: UnixDatagram,
    target: PathBuf,
    user_agent: bool,
    sequence: u32,
    /// The last datagram did not arrive, which has been said.
    is_lost: bool,
    /// Why the process leaves.
    reason: String,
}

impl Report {
    fn run(mut self, orders: &Receiver<String>) {
        self.started();
        let mut next = Instant::now() + self.identity.interval;
        loop {
            match orders.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(reason) => self.stopping(reason),
                Err(RecvTimeoutError::Timeout) => {
                    self.figures();
                    next = (next + self.identity.interval).max(Instant::now());
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.figures();
        self.stopped();
    }

    fn record(&mut self, kind: Kind) -> Datagram {
        self.sequence = self.sequence.wrapping_add(1);
        Datagram::new(kind, self.sequence)
    }

    fn send(&mut self, datagram: &Datagram) {
        let shown = self.target.display();
        match self.socket.send_to(datagram.bytes(), &self.target) {
            Ok(_) if self.is_lost => {
                self.is_lost = false;
                log::write(LogLevel::Info, None, format!("telemetry arrives at {shown} again"));
            }
            // The receiver is busy: this one is lost, the next may not be.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if !self.is_lost => {
                self.is_lost = true;
                let text = format!("WSGI0132: telemetry cannot be sent to {shown}: {error}; it is tried again");
                log::write(LogLevel::Warn, None, text);
            }
            _ => {}
        }
    }

    fn started(&mut self) {
        let mut datagram = self.record(Kind::Started);
        fields::versions(&mut datagram, &self.identity);
        fields::place(&mut datagram, &self.identity);
        put_parent(&mut datagram);
        datagram.time(13, self.identity.switch_interval);
        self.send(&datagram);
    }

    fn stopping(&mut self, reason: String) {
        self.reason = reason;
        let mut datagram = self.record(Kind::Stopping);
        fields::place(&mut datagram, &self.identity);
        datagram.text(130, self.reason.as_bytes());
        datagram.count(133, self.recorder.totals().active as u64);
        self.send(&datagram);
    }

    fn stopped(&mut self) {
        let totals = self.recorder.totals();
        let mut datagram = self.record(Kind::Stopped);
        fields::place(&mut datagram, &self.identity);
        datagram.text(130, self.reason.as_bytes());
        datagram.time(131, Duration::from_micros(now().saturating_sub(metrics::process_begun())));
        datagram.count(132, totals.requests);
        datagram.count(134, totals.active as u64);
        // Where it is not so the process is ended by force, and sends nothing.
        datagram.count(135, 1);
        self.send(&datagram);
    }

    /// All that an interval has brought.
    fn figures(&mut self) {
        let mut snapshot = self.recorder.snapshot();
        let mut datagram = self.record(Kind::Requests);
        fields::versions(&mut datagram, &self.identity);
        fields::place(&mut datagram, &self.identity);
        put_parent(&mut datagram);
        fields::requests(&mut datagram, &self.identity, &snapshot);
        self.send(&datagram);
        let complete = snapshot.interval.take_slow().into_iter().map(|slow| (slow, true));
        for (slow, complete) in complete.chain(self.recorder.slow_active().into_iter().map(|slow| (slow, false))) {
            let mut datagram = self.record(Kind::SlowRequest);
            fields::slow_request(&mut datagram, &slow, complete, self.user_agent);
            self.send(&datagram);
        }
        self.collectors();
    }

    /// The garbage collector of each interpreter.
    fn collectors(&mut self) {
        for interpreter in interpreter::all() {
            interpreter.attach(false, |attached| {
                let told = interpreter.holder(attached).gc_figures.call(attached);
                if let Err(Raised) = told.and_then(|records| self.collector(attached, &records)) {
                    errors::log_raised(
                        attached,
                        interpreter,
                        None,
                        errors::CALLING,
                        "the garbage collector cannot be reported:",
                    );
                }
            });
        }
    }

    /// Sends what api.py says of it: for each record its kind and its fields.
    fn collector(&mut self, attached: Attached<'_>, records: &Object) -> Result<()> {
        for record in items(attached, records)? {
            let parts = items(attached, &record)?;
            let [is_event, entries] = &parts[..] else { continue };
            let kind = if is_event.is_true(attached) { Kind::Collection } else { Kind::Collector };
            let mut datagram = self.record(kind);
            for entry in items(attached, entries)? {
                let entry = items(attached, &entry)?;
                let [field, value] = &entry[..] else { continue };
                let Some(field) = field.as_integer(attached).and_then(|field| u16::try_from(field).ok()) else {
                    continue;
                };
                if value.is_str() {
                    datagram.text(field, value.as_str(attached)?.as_bytes());
                } else if let Some(number) = value.as_float(attached) {
                    datagram.number(field, number);
                } else if let Some(count) = value.as_integer(attached) {
                    datagram.count(field, count.try_into().unwrap_or_default());
                }
            }
            self.send(&datagram);
        }
        Ok(())
    }
}

fn put_parent(datagram: &mut Datagram) {
    let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    datagram.count(7, parent.try_into().unwrap_or_default());
}

/// The items of a list or tuple that api.py has made.
fn items(attached: Attached<'_>, sequence: &Object) -> Result<Vec<Object>> {
    let mut items = Vec::new();
    let count = sequence.length(attached)?;
    for place in 0..count {
        items.push(sequence.get(attached, place)?);
    }
    Ok(items)
}
