//! What becomes lines of the error log: `wsgi.errors`, `sys.stdout`, `sys.stderr` and tracebacks.

use std::cell::RefCell;
use std::sync::Arc;

use pyo3_ffi as ffi;
use wsgi_httpd::plan::log::LogLevel;

use super::Request;
use crate::callback::{Method, enter};
use crate::interpreter::Interpreter;
use crate::log::{self, Client};
use crate::object::{Attached, Exception, Object, Result};

thread_local! {
    /// The request that runs on this thread.
    static CURRENT: RefCell<Option<Arc<Request>>> = const { RefCell::new(None) };
    /// The unfinished line of `sys.stdout` and `sys.stderr` of this thread, outside of requests.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Says which request runs on this thread.
pub(crate) fn set_current(request: Option<Arc<Request>>) {
    CURRENT.set(request);
}

/// The request that runs on this thread.
pub(crate) fn current() -> Option<Arc<Request>> {
    CURRENT.with_borrow(Option::clone)
}

/// Ends the lines that a request has left unfinished.
pub(crate) fn end_lines(attached: Attached<'_>, request: &Request) {
    end_line(attached, request);
    LINE.with_borrow_mut(|line| end(line, Some(request)));
}

/// Writes what a script has written.
fn say(level: LogLevel, request: Option<&Request>, text: &[u8]) {
    match request {
        Some(Request { call, .. }) => log::write_of_script(level, &call.environ, &call.target.script, text),
        None => log::write(level, None, text),
    }
}

/// The codes of the error log for an exception, and for a `SystemExit`.
pub(crate) type Codes = [&'static str; 2];
/// What a script raises when one of its functions is called.
pub(crate) const CALLING: Codes = ["WSGI0174", "WSGI0175"];

/// Logs the exception that was raised, with its traceback, below a line that says what failed.
pub(crate) fn log_raised(
    attached: Attached<'_>,
    interpreter: &Interpreter,
    client: Client<'_>,
    [code, code_of_exit]: Codes,
    what: &str,
) {
    let Some(caught) = attached.take_raised() else {
        log::write(LogLevel::Error, client, format!("{code}: {what} no exception is set"));
        return;
    };
    // SAFETY: both are valid objects.
    if unsafe { ffi::PyErr_GivenExceptionMatches(caught.kind.as_ptr(), system_exit()) } != 0 {
        let text = format!("{code_of_exit}: {what} SystemExit, which does not end the process");
        log::write(LogLevel::Error, client, text);
    } else {
        log::write(LogLevel::Error, client, format!("{code}: {what}"));
    }
    let traceback = match &caught.traceback {
        Some(traceback) => traceback.share(attached),
        None => Object::none(attached),
    };
    let arguments = [caught.kind.share(attached), caught.value.share(attached), traceback];
    let lines = Object::tuple(attached, arguments)
        .and_then(|arguments| interpreter.holder(attached).describe.call_tuple(attached, &arguments));
    if let Ok(lines) = lines.and_then(|lines| utf8(attached, &lines)) {
        log::write(LogLevel::Error, client, lines.as_bytes(attached).unwrap_or_default());
        return;
    }
    // No stack or no memory left for the traceback module.
    attached.clear_raised();
    let text = format!("{} (its traceback cannot be shown)", caught.value.class_name(attached));
    log::write(LogLevel::Error, client, text);
}

/// Whether `SystemExit` was raised; it is taken then.
pub(crate) fn is_exit(attached: Attached<'_>) -> bool {
    // SAFETY: the thread is attached and the error indicator is set.
    let is_exit = unsafe { ffi::PyErr_ExceptionMatches(system_exit()) } != 0;
    if is_exit {
        attached.clear_raised();
    }
    is_exit
}

/// The exit status of a `SystemExit` that was raised, which is taken; `None` for another exception.
pub(crate) fn take_exit(attached: Attached<'_>) -> Option<i32> {
    // SAFETY: the thread is attached and the error indicator is set.
    if unsafe { ffi::PyErr_ExceptionMatches(system_exit()) } == 0 {
        return None;
    }
    let code = attached.take_raised()?.value.attribute(attached, c"code").ok()?;
    // As Python does: no code is success, and one that is no number a failure.
    Some(if code.is_none() { 0 } else { code.as_integer(attached).map_or(1, |code| (code & 0xff) as i32) })
}

/// Logs the exception that was raised where there is no interpreter of ours yet: Python prints it to standard error.
pub(crate) fn log_raised_plain(_attached: Attached<'_>) {
    // SAFETY: the thread is attached and the error indicator is set, or nothing is printed.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Print();
        }
    }
}

