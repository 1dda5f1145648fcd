//! One request from the call of the application to the `close()` of its result (PEP 3333).

pub(crate) mod access;
pub(crate) mod asking;
pub(crate) mod dispatch;
pub(crate) mod environ;
pub(crate) mod error_stream;
pub(crate) mod errors;
pub(crate) mod file_wrapper;
pub(crate) mod input;
pub(crate) mod known;
pub(crate) mod meter;
pub(crate) mod response;
pub(crate) mod seat;
pub(crate) mod start_response;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Instant;

use bytes::Bytes;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::{Call, Exchange, Head, InputError, Target};

use crate::application_group::{Binding, bind};
use crate::events;
use crate::forked;
use crate::gil::Guarded;
use crate::interpreter::{Interpreter, lock};
use crate::log;
use crate::metrics;
use crate::object::{Attached, Object, Raised, Result};
use crate::script::{Readiness, Reloading};
use meter::Meter;
use response::Answer;

/// What the gateway must know of the thread that calls it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// `mod_wsgi.thread_id`.
    pub(crate) thread_id: u32,
    /// `mod_wsgi.daemon_start`: microseconds since the epoch; 0 in embedded mode.
    pub(crate) daemon_start: u64,
    /// Whether a changed script ends the process.
    pub(crate) daemon: bool,
    /// Whether the thread stays attached until [`crate::interpreter::let_go`].
    pub(crate) lingers: bool,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is answered.
    Served,
    /// The script has changed, and nothing has been done.
    Changed,
}

/// Runs one request on this thread, which is detached. Never panics.
pub(crate) fn run(call: Call, exchange: &mut dyn Exchange, caller: Caller) -> Outcome {
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let Some(binding) = bind(&call.target) else {
            let script = String::from_utf8_lossy(&call.target.script);
            let text = format!("WSGI0087: there is no interpreter for a request of WSGI script '{script}'");
            log::write(LogLevel::Error, Some(&call.environ), text);
            exchange.fail(500);
            return Outcome::Served;
        };
        let meter = events::is_watched().then(|| (Meter::new(caller), Instant::now()));
        let ending = binding.interpreter.attach(caller.lingers, |attached| {
            let meter = meter.map(|(meter, since)| {
                meter.waited(since);
                meter
            });
            seated_run(attached, &binding, call, exchange, caller, meter)
        });
        ending.carry_out(exchange)
    }));
    ran.unwrap_or_else(|_| {
        // The panic's hook has logged it.
        exchange.fail(500);
        Outcome::Served
    })
}

/// What is left to do once the thread is detached again.
enum Ending {
    /// The answer has been sent.
    Sent,
    /// This is the whole answer. `short`: it has fewer bytes than its `Content-Length`.
    Whole { head: Head, body: Vec<u8>, short: bool },
    /// The application failed.
    Failed(u16),
    /// See [`Outcome::Changed`].
    Changed,
}

impl Ending {
    fn carry_out(self, exchange: &mut dyn Exchange) -> Outcome {
        match self {
            Self::Sent => {}
            Self::Whole { head, body, short } => {
                // Nobody is left to be told when the client has gone.
                let _ = exchange.start(head, body.into(), !short);
                if short {
                    exchange.fail(500);
                }
            }
            Self::Failed(status) => exchange.fail(status),
            Self::Changed => return Outcome::Changed,
        }
        Outcome::Served
    }
}

/// Runs it so that it can be interrupted. One that was, and has not caught that, took too long: 504.
fn seated_run(
    attached: Attached<'_>,
    binding: &Binding,
    call: Call,
    exchange: &mut dyn Exchange,
    caller: Caller,
    meter: Option<Meter>,
) -> Ending {
    seat::enter(binding.interpreter);
    let ending = attached_run(attached, binding, call, exchange, caller, meter);
    match (ending, seat::leave(attached)) {
        (Ending::Failed(500), true) => Ending::Failed(504),
        (ending, _) => ending,
    }
}

