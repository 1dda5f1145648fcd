//! What the application returns, and how it reaches the front.

use std::sync::Arc;
use std::time::Instant;

use pyo3_ffi as ffi;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::Head;

use super::file_wrapper::FileStart;
use super::{Ending, Request, errors, file_wrapper, meter};
use crate::gil::list_item;
use crate::interpreter::Interpreter;
use crate::layout::is_exactly;
use crate::log;
use crate::module::Holder;
use crate::object::{Attached, Exception, Object, Raised, Result};

/// An answer up to this size is copied, so that it is sent when the GIL is free again.
const SMALL: usize = 64 << 10;

/// What the application has said of its answer, and what has been sent of it.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// From `start_response`, until it is sent.
    head: Option<Head>,
    /// `Content-Length`.
    length: Option<u64>,
    /// The client takes no body: it asked by HEAD, or the status has none.
    bodiless: bool,
    /// The head has been sent.
    started: bool,
    /// All has been sent.
    complete: bool,
    /// Bytes of the body that were sent.
    sent: u64,
    /// What `start_response` was given last; 0 before.
    status: u16,
    /// Bytes were cut since they went over `Content-Length`; said once.
    cut: bool,
    /// The client has left.
    gone: bool,
}

/// Why an answer cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The application raised an exception, or we did on its behalf.
    Raised,
    /// The client has left.
    Gone,
    /// Something else, which is in the error log.
    Logged,
}

impl From<Raised> for Failure {
    fn from(_: Raised) -> Self {
        Self::Raised
    }
}

impl Request {
    /// Whether the head has been sent.
    pub(crate) fn has_started(&self, attached: Attached<'_>) -> bool {
        self.answer.with(attached, |answer| answer.started)
    }

    /// Whether the answer has been sent whole.
    pub(crate) fn is_complete(&self, attached: Attached<'_>) -> bool {
        self.answer.with(attached, |answer| answer.complete)
    }

    /// The status that `start_response` was given last; 0 before.
    pub(crate) fn status(&self, attached: Attached<'_>) -> u16 {
        self.answer.with(attached, |answer| answer.status)
    }

    /// Takes what `start_response` was given, in place of what it was given before.
    pub(crate) fn set_head(&self, attached: Attached<'_>, head: Head, length: Option<u64>) {
        let method = self.call.environ.iter().find(|(name, _)| *name == b"REQUEST_METHOD");
        let is_head = method.is_some_and(|(_, method)| method == b"HEAD");
        self.answer.with(attached, |answer| {
            answer.status = head.status;
            answer.bodiless = is_head || matches!(head.status, 204 | 304);
            answer.head = Some(head);
            answer.length = length;
        });
    }
}

/// Sends what the application returned, or gives it back to be sent by and by.
pub(super) fn take(
    attached: Attached<'_>,
    holder: &Holder,
    request: &Arc<Request>,
    result: &Object,
) -> Result<Ending, Failure> {
    if let Some(items) = Items::of(attached, result)
        && !request.has_started(attached)
    {
        if let Some(body) = items.join(attached)? {
            if let Some(meter) = &request.meter {
                let blocks = items.count() as u64;
                meter.count(|counts| {
                    counts.output.times += blocks;
                    counts.output.bytes += body.len() as u64;
                });
            }
            return whole(attached, request, body);
        }
    } else if file_wrapper::is_file(attached, holder, result)?
        && !request.has_started(attached)
        && let Some(file) = file_wrapper::File::of(attached, holder, result)
    {
        file.send(attached, request)?;
        return finish(attached, request);
    }
    iterate(attached, request, result)?;
    finish(attached, request)
}

/// A list or a tuple, whose items are all there: nothing is gained by sending them one by one.
struct Items<'a> {
    result: &'a Object,
    is_list: bool,
}

impl<'a> Items<'a> {
    fn of(_attached: Attached<'_>, result: &'a Object) -> Option<Self> {
        // SAFETY: the object is valid.
        let (is_list, is_tuple) = unsafe {
            (
                is_exactly(result.as_ptr(), &raw mut ffi::PyList_Type),
                is_exactly(result.as_ptr(), &raw mut ffi::PyTuple_Type),
            )
        };
        (is_list || is_tuple).then_some(Self { result, is_list })
    }

    fn count(&self) -> isize {
        // SAFETY: it is a list or a tuple.
        unsafe {
            if self.is_list { ffi::PyList_Size(self.result.as_ptr()) } else { ffi::PyTuple_Size(self.result.as_ptr()) }
        }
    }

