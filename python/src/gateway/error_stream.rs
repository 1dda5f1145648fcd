//! `wsgi.errors`: a real `io.TextIOWrapper` over a `mod_wsgi.Log`, for whoever looks at more of it than `write()`.
//!
//! Most requests do not look at it at all. So the object is an instance of a class of its own that is derived from `TextIOWrapper`,
//! and `TextIOWrapper.__init__` is called when something is asked of it for the first time but to write text or to flush.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3_ffi as ffi;

use super::{Request, errors, running_request};
use crate::callback::{Method, class as make_class, enter, guard, view};
use crate::layout::{Kind, class_of, is_kind};
use crate::module::Holder;
use crate::object::{Attached, Exception, Object, Raised, Result};

/// What our objects hold after what is `TextIOWrapper`'s.
struct Tail {
    /// From [`Arc::into_raw`], or null in an object that the application made itself.
    request: *const Request,
    /// `TextIOWrapper.__init__` has been called.
    ready: bool,
}

/// Where the tail begins: the size of a `TextIOWrapper`, which is the same in all interpreters of a process.
static TAIL: AtomicUsize = AtomicUsize::new(0);

/// What works without the rest of it.
const OF_OUR_OWN: [&CStr; 2] = [c"write", c"flush"];

/// The class of `wsgi.errors`.
pub(crate) fn class(attached: Attached<'_>) -> Result<Object> {
    static METHODS: [Method; 3] = [
        Method::new(c"write", write, c"Adds text; whole lines go to the error log."),
        Method::new(c"flush", flush, c"What is begun of a line goes to the error log."),
        Method::end(),
    ];
    let base = attached.import(c"io")?.attribute(attached, c"TextIOWrapper")?;
    let size = base.attribute(attached, c"__basicsize__")?.as_integer(attached).unwrap_or_default() as usize;
    TAIL.store(size.next_multiple_of(align_of::<Tail>()), Ordering::Relaxed);
    let slot = |slot, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_methods, METHODS.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_getattro, get_attribute as *mut c_void),
        slot(ffi::Py_tp_setattro, set_attribute as *mut c_void),
        slot(ffi::Py_tp_repr, represent as *mut c_void),
        slot(ffi::Py_tp_iternext, next as *mut c_void),
        slot(ffi::Py_tp_finalize, finalize as *mut c_void),
        ffi::PyType_Slot::default(),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"mod_wsgi.Errors".as_ptr(),
        basicsize: (TAIL.load(Ordering::Relaxed) + size_of::<Tail>()) as c_int,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as c_uint,
        slots: slots.as_mut_ptr(),
    };
    let bases = Object::tuple(attached, [base])?;
    // SAFETY: the table ends in a zeroed slot and holds functions of the types that the slots want; the methods and the name are
    // static. The size is that of the base and what is ours. How objects are made, visited and freed comes from the base.
    unsafe { Object::owned(ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr())) }
}

/// The class of what lies below `wsgi.errors`, which takes bytes.
pub(crate) fn log_class(attached: Attached<'_>) -> Result<Object> {
    static METHODS: [Method; 10] = [
        Method::new(c"write", log_write, c"Adds bytes; whole lines go to the error log."),
        Method::new(c"writelines", log_write_lines, c"Adds blocks of bytes."),
        Method::new(c"flush", log_flush, c"What is begun of a line goes to the error log."),
        Method::new(c"close", log_flush, c"As flush(): the log is not the application's to close."),
        Method::new(c"fileno", log_descriptor, c"Raises OSError."),
        Method::new(c"readable", no, c"False."),
        Method::new(c"writable", yes, c"True."),
        Method::new(c"seekable", no, c"False."),
        Method::new(c"isatty", no, c"False."),
        Method::end(),
    ];
    let class = make_class(attached, c"mod_wsgi.Log", &METHODS, &[])?;
    for (name, value) in [(c"encoding", "utf-8"), (c"errors", ERRORS), (c"name", "<wsgi.errors>")] {
        class.set_attribute(attached, name, &Object::text(attached, value)?)?;
    }
    class.set_attribute(attached, c"closed", &Object::boolean(attached, false))?;
    Ok(class)
}

/// What becomes of characters that UTF-8 has no bytes for.
const ERRORS: &str = "backslashreplace";

/// Makes a request's `wsgi.errors`.
pub(crate) fn make(attached: Attached<'_>, holder: &Holder, request: &Arc<Request>) -> Result<Object> {
    let _ = attached;
    // SAFETY: the class was made by `class`; GenericAlloc gives a zeroed object of its size.
    unsafe {
        let object = Object::owned(ffi::PyType_GenericAlloc(holder.errors.as_ptr().cast(), 0))?;
        (*tail(object.as_ptr())).request = Arc::into_raw(Arc::clone(request));
        Ok(object)
    }
}