fn attached_run(
    attached: Attached<'_>,
    binding: &Binding,
    call: Call,
    exchange: &mut dyn Exchange,
    caller: Caller,
    meter: Option<Meter>,
) -> Ending {
    let client = Some(&call.environ);
    let reloading = match (binding.target.script_reloading, caller.daemon) {
        (false, _) => Reloading::Off,
        (true, false) => Reloading::Here,
        (true, true) => Reloading::Elsewhere,
    };
    let globals = match binding.script.ready(attached, binding.interpreter, reloading, call.batch, client) {
        Readiness::Ready(globals) => globals,
        // The requested file is something else than the script of a handler.
        Readiness::Missing if is_handler(&binding.target) => return Ending::Failed(500),
        Readiness::Missing => return Ending::Failed(404),
        Readiness::Failed => return Ending::Failed(500),
        Readiness::Changed => return Ending::Changed,
    };
    let Ok(template) = environ::template(attached, binding) else {
        errors::log_raised(attached, binding.interpreter, client, errors::CALLING, "environ cannot be made:");
        return Ending::Failed(500);
    };
    let Some(application) = globals.item(attached, &template.callable) else {
        let callable = &binding.target.callable_object;
        let text = format!("WSGI0089: WSGI script '{}' has no callable object '{callable}'", binding.script.name());
        log::write(LogLevel::Error, client, text);
        return Ending::Failed(500);
    };
    drop(globals);
    let request = Request::new(call, exchange, binding.interpreter, meter);
    let running = Running::new(attached, &request);
    if request.meter.is_some()
        && let Some(recorder) = metrics::recorder()
    {
        recorder.begin(&request);
    }
    let ending = respond(attached, binding, &template, &request, &application, caller);
    if let Some(meter) = &request.meter {
        let status = match &ending {
            Ending::Failed(status) if !request.has_started(attached) => *status,
            _ => request.status(attached),
        };
        events::finished(attached, binding.interpreter.holder(attached), &request, meter, status);
        if let Some(recorder) = metrics::recorder() {
            recorder.end(&request, status);
        }
    }
    drop(running);
    ending
}

fn is_handler(target: &Target) -> bool {
    target.environ.iter().any(|(name, _)| name == b"mod_wsgi.handler_script")
}

fn respond(
    attached: Attached<'_>,
    binding: &Binding,
    template: &environ::Template,
    request: &Arc<Request>,
    application: &Object,
    caller: Caller,
) -> Ending {
    let holder = binding.interpreter.holder(attached);
    let result = (|| {
        let input = crate::callback::view(attached, &holder.input, request)?;
        let start = environ::now();
        let environ = environ::make(attached, holder, template, request, &input, caller, start)?;
        let start_response = crate::callback::bound(attached, &start_response::START_RESPONSE, &input)?;
        let Some(meter) = &request.meter else { return application.call_with(attached, &environ, &start_response) };
        meter.count(|counts| counts.application_start = start);
        let application = events::started(attached, holder, request, meter, &environ, application)?;
        application.call_with(attached, &environ, &start_response)
    })();
    if forked::here() {
        errors::end_lines(attached, request);
        forked::leave(attached, binding.interpreter, Some(&request.call.environ), result.is_err());
    }
    let tell = |failure: &response::Failure| {
        if matches!(failure, response::Failure::Raised) && request.meter.is_some() {
            events::exception(attached, holder, request);
        }
    };
    let ending = match result {
        Ok(result) => {
            let ending = response::take(attached, holder, request, &result).inspect_err(tell);
            if forked::here() {
                let raised = matches!(ending, Err(response::Failure::Raised));
                forked::leave(attached, binding.interpreter, Some(&request.call.environ), raised);
            }
            response::close(attached, binding.interpreter, request, &result);
            ending
        }
        Err(Raised) => Err(response::Failure::Raised).inspect_err(tell),
    };
    match ending {
        Ok(ending) => ending,
        Err(response::Failure::Gone) => {
            log::write(LogLevel::Info, Some(&request.call.environ), "the client left before its answer was complete");
            Ending::Failed(500)
        }
        Err(response::Failure::Logged) => Ending::Failed(500),
        Err(response::Failure::Raised) => {
            let text = format!("exception in WSGI script '{}':", binding.script.name());
            let client = Some(&request.call.environ);
            errors::log_raised(attached, binding.interpreter, client, errors::CALLING, &text);
            if request.is_complete(attached) { Ending::Sent } else { Ending::Failed(500) }
        }
    }
}

/// One request, as its Python objects see it. It holds no Python object itself, so it may be dropped anywhere.
pub(crate) struct Request {
    /// The call.
    pub(crate) call: Call,
    /// Where it runs.
    pub(crate) interpreter: &'static Interpreter,
    /// Where somebody watches.
    pub(crate) meter: Option<Meter>,
    /// There is an entry for it in `active_requests`.
    has_data: AtomicBool,
    channel: Mutex<Channel>,
    /// What the application has said of its answer.
    answer: Guarded<Answer>,
    /// The unfinished line of `wsgi.errors`, and of `sys.stdout` and `sys.stderr` on the request's thread.
    line: Guarded<Vec<u8>>,
    ended: AtomicBool,
}