    fn get(&self, place: isize) -> Result<Object> {
        // SAFETY: it is a list, which gives a new reference or null; or it is a tuple, which is constant, and the place is below
        // its size: what it gives is borrowed and shared at once.
        unsafe {
            if self.is_list {
                Object::owned(list_item(self.result.as_ptr(), place))
            } else {
                Ok(Object::borrowed(ffi::PyTuple_GetItem(self.result.as_ptr(), place)))
            }
        }
    }

    /// All items in one, if they are not too large to be copied.
    fn join(&self, attached: Attached<'_>) -> Result<Option<Vec<u8>>, Failure> {
        let mut body = Vec::new();
        let mut place = 0;
        while place < self.count() {
            let item = self.get(place)?;
            let block = block(attached, &item)?;
            if body.len() + block.len() > SMALL {
                return Ok(None);
            }
            body.extend_from_slice(block);
            place += 1;
        }
        Ok(Some(body))
    }
}

fn whole(attached: Attached<'_>, request: &Request, mut body: Vec<u8>) -> Result<Ending, Failure> {
    let (head, length, bodiless) =
        request.answer.with(attached, |answer| (answer.head.take(), answer.length, answer.bodiless));
    let Some(head) = head else { return Err(not_started(attached).into()) };
    let mut short = false;
    if let Some(length) = length {
        if body.len() as u64 > length {
            body.truncate(length as usize);
            say_cut(request, length);
        }
        short = (body.len() as u64) < length && !bodiless;
        if short {
            say_short(request, length, body.len() as u64);
        }
    }
    Ok(Ending::Whole { head, body, short })
}

fn iterate(attached: Attached<'_>, request: &Request, result: &Object) -> Result<(), Failure> {
    // SAFETY: the object is valid; both calls give new references, or null with an exception or at the end.
    let items = unsafe { Object::owned(ffi::PyObject_GetIter(result.as_ptr()))? };
    loop {
        let item = unsafe { Object::owned(ffi::PyIter_Next(items.as_ptr())) };
        match item {
            Ok(item) => put(attached, request, &item)?,
            Err(Raised) if unsafe { ffi::PyErr_Occurred() }.is_null() => return Ok(()),
            Err(Raised) => return Err(Failure::Raised),
        }
    }
}

fn block<'a>(attached: Attached<'_>, item: &'a Object) -> Result<&'a [u8]> {
    item.as_bytes(attached).ok_or_else(|| {
        let text = format!("a block of the answer must be bytes, not {}", item.class_name(attached));
        attached.raise(Exception::Type, &text)
    })
}

/// Sends a block, with the head before it if it is the first; an empty one sends nothing.
pub(crate) fn put(attached: Attached<'_>, request: &Request, item: &Object) -> Result<(), Failure> {
    let block = block(attached, item)?;
    if block.is_empty() { Ok(()) } else { put_bytes(attached, request, block) }
}

fn put_bytes(attached: Attached<'_>, request: &Request, block: &[u8]) -> Result<(), Failure> {
    let Some(meter) = &request.meter else { return put_unmetered(attached, request, block) };
    let start = Instant::now();
    let put = put_unmetered(attached, request, block);
    meter.count(|counts| counts.output.add(block.len(), Some(start)));
    put
}

fn put_unmetered(attached: Attached<'_>, request: &Request, block: &[u8]) -> Result<(), Failure> {
    let step = request.answer.with(attached, |answer| answer.step(block.len() as u64));
    let Some(step) = step else { return Err(not_started(attached).into()) };
    if step.gone {
        return Err(Failure::Gone);
    }
    if step.cut {
        say_cut(request, step.length);
    }
    if step.head.is_none() && step.room == 0 {
        return Ok(());
    }
    let block = &block[..step.room];
    let mut channel = request.channel(attached);
    let sent = meter::detached(attached, request.meter.as_ref(), || {
        let exchange = channel.exchange()?;
        let sent = match step.head {
            Some(head) => exchange.start(head, block.into(), step.complete),
            None => exchange.send(block),
        };
        if sent.is_ok() && step.complete && step.started {
            exchange.finish();
        }
        Some(sent)
    });
    drop(channel);
    if matches!(sent, Some(Ok(()))) {
        return Ok(());
    }
    Err(request.answer.with(attached, Answer::set_gone))
}

/// What is to be done with a block.
struct Step {
    head: Option<Head>,
    /// The head was sent before.
    started: bool,
    /// How many of the block's bytes are sent.
    room: usize,
    /// Nothing follows.
    complete: bool,
    /// Tell that bytes were cut.
    cut: bool,
    length: u64,
    gone: bool,
}

