//! The way from Python into our functions: classes and functions made of plain tables, and a guard for panics.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::Arc;

use pyo3_ffi as ffi;

use crate::gateway::Request;
use crate::layout;
use crate::object::{Attached, Exception, Object, Result};

/// The arguments of a function that Python calls: borrowed for the call.
pub(crate) struct Arguments<'a> {
    tuple: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
    attached: Attached<'a>,
}

impl Arguments<'_> {
    /// How many there are by position.
    pub(crate) fn count(&self) -> usize {
        // SAFETY: Python gives a tuple.
        unsafe { ffi::PyTuple_Size(self.tuple) as usize }
    }

    /// The argument at a position, or else by name.
    pub(crate) fn get(&self, position: usize, name: &CStr) -> Option<Object> {
        // SAFETY: the tuple and the dict of keywords live during the call; what the tuple gives is borrowed, and we take a
        // reference at once.
        unsafe {
            if position < self.count() {
                return Some(Object::borrowed(ffi::PyTuple_GetItem(self.tuple, position as isize)));
            }
            if self.keywords.is_null() {
                return None;
            }
            let name = Object::latin1(self.attached, name.to_bytes()).ok()?;
            Object::borrowed(self.keywords).item(self.attached, &name)
        }
    }

    /// The argument at a position as a count of bytes: -1 when it is not there or is `None`.
    pub(crate) fn size(&self, position: usize, name: &CStr) -> Result<isize> {
        let Some(size) = self.get(position, name) else { return Ok(-1) };
        if size.is_none() {
            return Ok(-1);
        }
        // SAFETY: the object is valid; an int that is too large raises OverflowError.
        let number = unsafe { ffi::PyNumber_AsSsize_t(size.as_ptr(), ffi::PyExc_OverflowError) };
        if number == -1 && !unsafe { ffi::PyErr_Occurred() }.is_null() {
            return Err(crate::object::Raised);
        }
        Ok(number)
    }

    /// Raises `TypeError` when there are more arguments by position than `most`.
    pub(crate) fn at_most(&self, most: usize, function: &str) -> Result<()> {
        if self.count() > most {
            let text = format!("{function}() takes at most {most} arguments ({} given)", self.count());
            return Err(self.attached.raise(Exception::Type, &text));
        }
        Ok(())
    }
}

/// One entry of a table of functions. It has to be a static, since Python keeps its address.
#[repr(transparent)]
pub(crate) struct Method(ffi::PyMethodDef);

// SAFETY: the entry is constant; CPython only reads it, from any interpreter.
unsafe impl Sync for Method {}

/// The C function of a [`Method`].
pub(crate) type Callback =
    unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

impl Method {
    /// A function that takes arguments by position and by name.
    pub(crate) const fn new(name: &'static CStr, callback: Callback, doc: &'static CStr) -> Self {
        Self(ffi::PyMethodDef {
            ml_name: name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: callback },
            ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS,
            ml_doc: doc.as_ptr(),
        })
    }

    /// The end of a table.
    pub(crate) const fn end() -> Self {
        Self(ffi::PyMethodDef::zeroed())
    }
}

/// A function without an object.
pub(crate) fn function(_attached: Attached<'_>, method: &'static Method) -> Result<Object> {
    bind(method, null_mut())
}

/// A function that gets `owner` as its first argument.
pub(crate) fn bound(_attached: Attached<'_>, method: &'static Method, owner: &Object) -> Result<Object> {
    bind(method, owner.as_ptr())
}

fn bind(method: &'static Method, owner: *mut ffi::PyObject) -> Result<Object> {
    // SAFETY: the entry is static and never written to; the function takes a reference to `owner` of its own.
    unsafe {
        let entry = (&raw const method.0).cast_mut();
        Object::owned(ffi::PyCFunction_NewEx(entry, owner, null_mut()))
    }
}