/// # Safety
/// `object` is of the class that [`class`] made, which nothing can be derived from.
unsafe fn tail(object: *mut ffi::PyObject) -> *mut Tail {
    // SAFETY: as the caller promises, what is ours begins there. The offset was made a multiple of its alignment.
    unsafe { object.cast::<u8>().add(TAIL.load(Ordering::Relaxed)).cast() }
}

/// The request of a stream.
///
/// # Safety
/// As [`tail`].
unsafe fn request_of(object: *mut ffi::PyObject) -> Option<Arc<Request>> {
    // SAFETY: as the caller promises; the object holds one count, we take another.
    unsafe {
        let request = (*tail(object)).request;
        if request.is_null() {
            return None;
        }
        Arc::increment_strong_count(request);
        Some(Arc::from_raw(request))
    }
}

/// Whether it is still nothing but a way to write text.
///
/// # Safety
/// As [`tail`].
unsafe fn is_bare(object: *mut ffi::PyObject) -> bool {
    // SAFETY: as the caller promises.
    unsafe { !(*tail(object)).request.is_null() && !(*tail(object)).ready }
}

/// Makes all of it, if that has not been done yet.
///
/// # Safety
/// As [`tail`].
unsafe fn make_ready(attached: Attached<'_>, object: *mut ffi::PyObject) -> Result<()> {
    // SAFETY: as the caller promises. It counts as ready while `__init__` runs, which must not come here again.
    unsafe {
        let Some(request) = request_of(object).filter(|_| is_bare(object)) else { return Ok(()) };
        (*tail(object)).ready = true;
        let log = view(attached, &request.interpreter.holder(attached).log, &request)?;
        let text = |text| Object::text(attached, text);
        let (line_buffering, write_through) = (Object::boolean(attached, true), Object::boolean(attached, true));
        let arguments = [log, text("utf-8")?, text(ERRORS)?, Object::none(attached), line_buffering, write_through];
        let arguments = Object::tuple(attached, arguments)?;
        let made = of_the_base(attached, object, c"__init__")
            .and_then(|init| Object::owned(ffi::PyObject_CallObject(init.as_ptr(), arguments.as_ptr())));
        if made.is_err() {
            (*tail(object)).ready = false;
        }
        made.map(drop)
    }
}

/// A method of `TextIOWrapper`, bound to the object.
///
/// # Safety
/// As [`tail`].
unsafe fn of_the_base(attached: Attached<'_>, object: *mut ffi::PyObject, name: &CStr) -> Result<Object> {
    // SAFETY: as the caller promises; a descriptor's `__get__` gives a new reference.
    unsafe {
        let class = Object::borrowed(class_of(object).cast());
        let method = class.attribute(attached, c"__base__")?.attribute(attached, name)?;
        let get = method.attribute(attached, c"__get__")?;
        get.call_with(attached, &Object::borrowed(object), &class)
    }
}

unsafe extern "C" fn get_attribute(this: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by Python for an object of our class; a name is a str.
    let attached = unsafe { Attached::assume() };
    guard(attached, null_mut(), || unsafe {
        let is_name = |own: &&CStr| ffi::PyUnicode_CompareWithASCIIString(name, own.as_ptr()) == 0;
        if is_bare(this) && !OF_OUR_OWN.iter().any(is_name) && make_ready(attached, this).is_err() {
            return null_mut();
        }
        ffi::PyObject_GenericGetAttr(this, name)
    })
}

unsafe extern "C" fn set_attribute(
    this: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: called by Python for an object of our class; no value deletes the attribute.
    let attached = unsafe { Attached::assume() };
    guard(attached, -1, || unsafe {
        if make_ready(attached, this).is_err() {
            return -1;
        }
        ffi::PyObject_GenericSetAttr(this, name, value)
    })
}

unsafe extern "C" fn represent(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by Python for an object of our class.
    unsafe { base_method(this, c"__repr__") }
}

unsafe extern "C" fn next(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by Python for an object of our class.
    unsafe { base_method(this, c"__next__") }
}

/// Calls a method of `TextIOWrapper` that takes nothing.
///
/// # Safety
/// Called by Python for an object of our class.
unsafe fn base_method(this: *mut ffi::PyObject, name: &CStr) -> *mut ffi::PyObject {
    // SAFETY: as the caller promises.
    let attached = unsafe { Attached::assume() };
    guard(attached, null_mut(), || unsafe {
        let made = make_ready(attached, this).and_then(|()| of_the_base(attached, this, name));
        made.and_then(|method| method.call(attached)).map_or(null_mut(), Object::into_ptr)
    })
}

