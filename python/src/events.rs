//! What applications watch of their requests and processes: events, and the data that a request keeps for itself.
//!
//! As long as nobody watches, a request asks one atomic whether somebody does, and that is all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3_ffi as ffi;

use crate::callback::{Method, enter};
use crate::gateway::meter::Meter;
use crate::gateway::{Request, environ, errors};
use crate::interpreter::{self, Interpreter};
use crate::module::{Holder, insert};
use crate::object::{Attached, Exception, Object, Raised, Result};

static WATCHED: AtomicBool = AtomicBool::new(false);

/// Whether somebody watches: from the first subscription on, in any interpreter.
pub(crate) fn is_watched() -> bool {
    WATCHED.load(Ordering::Relaxed)
}

/// Says that somebody watches.
pub(crate) fn watch() {
    WATCHED.store(true, Ordering::Relaxed);
}

/// One interpreter's own.
pub(crate) struct Events {
    /// `event_callbacks`.
    callbacks: Object,
    /// `active_requests`.
    active_requests: Object,
    publish: Object,
    publish_stopping: Object,
    publish_signal: Object,
}

impl Events {
    /// Takes them out of what api.py has made.
    pub(crate) fn new(get: impl Fn(&str) -> Result<Object>) -> Result<Self> {
        Ok(Self {
            callbacks: get("event_callbacks")?,
            active_requests: get("active_requests")?,
            publish: get("publish")?,
            publish_stopping: get("publish_stopping")?,
            publish_signal: get("publish_signal")?,
        })
    }

    fn has_callbacks(&self, _attached: Attached<'_>) -> bool {
        // SAFETY: it is a list: api.py has made it, and nobody can put another in its place here.
        unsafe { ffi::PyList_Size(self.callbacks.as_ptr()) > 0 }
    }

    fn publish(&self, attached: Attached<'_>, name: &str, event: &Object) -> Result<()> {
        self.publish.call_with(attached, &Object::text(attached, name)?, event).map(drop)
    }
}

/// The event of a request.
fn event(attached: Attached<'_>, holder: &Holder, request: &Request) -> Result<Object> {
    let event = Object::dict(attached)?;
    let id = Object::latin1(attached, request.id())?;
    insert(attached, &event, "request_id", &id)?;
    insert(attached, &event, "request_data", &data(attached, holder, request, &id)?)?;
    Ok(event)
}

/// The dict that belongs to a request.
fn data(attached: Attached<'_>, holder: &Holder, request: &Request, id: &Object) -> Result<Object> {
    request.set_has_data();
    let all = &holder.events.active_requests;
    if let Some(data) = all.item(attached, id) {
        return Ok(data);
    }
    let data = Object::dict(attached)?;
    all.set_item(attached, id, &data)?;
    Ok(data)
}

/// Times of a request, which several events tell.
fn insert_times(attached: Attached<'_>, event: &Object, request: &Request, meter: &Meter) -> Result<()> {
    let call = &request.call;
    let queue_start = if meter.caller.daemon { call.queue_start } else { 0 };
    for (name, time) in [
        ("request_start", call.request_start),
        ("queue_start", queue_start),
        ("daemon_start", meter.caller.daemon_start),
    ] {
        insert(attached, event, name, &environ::seconds(attached, time)?)?;
    }
    insert(attached, event, "server_pid", &Object::integer(attached, request.server_pid())?)?;
    insert(attached, event, "thread_id", &Object::integer(attached, meter.caller.thread_id.into())?)
}