fn system_exit() -> *mut ffi::PyObject {
    // SAFETY: set before any of our code runs.
    unsafe { ffi::PyExc_SystemExit }
}

/// A `str` as `bytes`; lone surrogates are written as escapes.
fn utf8(_attached: Attached<'_>, text: &Object) -> Result<Object> {
    // SAFETY: both names end in NUL; a TypeError is raised for what is no str.
    unsafe {
        Object::owned(ffi::PyUnicode_AsEncodedString(text.as_ptr(), c"utf-8".as_ptr(), c"backslashreplace".as_ptr()))
    }
}

/// `log_bytes(block)`: what is written to `sys.stdout` and `sys.stderr`, which share the line of `wsgi.errors` in a request.
pub(crate) static LOG_BYTES: Method = Method::new(c"log_bytes", log_bytes, c"Adds to this thread's line of the log.");
/// `end_line()`: what is begun of that line goes out.
pub(crate) static END_LINE: Method = Method::new(c"end_line", flush, c"Ends this thread's line of the log.");
/// `log(level, text)`; levels are numbers, 0 for `emerg`.
pub(crate) static LOG: Method = Method::new(c"log", log_text, c"Writes lines of a level.");

fn level(number: Option<i64>) -> LogLevel {
    match number {
        Some(2) => LogLevel::Crit,
        Some(4) => LogLevel::Warn,
        Some(6) => LogLevel::Info,
        Some(7) => LogLevel::Debug,
        _ => LogLevel::Error,
    }
}

unsafe extern "C" fn log_bytes(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let block = arguments.get(0, c"block").ok_or_else(|| attached.raise(Exception::Type, "no block"))?;
            let block = block.as_bytes(attached).unwrap_or_default();
            match current() {
                Some(request) => add_bytes(attached, &request, block),
                None => LINE.with_borrow_mut(|line| add(line, block, None)),
            }
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn flush(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, _| {
            match current() {
                Some(request) => end_line(attached, &request),
                None => LINE.with_borrow_mut(|line| end(line, None)),
            }
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn log_text(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let level = level(arguments.get(0, c"level").and_then(|level| level.as_integer(attached)));
            let text = arguments.get(1, c"text").ok_or_else(|| attached.raise(Exception::Type, "no text"))?;
            let text = utf8(attached, &text)?;
            let text = text.as_bytes(attached).unwrap_or_default();
            CURRENT.with_borrow(|current| say(level, current.as_deref(), text));
            Ok(Object::none(attached))
        })
    }
}

/// Writes what is begun of a line.
fn end(line: &mut Vec<u8>, request: Option<&Request>) {
    if !line.is_empty() {
        say(LogLevel::Error, request, &std::mem::take(line));
    }
}

/// Writes the lines that are whole now and keeps the rest.
fn add(line: &mut Vec<u8>, block: &[u8], request: Option<&Request>) {
    let Some(end) = block.iter().rposition(|byte| *byte == b'\n') else {
        line.extend_from_slice(block);
        return;
    };
    line.extend_from_slice(&block[..end]);
    say(LogLevel::Error, request, line);
    line.clear();
    line.extend_from_slice(&block[end + 1..]);
}

/// Adds text to the line of `wsgi.errors`, as a stream does that is flushed by each line: what follows a line's end goes out too.
pub(super) fn add_text(attached: Attached<'_>, request: &Request, text: &Object) -> Result<()> {
    let text = utf8(attached, text)?;
    let text = text.as_bytes(attached).unwrap_or_default();
    request.line.with(attached, |line| {
        add(line, text, Some(request));
        if text.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            end(line, Some(request));
        }
    });
    Ok(())
}

/// Adds bytes to the line of `wsgi.errors`.
pub(super) fn add_bytes(attached: Attached<'_>, request: &Request, block: &[u8]) {
    request.line.with(attached, |line| add(line, block, Some(request)));
}

/// Ends the line of `wsgi.errors`, if one is begun.
pub(super) fn end_line(attached: Attached<'_>, request: &Request) {
    request.line.with(attached, |line| end(line, Some(request)));
}

/// Ends the line that code outside of a request has left unfinished on this thread.
pub(crate) fn end_line_of_thread() {
    LINE.with_borrow_mut(|line| end(line, None));
}