impl Answer {
    /// `None` when `start_response` has not been called.
    fn step(&mut self, block: u64) -> Option<Step> {
        let head = self.head.take();
        if head.is_none() && !self.started {
            return None;
        }
        let room = self.length.map_or(block, |length| block.min(length - self.sent));
        let cut = room < block && !self.cut;
        self.cut |= cut;
        self.sent += room;
        let complete = !self.complete && self.length == Some(self.sent);
        let step = Step {
            head,
            started: self.started,
            room: room as usize,
            complete,
            cut,
            length: self.length.unwrap_or_default(),
            gone: self.gone,
        };
        self.started = true;
        self.complete |= complete;
        Some(step)
    }

    /// Counts bytes of a file that were sent.
    pub(super) fn count(&mut self, bytes: u64, complete: bool) {
        self.sent += bytes;
        self.complete = complete;
    }

    /// Takes the head to send it with a file of `length` bytes. `None` when `start_response` has not been called.
    pub(super) fn start_file(&mut self, length: u64) -> Option<FileStart> {
        let mut head = self.head.take()?;
        if self.length.is_none() {
            head.headers.push("Content-Length", length.to_string());
        }
        let total = *self.length.get_or_insert(length);
        self.started = true;
        if self.bodiless {
            return Some(FileStart { head, wanted: 0, total: 0 });
        }
        Some(FileStart { head, wanted: total.min(length), total })
    }

    /// Says that the client has left.
    pub(super) fn set_gone(&mut self) -> Failure {
        self.gone = true;
        Failure::Gone
    }
}

/// Ends the answer, now that the application has given all of it.
fn finish(attached: Attached<'_>, request: &Request) -> Result<Ending, Failure> {
    let (head, started, complete, short) = request.answer.with(attached, |answer| {
        let short = answer.length.filter(|length| answer.sent < *length && !answer.bodiless);
        (answer.head.take(), answer.started, answer.complete, short.map(|length| (length, answer.sent)))
    });
    if complete {
        return Ok(Ending::Sent);
    }
    if let Some((length, sent)) = short {
        say_short(request, length, sent);
    }
    match head {
        Some(head) => Ok(Ending::Whole { head, body: Vec::new(), short: short.is_some() }),
        None if !started => Err(not_started(attached).into()),
        None if short.is_some() => Err(Failure::Logged),
        None => {
            // Before close(), which may take its time.
            let mut channel = request.channel(attached);
            attached.detached(|| channel.exchange().map(wsgi_httpd::runtime::exchange::Exchange::finish));
            drop(channel);
            request.answer.with(attached, |answer| answer.complete = true);
            Ok(Ending::Sent)
        }
    }
}

/// Calls the result's `close()`, if it has one. A failure is logged and changes nothing.
pub(super) fn close(attached: Attached<'_>, interpreter: &'static Interpreter, request: &Request, result: &Object) {
    if Items::of(attached, result).is_some() {
        return;
    }
    // The exception that ended the iteration waits.
    let (mut kind, mut value, mut traceback) = Default::default();
    // SAFETY: three pointers that Fetch fills with references or null, and Restore takes over again.
    unsafe { ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback) };
    let name = &interpreter.holder(attached).names.close;
    // SAFETY: both objects are valid.
    let (mut codes, mut what) = (errors::CALLING, "close() of the application's result has failed:");
    let closed = match unsafe { Object::owned(ffi::PyObject_GetAttr(result.as_ptr(), name.as_ptr())) } {
        Ok(close) => close.call(attached).map(drop),
        Err(Raised) if attached.raised_is(Exception::Attribute) => {
            attached.clear_raised();
            Ok(())
        }
        Err(Raised) => {
            (codes, what) = (["WSGI0194"; 2], "looking for close() of the application's result has failed:");
            Err(Raised)
        }
    };
    if closed.is_err() {
        errors::log_raised(attached, interpreter, Some(&request.call.environ), codes, what);
    }
    // SAFETY: as above.
    unsafe { ffi::PyErr_Restore(kind, value, traceback) };
}

fn not_started(attached: Attached<'_>) -> Raised {
    attached.raise(Exception::Runtime, "start_response() has not been called")
}

fn say_cut(request: &Request, length: u64) {
    let text = format!("the answer is longer than its Content-Length of {length} bytes, and is cut there");
    log::write(LogLevel::Warn, Some(&request.call.environ), text);
}

fn say_short(request: &Request, length: u64, sent: u64) {
    let text = format!("the answer has {sent} bytes and not the {length} of its Content-Length: the connection is cut");
    log::write(LogLevel::Error, Some(&request.call.environ), text);
}
