//! `wsgi.input`: the request's body, read from the front when the application asks for it.

use std::time::Instant;

use bytes::Bytes;
use pyo3_ffi as ffi;
use wsgi_httpd::runtime::exchange::InputError;

use super::{Channel, Request, meter, running};
use crate::callback::{Method, class as make_class, enter, guard};
use crate::object::{Attached, Exception, Object, Raised, Result};

/// Bytes asked of the front at a time: more than a small body, so that it comes in one go.
const BLOCK: usize = 64 << 10;
/// And at most.
const MOST: usize = 1 << 20;

/// `mod_wsgi.Input`.
pub(crate) fn class(attached: Attached<'_>) -> Result<Object> {
    static METHODS: [Method; 5] = [
        Method::new(c"read", read, c"Reads so many bytes, or all."),
        Method::new(c"readline", read_line, c"Reads a line, of so many bytes at most."),
        Method::new(c"readlines", read_lines, c"Reads lines, until there are so many bytes."),
        Method::new(c"close", close, c"Does nothing."),
        Method::end(),
    ];
    let slots = [(ffi::Py_tp_iter, iter as *mut _), (ffi::Py_tp_iternext, next as *mut _)];
    make_class(attached, c"mod_wsgi.Input", &METHODS, &slots)
}

unsafe extern "C" fn read(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = running(attached, this, "wsgi.input")?;
            arguments.at_most(1, "read")?;
            let size = arguments.size(0, c"size")?;
            let want = Want { most: usize::try_from(size).unwrap_or(usize::MAX), line: false };
            Object::bytes(attached, &take(attached, &request, want)?)
        })
    }
}

unsafe extern "C" fn read_line(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = running(attached, this, "wsgi.input")?;
            arguments.at_most(1, "readline")?;
            let size = arguments.size(0, c"size")?;
            let want = Want { most: usize::try_from(size).unwrap_or(usize::MAX), line: true };
            Object::bytes(attached, &take(attached, &request, want)?)
        })
    }
}

unsafe extern "C" fn read_lines(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class. The list takes references of its own.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = running(attached, this, "wsgi.input")?;
            arguments.at_most(1, "readlines")?;
            let hint = usize::try_from(arguments.size(0, c"hint")?).ok().filter(|hint| *hint > 0);
            let lines = Object::owned(ffi::PyList_New(0))?;
            let mut bytes = 0;
            while hint.is_none_or(|hint| bytes < hint) {
                let line = take(attached, &request, Want::LINE)?;
                if line.is_empty() {
                    break;
                }
                bytes += line.len();
                if ffi::PyList_Append(lines.as_ptr(), Object::bytes(attached, &line)?.as_ptr()) < 0 {
                    return Err(Raised);
                }
            }
            Ok(lines)
        })
    }
}

unsafe extern "C" fn close(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, _| {
            running(attached, this, "wsgi.input")?;
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn iter(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: an iterator gives a new reference to itself.
    unsafe { Object::borrowed(this).into_ptr() }
}

unsafe extern "C" fn next(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by Python for an object of our class. Null without an exception is the end.
    let attached = unsafe { Attached::assume() };
    guard(attached, std::ptr::null_mut(), || {
        let line = running(attached, this, "wsgi.input").and_then(|request| take(attached, &request, Want::LINE));
        match line {
            Ok(line) if line.is_empty() => std::ptr::null_mut(),
            Ok(line) => Object::bytes(attached, &line).map_or(std::ptr::null_mut(), Object::into_ptr),
            Err(Raised) => std::ptr::null_mut(),
        }
    })
}

/// How much of the body is asked for.
#[derive(Clone, Copy)]
struct Want {
    /// So many bytes at most.
    most: usize,
    /// Not beyond the end of a line.
    line: bool,
}

impl Want {
    /// The next line, however long.
    const LINE: Self = Self { most: usize::MAX, line: true };

    /// How many bytes of a block are wanted after those that are `taken`, and whether that is all.
    fn of(self, block: &[u8], taken: usize) -> (usize, bool) {
        let room = self.most - taken;
        let block = &block[..block.len().min(room)];
        if self.line
            && let Some(end) = block.iter().position(|byte| *byte == b'\n')
        {
            return (end + 1, true);
        }
        (block.len(), block.len() == room)
    }
}

fn take(attached: Attached<'_>, request: &Request, want: Want) -> Result<Bytes> {
    let Some(meter) = &request.meter else { return take_unmetered(attached, request, want) };
    let start = Instant::now();
    let taken = take_unmetered(attached, request, want);
    let length = taken.as_ref().map_or(0, Bytes::len);
    meter.count(|counts| counts.input.add(length, Some(start)));
    taken
}

fn take_unmetered(attached: Attached<'_>, request: &Request, want: Want) -> Result<Bytes> {
    let mut channel = request.channel(attached);
    let (length, done) = want.of(&channel.buffer, 0);
    if done || (channel.at_end && channel.error.is_none()) {
        return Ok(channel.buffer.split_to(length));
    }
    meter::detached(attached, request.meter.as_ref(), || gather(&mut channel, want)).map_err(|error| {
        let text = format!("mod_wsgi request data read error: {error}");
        attached.raise(Exception::Os, &text)
    })
}

/// Reads on until there is what is wanted, or the end.
fn gather(channel: &mut Channel, want: Want) -> Result<Bytes, InputError> {
    let mut taken = Vec::new();
    loop {
        let (length, done) = want.of(&channel.buffer, taken.len());
        let block = channel.buffer.split_to(length);
        if done && taken.is_empty() {
            return Ok(block);
        }
        taken.extend_from_slice(&block);
        if done || channel.at_end {
            return Ok(Bytes::from(taken));
        }
        refill(channel, want.most - taken.len())?;
    }
}

fn refill(channel: &mut Channel, wanted: usize) -> Result<(), InputError> {
    if let Some(error) = channel.error {
        return Err(error);
    }
    let most = wanted.clamp(BLOCK, MOST);
    let read = match channel.exchange() {
        Some(exchange) => exchange.read(most),
        // The request has ended while another thread waited for its body.
        None => Err(InputError::ClientGone),
    };
    match read {
        Ok(block) => {
            channel.at_end = block.is_empty();
            channel.buffer = block;
            Ok(())
        }
        Err(error) => {
            channel.error = Some(error);
            Err(error)
        }
    }
}