/// `request_started`. Gives the application to call, which a callback may have put in place of the script's.
pub(crate) fn started(
    attached: Attached<'_>,
    holder: &Holder,
    request: &Request,
    meter: &Meter,
    environ: &Object,
    application: &Object,
) -> Result<Object> {
    if !holder.events.has_callbacks(attached) {
        return Ok(application.share(attached));
    }
    let event = event(attached, holder, request)?;
    insert_times(attached, &event, request, meter)?;
    let connects = Object::integer(attached, meter.caller.daemon.into())?;
    insert(attached, &event, "daemon_connects", &connects)?;
    insert(attached, &event, "daemon_restarts", &Object::integer(attached, 0)?)?;
    let start = environ::seconds(attached, meter.counts().application_start)?;
    insert(attached, &event, "application_start", &start)?;
    insert(attached, &event, "request_environ", environ)?;
    insert(attached, &event, "application_object", application)?;
    let callable = Object::text(attached, &request.call.target.callable_object)?;
    insert(attached, &event, "callable_object", &callable)?;
    holder.events.publish(attached, "request_started", &event)?;
    let chosen = event.item(attached, &Object::interned(attached, b"application_object")?);
    Ok(chosen.unwrap_or_else(|| application.share(attached)))
}

/// `response_started`: what `start_response` was given.
pub(crate) fn response_started(
    attached: Attached<'_>,
    holder: &Holder,
    request: &Request,
    status: &Object,
    headers: &Object,
    exc_info: Option<&Object>,
) -> Result<()> {
    if !holder.events.has_callbacks(attached) {
        return Ok(());
    }
    let event = event(attached, holder, request)?;
    insert(attached, &event, "response_status", status)?;
    insert(attached, &event, "response_headers", headers)?;
    let none = Object::none(attached);
    insert(attached, &event, "exception_info", exc_info.unwrap_or(&none))?;
    holder.events.publish(attached, "response_started", &event)
}

/// `request_exception`: the application has raised what is raised now, and still is afterwards.
pub(crate) fn exception(attached: Attached<'_>, holder: &Holder, request: &Request) {
    if !holder.events.has_callbacks(attached) {
        return;
    }
    let Some(caught) = attached.take_raised() else { return };
    let traceback = match &caught.traceback {
        Some(traceback) => traceback.share(attached),
        None => Object::none(attached),
    };
    let info = [caught.kind.share(attached), caught.value.share(attached), traceback];
    let published = Object::tuple(attached, info).and_then(|info| {
        let event = event(attached, holder, request)?;
        insert(attached, &event, "exception_info", &info)?;
        holder.events.publish(attached, "request_exception", &event)
    });
    if published.is_err() {
        attached.clear_raised();
    }
    caught.raise(attached);
}

/// `request_finished`, with the status that the client gets.
pub(crate) fn finished(attached: Attached<'_>, holder: &Holder, request: &Request, meter: &Meter, status: u16) {
    if holder.events.has_callbacks(attached) && tell_finished(attached, holder, request, meter, status).is_err() {
        // RequestTimeout, which has come too late, or no memory.
        attached.clear_raised();
    }
}

fn tell_finished(attached: Attached<'_>, holder: &Holder, request: &Request, meter: &Meter, status: u16) -> Result<()> {
    let counts = meter.counts();
    let (finish, cpu) = (environ::now(), meter.cpu_time());
    let event = event(attached, holder, request)?;
    insert_times(attached, &event, request, meter)?;
    insert(attached, &event, "status", &Object::integer(attached, status.into())?)?;
    insert(attached, &event, "application_finish", &environ::seconds(attached, finish)?)?;
    for (name, time) in [
        ("application_time", Duration::from_micros(finish.saturating_sub(counts.application_start)).as_secs_f64()),
        ("input_time", counts.input.time.as_secs_f64()),
        ("output_time", counts.output.time.as_secs_f64()),
        ("gil_wait_time", counts.gil_wait.as_secs_f64()),
        ("cpu_user_time", cpu.user.as_secs_f64()),
        ("cpu_system_time", cpu.system.as_secs_f64()),
        ("cpu_time", (cpu.user + cpu.system).as_secs_f64()),
    ] {
        insert(attached, &event, name, &Object::float(attached, time)?)?;
    }
    for (name, count) in [
        ("input_length", counts.input.bytes),
        ("input_reads", counts.input.times),
        ("output_length", counts.output.bytes),
        ("output_writes", counts.output.times),
        ("gil_wait_count", counts.gil_waits),
    ] {
        insert(attached, &event, name, &Object::integer(attached, count as i64)?)?;
    }
    holder.events.publish(attached, "request_finished", &event)
}