/// The way to the front while the request runs.
pub(crate) struct Channel {
    exchange: Option<NonNull<dyn Exchange>>,
    /// What was read and not given to the application yet.
    pub(crate) buffer: Bytes,
    /// The body is at its end.
    pub(crate) at_end: bool,
    /// Why the body ended early.
    pub(crate) error: Option<InputError>,
}

// SAFETY: the exchange is used by whoever has locked the channel, while the thread that owns it waits for the application;
// `Running` takes it away before that thread goes on.
unsafe impl Send for Channel {}

impl Channel {
    /// The exchange; `None` when the request has ended.
    pub(crate) fn exchange(&mut self) -> Option<&mut dyn Exchange> {
        // SAFETY: `Running` clears the pointer, under the lock, before the exchange's borrow ends.
        // A process that the application forked has no part in it.
        self.exchange.filter(|_| !forked::here()).map(|mut exchange| unsafe { exchange.as_mut() })
    }
}

impl Request {
    fn new(
        call: Call,
        exchange: &mut dyn Exchange,
        interpreter: &'static Interpreter,
        meter: Option<Meter>,
    ) -> Arc<Self> {
        let exchange: NonNull<dyn Exchange + '_> = NonNull::from(exchange);
        // SAFETY: only the lifetime is changed. `Running`, which the caller makes next, ends the use in time.
        let exchange = unsafe { std::mem::transmute::<NonNull<dyn Exchange + '_>, NonNull<dyn Exchange>>(exchange) };
        Arc::new(Self {
            call,
            interpreter,
            meter,
            has_data: AtomicBool::new(false),
            channel: Mutex::new(Channel { exchange: Some(exchange), buffer: Bytes::new(), at_end: false, error: None }),
            answer: Guarded::new(Answer::default()),
            line: Guarded::new(Vec::new()),
            ended: AtomicBool::new(false),
        })
    }

    /// Locks the way to the front. Never waits with the GIL held, which the thread that has the lock may need.
    pub(crate) fn channel(&self, attached: Attached<'_>) -> MutexGuard<'_, Channel> {
        match self.channel.try_lock() {
            Ok(channel) => channel,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => attached.detached(|| lock(&self.channel)),
        }
    }

    /// `mod_wsgi.request_id`.
    pub(crate) fn id(&self) -> &[u8] {
        self.entry(b"mod_wsgi.request_id").unwrap_or_default()
    }

    /// `mod_wsgi.server_pid`.
    pub(crate) fn server_pid(&self) -> i64 {
        let digits = self.entry(b"mod_wsgi.server_pid").unwrap_or_default();
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    /// An entry of `environ` that came with the call.
    pub(crate) fn entry(&self, name: &[u8]) -> Option<&[u8]> {
        self.call.environ.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
    }

    /// Whether there is an entry for it in `active_requests`.
    pub(crate) fn has_data(&self) -> bool {
        self.has_data.load(Ordering::Relaxed)
    }

    /// Says that there is an entry for it in `active_requests`.
    pub(crate) fn set_has_data(&self) {
        self.has_data.store(true, Ordering::Relaxed);
    }

    /// Whether the request is over: its objects are of no use any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

/// A request while its application runs on this thread. Dropping it ends the request for its objects.
struct Running<'a> {
    attached: Attached<'a>,
    request: &'a Arc<Request>,
}

impl<'a> Running<'a> {
    fn new(attached: Attached<'a>, request: &'a Arc<Request>) -> Self {
        errors::set_current(Some(Arc::clone(request)));
        events::enter_running(attached, request.interpreter.holder(attached), request);
        Self { attached, request }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        events::leave_running(self.attached, self.request.interpreter.holder(self.attached), self.request);
        errors::end_lines(self.attached, self.request);
        errors::set_current(None);
        self.request.ended.store(true, Ordering::Release);
        self.request.channel(self.attached).exchange = None;
    }
}

/// What the closures of callbacks share: the request of a view, while it runs.
fn running(attached: Attached<'_>, object: *mut pyo3_ffi::PyObject, what: &str) -> Result<Arc<Request>> {
    // SAFETY: called by the methods of our classes and by functions bound to objects of them.
    running_request(attached, unsafe { crate::callback::request_of(object) }, what)
}

/// The request, while it runs.
fn running_request(attached: Attached<'_>, request: Option<Arc<Request>>, what: &str) -> Result<Arc<Request>> {
    match request {
        Some(request) if !request.has_ended() => Ok(request),
        _ => {
            let text = format!("{what} is used after the end of its request");
            Err(attached.raise(crate::object::Exception::Runtime, &text))
        }
    }
}