/// Calls a method of `TextIOWrapper` with the arguments that ours got.
///
/// # Safety
/// Called by Python for an object of our class, with a tuple, and a dict or null.
unsafe fn as_the_base(
    attached: Attached<'_>,
    this: *mut ffi::PyObject,
    name: &CStr,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> Result<Object> {
    // SAFETY: as the caller promises.
    unsafe {
        make_ready(attached, this)?;
        let method = of_the_base(attached, this, name)?;
        Object::owned(ffi::PyObject_Call(method.as_ptr(), arguments, keywords))
    }
}

/// Gives back the request. Python's own finalizer would close the stream, which is not the application's to close.
unsafe extern "C" fn finalize(this: *mut ffi::PyObject) {
    // SAFETY: called by Python at an object's end, for an object of our class; what is taken here is not taken again.
    unsafe {
        let request = std::mem::replace(&mut (*tail(this)).request, null());
        if !request.is_null() {
            drop(Arc::from_raw(request));
        }
    }
}

unsafe extern "C" fn write(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, given| {
            let text = given.get(0, c"text").filter(|text| given.count() == 1 && text.is_str());
            let Some(text) = text.filter(|_| keywords.is_null() && is_bare(this)) else {
                return as_the_base(attached, this, c"write", arguments, keywords);
            };
            let request = running_request(attached, request_of(this), "wsgi.errors")?;
            errors::add_text(attached, &request, &text)?;
            Object::integer(attached, ffi::PyUnicode_GetLength(text.as_ptr()) as i64)
        })
    }
}

unsafe extern "C" fn flush(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, given| {
            if given.count() > 0 || !keywords.is_null() || !is_bare(this) {
                return as_the_base(attached, this, c"flush", arguments, keywords);
            }
            errors::end_line(attached, &*running_request(attached, request_of(this), "wsgi.errors")?);
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn log_write(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = super::running(attached, this, "wsgi.errors")?;
            let block = arguments.get(0, c"block").ok_or_else(|| attached.raise(Exception::Type, "no block"))?;
            add_block(attached, &request, &block)
        })
    }
}

unsafe extern "C" fn log_write_lines(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let request = super::running(attached, this, "wsgi.errors")?;
            let blocks = arguments.get(0, c"blocks").ok_or_else(|| attached.raise(Exception::Type, "no blocks"))?;
            let blocks = blocks.iterator(attached)?;
            while let Some(block) = blocks.next(attached)? {
                add_block(attached, &request, &block)?;
            }
            Ok(Object::none(attached))
        })
    }
}

/// Adds what is like bytes. Text is taken too, as mod_wsgi does.
fn add_block(attached: Attached<'_>, request: &Request, block: &Object) -> Result<Object> {
    if block.is_str() {
        errors::add_text(attached, request, block)?;
        return Ok(Object::none(attached));
    }
    // SAFETY: the object is valid; a TypeError is raised for what is not like bytes.
    let block = unsafe {
        if is_kind(block.as_ptr(), Kind::Integer) {
            // bytes(7) is seven zeros.
            return Err(attached.raise(Exception::Type, "a bytes-like object is required, not 'int'"));
        }
        let view = Object::owned(ffi::PyMemoryView_FromObject(block.as_ptr()))?;
        Object::owned(ffi::PyBytes_FromObject(view.as_ptr()))?
    };
    errors::add_bytes(attached, request, block.as_bytes(attached).unwrap_or_default());
    Ok(Object::none(attached))
}

unsafe extern "C" fn log_flush(
    this: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python as a method of our class.
    unsafe {
        enter(arguments, keywords, |attached, _| {
            errors::end_line(attached, &*super::running(attached, this, "wsgi.errors")?);
            Ok(Object::none(attached))
        })
    }
}

unsafe extern "C" fn log_descriptor(
    _: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python, so attached.
    let Raised = unsafe { Attached::assume() }.raise(Exception::Os, "wsgi.errors log object has no file descriptor");
    null_mut()
}

unsafe extern "C" fn yes(_: *mut ffi::PyObject, _: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by Python, so attached.
    Object::boolean(unsafe { Attached::assume() }, true).into_ptr()
}

unsafe extern "C" fn no(_: *mut ffi::PyObject, _: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by Python, so attached.
    Object::boolean(unsafe { Attached::assume() }, false).into_ptr()
}
