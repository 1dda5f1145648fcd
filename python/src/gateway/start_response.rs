//! `start_response(status, headers, exc_info=None)` and the `write()` that it returns.

use std::borrow::Cow;

use pyo3_ffi as ffi;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::Head;
use wsgi_httpd::runtime::pairs::Pairs;

use super::response::{self, Failure};
use super::running;
use crate::callback::{Method, bound, enter};
use crate::events;
use crate::gil::list_item;

use crate::layout::{Kind, class_of, is_kind};
use crate::log;
use crate::object::{Attached, Exception, Object, Raised, Result};

/// Bound to the request's `wsgi.input`.
pub(crate) static START_RESPONSE: Method =
    Method::new(c"start_response", start_response, c"start_response(status, headers, exc_info=None)");
static WRITE: Method = Method::new(c"write", write, c"Sends a block of the answer.");

unsafe extern "C" fn start_response(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a function bound to an object of our class.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = running(attached, this, "start_response()")?;
            arguments.at_most(3, "start_response")?;
            let (Some(status), Some(headers)) = (arguments.get(0, c"status"), arguments.get(1, c"headers")) else {
                return Err(attached.raise(Exception::Type, "start_response() takes a status and headers"));
            };
            let exc_info = arguments.get(2, c"exc_info").filter(|exc_info| !exc_info.is_none());
            if let Some(exc_info) = &exc_info
                && !exc_info.is_tuple()
            {
                return Err(attached.raise(Exception::Type, "exc_info must be a tuple"));
            }
            if request.has_started(attached) {
                return Err(match exc_info {
                    Some(exc_info) => raise_again(attached, &exc_info),
                    None => attached.raise(Exception::Runtime, "the headers have been sent already"),
                });
            }
            let (head, length) = head(attached, &status, &headers, Some(&request.call.environ))?;
            request.set_head(attached, head, length);
            if request.meter.is_some() {
                let holder = request.interpreter.holder(attached);
                events::response_started(attached, holder, &request, &status, &headers, exc_info.as_ref())?;
            }
            bound(attached, &WRITE, &Object::borrowed(this))
        })
    }
}

unsafe extern "C" fn write(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a function bound to an object of our class.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = running(attached, this, "write()")?;
            arguments.at_most(1, "write")?;
            let Some(block) = arguments.get(0, c"block") else {
                return Err(attached.raise(Exception::Type, "write() takes one argument"));
            };
            match response::put(attached, &request, &block) {
                Ok(()) => Ok(Object::none(attached)),
                Err(Failure::Raised | Failure::Logged) => Err(Raised),
                Err(Failure::Gone) => {
                    Err(attached.raise(Exception::Os, "mod_wsgi response data write error: the client has gone"))
                }
            }
        })
    }
}

/// PEP 3333: once the headers are sent, `start_response` raises the exception that it is given.
fn raise_again(attached: Attached<'_>, exc_info: &Object) -> Raised {
    let raised = (|| {
        let not_one =
            || attached.raise(Exception::Type, "exc_info must be a class, an exception of it and a traceback");
        // SAFETY: exc_info is a tuple.
        if unsafe { ffi::PyTuple_Size(exc_info.as_ptr()) } != 3 {
            return Err(not_one());
        }
        // SAFETY: as above, and there are three; what it gives is borrowed, and shared at once.
        let item = |place| unsafe { Object::borrowed(ffi::PyTuple_GetItem(exc_info.as_ptr(), place)) };
        let (kind, value, traceback) = (item(0), item(1), item(2));
        // SAFETY: both are valid objects; a class is asked for before it is called.
        let exception = unsafe {
            let base = ffi::PyExc_BaseException;
            if ffi::PyObject_IsInstance(value.as_ptr(), base) == 1 {
                value
            } else if value.is_none()
                && is_kind(kind.as_ptr(), Kind::Class)
                && ffi::PyObject_IsSubclass(kind.as_ptr(), base) == 1
            {
                kind.call(attached)?
            } else {
                attached.clear_raised();
                return Err(not_one());
            }
        };
        let exception = if traceback.is_none() {
            exception
        } else {
            let arguments = Object::tuple(attached, [traceback])?;
            exception.attribute(attached, c"with_traceback")?.call_tuple(attached, &arguments)?
        };
        // SAFETY: an exception, of which Python takes references of its own.
        unsafe { ffi::PyErr_SetObject(class_of(exception.as_ptr()).cast(), exception.as_ptr()) };
        Ok(())
    })();
    raised.err().unwrap_or(Raised)
}