/// Runs `f` for a function that Python calls: an error has been raised, a panic becomes a `RuntimeError`.
///
/// # Safety
/// Called by Python, so attached; `arguments` is a tuple, `keywords` a dict or null.
pub(crate) unsafe fn enter(
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
    f: impl FnOnce(Attached<'_>, &Arguments<'_>) -> Result<Object>,
) -> *mut ffi::PyObject {
    // SAFETY: as the caller promises.
    let attached = unsafe { Attached::assume() };
    guard(attached, null_mut(), || {
        f(attached, &Arguments { tuple: arguments, keywords, attached }).map_or(null_mut(), Object::into_ptr)
    })
}

/// Runs `f`; a panic raises `RuntimeError` and gives `failed`. The panic's hook has logged it.
pub(crate) fn guard<R>(attached: Attached<'_>, failed: R, f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| {
        attached.raise(Exception::Runtime, "internal error of wsgi-httpd; the error log has a backtrace");
        failed
    })
}

/// Where an object of one of our classes, a view of a request, which it may outlive, keeps that: what [`Arc::into_raw`] gave, or
/// null in an object that the application made itself.
///
/// # Safety
/// `object` was made of a class that [`class`] made.
unsafe fn place_of_request(object: *mut ffi::PyObject) -> *mut *const Request {
    // SAFETY: such an object is its head and this.
    unsafe { object.byte_add(layout::head()).cast() }
}

/// Makes a class whose objects are views of a request. `slots` are added to what all of them have.
pub(crate) fn class(
    attached: Attached<'_>,
    name: &'static CStr,
    methods: &'static [Method],
    slots: &[(c_int, *mut c_void)],
) -> Result<Object> {
    let _ = attached;
    let mut all = vec![
        ffi::PyType_Slot { slot: ffi::Py_tp_dealloc, pfunc: deallocate as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_methods, pfunc: methods.as_ptr().cast_mut().cast() },
    ];
    all.extend(slots.iter().map(|&(slot, pfunc)| ffi::PyType_Slot { slot, pfunc }));
    all.push(ffi::PyType_Slot::default());
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: (layout::head() + size_of::<*const Request>()) as c_int,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as c_uint,
        slots: all.as_mut_ptr(),
    };
    // SAFETY: the table ends in a zeroed slot and holds functions of the types that the slots want. The methods and the
    // name are static; the rest is copied.
    unsafe { Object::owned(ffi::PyType_FromSpec(&raw mut spec)) }
}

/// Makes a view of a request.
pub(crate) fn view(_attached: Attached<'_>, class: &Object, request: &Arc<Request>) -> Result<Object> {
    // SAFETY: `class` was made by `class`, so its objects are views; GenericAlloc gives a zeroed one.
    unsafe {
        let object = Object::owned(ffi::PyType_GenericAlloc(class.as_ptr().cast(), 0))?;
        *place_of_request(object.as_ptr()) = Arc::into_raw(Arc::clone(request));
        Ok(object)
    }
}

/// The request of a view.
///
/// # Safety
/// `object` was made of a class that [`class`] made, as the first argument of one of its methods is.
pub(crate) unsafe fn request_of(object: *mut ffi::PyObject) -> Option<Arc<Request>> {
    // SAFETY: as the caller promises; the view holds one count, we take another.
    unsafe {
        let request = *place_of_request(object);
        if request.is_null() {
            return None;
        }
        Arc::increment_strong_count(request);
        Some(Arc::from_raw(request))
    }
}

unsafe extern "C" fn deallocate(object: *mut ffi::PyObject) {
    // SAFETY: Python calls this once, for an object of one of our classes, which is not tracked by the garbage collector
    // and was allocated by GenericAlloc: its memory goes back by PyObject_Free, and its reference to its class with it.
    unsafe {
        let class = layout::class_of(object);
        let request = *place_of_request(object);
        if !request.is_null() {
            drop(Arc::from_raw(request));
        }
        ffi::PyObject_Free(object.cast());
        ffi::Py_DecRef(class.cast());
    }
}