/// The data of a request goes with it.
pub(crate) fn forget(attached: Attached<'_>, holder: &Holder, request: &Request) {
    let forgotten =
        Object::latin1(attached, request.id()).and_then(|id| holder.events.active_requests.delete_item(attached, &id));
    if forgotten.is_err() {
        // The application has taken it out itself.
        attached.clear_raised();
    }
}

/// `process_stopping`, in all interpreters. The thread is detached.
pub(crate) fn process_stops(reason: &str) {
    in_all(|attached, events| {
        let reason = Object::tuple(attached, [Object::text(attached, reason)?])?;
        events.publish_stopping.call_tuple(attached, &reason).map(drop)
    });
}

/// `process_signal`, in all interpreters. The thread is detached.
pub(crate) fn process_is_signalled(name: &str, number: i32) {
    in_all(|attached, events| {
        let (name, number) = (Object::text(attached, name)?, Object::integer(attached, number.into())?);
        events.publish_signal.call_with(attached, &name, &number).map(drop)
    });
}

fn in_all(tell: impl Fn(Attached<'_>, &Events) -> Result<()>) {
    if !is_watched() {
        return;
    }
    for interpreter in interpreter::all() {
        interpreter.attach(false, |attached| {
            if let Err(Raised) = tell(attached, &interpreter.holder(attached).events) {
                errors::log_raised(attached, interpreter, None, errors::CALLING, "an event cannot be told:");
            }
            errors::end_line_of_thread();
        });
    }
}

/// `watch()`: somebody watches.
pub(crate) static WATCH: Method = Method::new(c"watch", start_to_watch, c"Says that somebody watches.");
/// `request_id()`: that of the request which runs on this thread.
pub(crate) static REQUEST_ID: Method = Method::new(c"request_id", request_id, c"The id of this thread's request.");
/// `follow()`: the ids of all requests that run in this interpreter; those that come are put into `active_requests`.
pub(crate) static FOLLOW: Method = Method::new(c"follow", follow, c"The ids of the requests that run.");

unsafe extern "C" fn start_to_watch(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, _| {
            watch();
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn request_id(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, _| {
            let Some(request) = errors::current() else {
                return Err(attached.raise(Exception::Runtime, "no active request for thread"));
            };
            request.set_has_data();
            Object::latin1(attached, request.id())
        })
    }
}

unsafe extern "C" fn follow(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python. The list takes references of its own.
    unsafe {
        enter(arguments, keywords, |attached, _| {
            let ids = Object::owned(ffi::PyList_New(0))?;
            let Some(interpreter) = Interpreter::here(attached) else { return Ok(ids) };
            let running = interpreter.holder(attached).running.with(attached, |running| {
                running.followed = true;
                running.requests.iter().map(Arc::clone).collect::<Vec<_>>()
            });
            for request in running {
                request.set_has_data();
                if ffi::PyList_Append(ids.as_ptr(), Object::latin1(attached, request.id())?.as_ptr()) < 0 {
                    return Err(Raised);
                }
            }
            Ok(ids)
        })
    }
}

/// The requests that run in an interpreter.
#[derive(Default)]
pub(crate) struct Running {
    requests: Vec<Arc<Request>>,
    /// The application has asked for `active_requests`.
    followed: bool,
}

/// A request begins.
pub(crate) fn enter_running(attached: Attached<'_>, holder: &Holder, request: &Arc<Request>) {
    let followed = holder.running.with(attached, |running| {
        running.requests.push(Arc::clone(request));
        running.followed
    });
    if followed {
        let put = Object::latin1(attached, request.id()).and_then(|id| data(attached, holder, request, &id));
        if put.is_err() {
            attached.clear_raised();
        }
    }
}

/// A request ends.
pub(crate) fn leave_running(attached: Attached<'_>, holder: &Holder, request: &Arc<Request>) {
    let left = holder.running.with(attached, |running| {
        let place = running.requests.iter().position(|other| Arc::ptr_eq(other, request))?;
        Some(running.requests.swap_remove(place))
    });
    drop(left);
    if request.has_data() {
        forget(attached, holder, request);
    }
}