/// Checks the arguments; gives the head, and the `Content-Length` if there is one.
fn head(
    attached: Attached<'_>,
    status: &Object,
    headers: &Object,
    client: log::Client<'_>,
) -> Result<(Head, Option<u64>)> {
    let (status, reason) = parse_status(attached, status)?;
    // SAFETY: the object is valid.
    if !unsafe { is_kind(headers.as_ptr(), Kind::List) } {
        let text = format!("headers must be a list, not {}", headers.class_name(attached));
        return Err(attached.raise(Exception::Type, &text));
    }
    let mut head = Head { status, reason, headers: Pairs::with_capacity(256) };
    let (mut length, mut typed) = (None, false);
    let mut place = 0;
    // The size is asked for each time: nothing stops another thread from changing the list.
    // SAFETY: the object is a list; what it gives is a new reference, or null when another thread has taken it away.
    while place < unsafe { ffi::PyList_Size(headers.as_ptr()) } {
        let item = unsafe { Object::owned(list_item(headers.as_ptr(), place))? };
        place += 1;
        let (name, value) = pair(attached, &item)?;
        let (name, value) = (header_name(attached, &name)?, header_value(attached, &value)?);
        if name.eq_ignore_ascii_case(b"content-length") {
            let number = parse_length(attached, &value)?;
            match length.replace(number) {
                None => {}
                Some(before) if before == number => continue,
                Some(_) => return Err(attached.raise(Exception::Value, "more than one Content-Length")),
            }
        } else if name.eq_ignore_ascii_case(b"content-type") {
            if matches!(status, 204 | 304) {
                // There is nothing that it could be the type of.
                continue;
            }
            if std::mem::replace(&mut typed, true) {
                head.headers = without_type(&head.headers);
            }
        } else if is_hop_by_hop(&name) && !closes(&name, &value) {
            let name = String::from_utf8_lossy(&name);
            let text = format!("the application's header '{name}' is left out: the server frames its answers itself");
            log::write(LogLevel::Info, client, text);
            continue;
        }
        head.headers.push(&name, &value);
    }
    Ok((head, length))
}

fn parse_status(attached: Attached<'_>, status: &Object) -> Result<(u16, Vec<u8>)> {
    let text = latin1(attached, status, "status")?;
    let (digits, reason) = text.split_at(text.len().min(3));
    let number = digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit.wrapping_sub(b'0')));
    if digits.len() < 3 || !digits.iter().all(u8::is_ascii_digit) || !matches!(reason, [] | [b' ', ..]) {
        return Err(attached.raise(Exception::Value, "the status must be three digits and a reason: '200 OK'"));
    }
    if number < 200 {
        return Err(attached.raise(Exception::Value, &format!("status {number} is not one of 200 to 999")));
    }
    if has_control(reason) {
        return Err(attached.raise(Exception::Value, "the status has a control character"));
    }
    Ok((number, reason.get(1..).unwrap_or_default().to_vec()))
}

fn pair(attached: Attached<'_>, item: &Object) -> Result<(Object, Object)> {
    // SAFETY: a tuple is constant; what it gives is borrowed and shared at once.
    unsafe {
        if !item.is_tuple() || ffi::PyTuple_Size(item.as_ptr()) != 2 {
            let text = format!("a header must be a tuple of name and value, not {}", item.class_name(attached));
            return Err(attached.raise(Exception::Type, &text));
        }
        let get = |place| Object::borrowed(ffi::PyTuple_GetItem(item.as_ptr(), place));
        Ok((get(0), get(1)))
    }
}

fn header_name<'a>(attached: Attached<'_>, name: &'a Object) -> Result<Cow<'a, [u8]>> {
    let name = latin1(attached, name, "a header's name")?;
    if name.is_empty() || !name.iter().copied().all(is_token) || name.len() > usize::from(u16::MAX) {
        let shown = String::from_utf8_lossy(&name).escape_debug().to_string();
        return Err(attached.raise(Exception::Value, &format!("'{shown}' is no header name")));
    }
    Ok(name)
}

fn header_value<'a>(attached: Attached<'_>, value: &'a Object) -> Result<Cow<'a, [u8]>> {
    let value = latin1(attached, value, "a header's value")?;
    if has_control(&value) {
        return Err(attached.raise(Exception::Value, "a header's value has a control character"));
    }
    Ok(value)
}

fn parse_length(attached: Attached<'_>, value: &[u8]) -> Result<u64> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| attached.raise(Exception::Value, "Content-Length must be a decimal number"))
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'.' | b'^' | b'`' | b'|' | b'~')
}

fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f)
}

/// What is between us and the next hop is our own work (PEP 3333, "Other HTTP Features").
fn is_hop_by_hop(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"trailers",
        b"transfer-encoding",
        b"upgrade",
    ];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `Connection: close`, which the front carries out.
fn closes(name: &[u8], value: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"connection")
        && value.split(|byte| *byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// The headers before another `Content-Type`: the last one counts.
fn without_type(headers: &Pairs) -> Pairs {
    let mut kept = Pairs::default();
    for (name, value) in headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(b"content-type")) {
        kept.push(name, value);
    }
    kept
}

/// The bytes of a `str` in latin-1.
fn latin1<'a>(attached: Attached<'_>, text: &'a Object, what: &str) -> Result<Cow<'a, [u8]>> {
    if !text.is_str() {
        let message = format!("{what} must be str, not {}", text.class_name(attached));
        return Err(attached.raise(Exception::Type, &message));
    }
    let bytes = match text.as_str(attached) {
        Ok(text) if text.is_ascii() => Some(Cow::Borrowed(text.as_bytes())),
        Ok(text) => {
            text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect::<Option<_>>().map(Cow::Owned)
        }
        Err(Raised) => {
            attached.clear_raised();
            None
        }
    };
    bytes.ok_or_else(|| attached.raise(Exception::Value, &format!("{what} has a character outside of latin-1")))
}
