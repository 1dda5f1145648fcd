//! Small owners of Python objects, and the few calls of the C API that the rest is written in.
//!
//! A function that takes an [`Attached`] may use Python; a function without one must not. [`Object`]s are neither sent to
//! another thread nor dropped detached, and never leave their interpreter.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};

use pyo3_ffi as ffi;

use crate::gil;
use crate::layout::{self, Kind};

/// The calling thread is attached to an interpreter: it holds that interpreter's GIL, unless [`crate::gil::is_off`].
#[derive(Clone, Copy)]
pub(crate) struct Attached<'a>(PhantomData<(&'a (), *mut ())>);

/// Python's error indicator is set.
#[derive(Debug)]
pub(crate) struct Raised;

/// What a call of Python gives.
pub(crate) type Result<T, E = Raised> = std::result::Result<T, E>;

unsafe extern "C" {
    // In the stable ABI since 3.10; exported by 3.9 too (Include/cpython/unicodeobject.h).
    fn PyUnicode_AsUTF8AndSize(unicode: *mut ffi::PyObject, size: *mut ffi::Py_ssize_t) -> *const c_char;
}

// `self` is the proof that the thread is attached; where it is not otherwise needed, that is its use.
#[allow(clippy::unused_self)]
impl Attached<'_> {
    /// Says that the thread is attached.
    ///
    /// # Safety
    /// It must be, for as long as the value lives: in a function that Python calls, or between `PyEval_RestoreThread` and
    /// `PyEval_SaveThread`.
    pub(crate) unsafe fn assume() -> Self {
        Self(PhantomData)
    }

    /// Lets other threads run Python while `f`, which must not use an [`Object`], does something that may block.
    pub(crate) fn detached<R>(self, f: impl FnOnce() -> R) -> R {
        struct Reattach(*mut ffi::PyThreadState);
        impl Drop for Reattach {
            fn drop(&mut self) {
                // SAFETY: the state comes from PyEval_SaveThread on this thread, which has not attached since.
                unsafe { ffi::PyEval_RestoreThread(self.0) }
            }
        }
        // SAFETY: the thread is attached, as `self` says.
        let _reattach = Reattach(unsafe { ffi::PyEval_SaveThread() });
        f()
    }

    /// Sets the error indicator.
    pub(crate) fn raise(self, exception: Exception, message: &str) -> Raised {
        if let Ok(message) = Object::text(self, message) {
            // SAFETY: the statics of built-in exceptions are valid in every interpreter once Python is initialised.
            unsafe { ffi::PyErr_SetObject(exception.as_ptr(), message.as_ptr()) };
        }
        Raised
    }

    /// Takes the exception that was raised, normalised; the error indicator is clear then.
    pub(crate) fn take_raised(self) -> Option<Caught> {
        let (mut kind, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the three are owned references or null afterwards; NormalizeException takes and gives the same.
        unsafe {
            ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback);
            if kind.is_null() {
                return None;
            }
            ffi::PyErr_NormalizeException(&raw mut kind, &raw mut value, &raw mut traceback);
            let caught = Caught {
                kind: Object::owned(kind).ok()?,
                value: Object::owned(value).unwrap_or_else(|_| Object::none(self)),
                traceback: Object::owned(traceback).ok(),
            };
            if let Some(traceback) = &caught.traceback {
                ffi::PyException_SetTraceback(caught.value.as_ptr(), traceback.as_ptr());
            }
            Some(caught)
        }
    }

    /// Forgets the exception that was raised, if any.
    pub(crate) fn clear_raised(self) {
        // SAFETY: the thread is attached.
        unsafe { ffi::PyErr_Clear() }
    }

    /// Whether the exception that was raised is one of `exception`.
    pub(crate) fn raised_is(self, exception: Exception) -> bool {
        // SAFETY: the thread is attached, and the error indicator is set or PyErr_ExceptionMatches says no.
        unsafe { !ffi::PyErr_Occurred().is_null() && ffi::PyErr_ExceptionMatches(exception.as_ptr()) != 0 }
    }

    /// Imports a module.
    pub(crate) fn import(self, name: &CStr) -> Result<Object> {
        // SAFETY: the thread is attached and the name ends in NUL; the result is a new reference or null.
        unsafe { Object::owned(ffi::PyImport_ImportModule(name.as_ptr())) }
    }
}

/// An exception that was raised and taken.
pub(crate) struct Caught {
    /// Its class.
    pub(crate) kind: Object,
    /// The exception.
    pub(crate) value: Object,
    /// Its traceback, if it has one.
    pub(crate) traceback: Option<Object>,
}

impl Caught {
    /// Raises it again.
    pub(crate) fn raise(self, _attached: Attached<'_>) {
        let traceback = self.traceback.map_or(null_mut(), Object::into_ptr);
        // SAFETY: Restore takes over the three references.
        unsafe { ffi::PyErr_Restore(self.kind.into_ptr(), self.value.into_ptr(), traceback) }
    }
}

/// The built-in exceptions that we raise or look for.
#[derive(Clone, Copy)]
pub(crate) enum Exception {
    Attribute,
    Os,
    Runtime,
    Type,
    Value,
}

impl Exception {
    fn as_ptr(self) -> *mut ffi::PyObject {
        // SAFETY: these statics are set before any of our code runs, and never change.
        unsafe {
            match self {
                Self::Attribute => ffi::PyExc_AttributeError,
                Self::Os => ffi::PyExc_OSError,
                Self::Runtime => ffi::PyExc_RuntimeError,
                Self::Type => ffi::PyExc_TypeError,
                Self::Value => ffi::PyExc_ValueError,
            }
        }
    }
}

/// A reference that we own.
#[derive(Debug)]
pub(crate) struct Object(NonNull<ffi::PyObject>);

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: we own the reference, and objects are dropped attached (see the module's text).
        unsafe { ffi::Py_DecRef(self.0.as_ptr()) }
    }
}

impl Object {
    /// Takes over a new reference; null means that an exception was raised.
    ///
    /// # Safety
    /// `pointer` is null or a reference that the caller owns, and the thread is attached.
    pub(crate) unsafe fn owned(pointer: *mut ffi::PyObject) -> Result<Self> {
        NonNull::new(pointer).map(Self).ok_or(Raised)
    }

    /// Makes a reference of our own.
    ///
    /// # Safety
    /// `pointer` is a valid object and the thread is attached.
    pub(crate) unsafe fn borrowed(pointer: *mut ffi::PyObject) -> Self {
        // SAFETY: as the caller promises.
        unsafe { ffi::Py_IncRef(pointer) };
        Self(NonNull::new(pointer).expect("a borrowed reference is never null"))
    }

    /// The object, still ours.
    pub(crate) fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    /// The object; the reference goes to the caller, as a function gives its result to Python.
    pub(crate) fn into_ptr(self) -> *mut ffi::PyObject {
        let pointer = self.0.as_ptr();
        std::mem::forget(self);
        pointer
    }

    /// A second reference.
    pub(crate) fn share(&self, _attached: Attached<'_>) -> Self {
        // SAFETY: we hold a reference, so the object is valid.
        unsafe { Self::borrowed(self.0.as_ptr()) }
    }

    /// `None`.
    pub(crate) fn none(_attached: Attached<'_>) -> Self {
        // SAFETY: None is valid in every interpreter.
        unsafe { Self::borrowed(ffi::Py_None()) }
    }

    /// `True` or `False`.
    pub(crate) fn boolean(_attached: Attached<'_>, value: bool) -> Self {
        // SAFETY: both are valid in every interpreter.
        unsafe { Self::borrowed(if value { ffi::Py_True() } else { ffi::Py_False() }) }
    }

    /// A `str`.
    pub(crate) fn text(_attached: Attached<'_>, text: &str) -> Result<Self> {
        // SAFETY: pointer and length are those of a string in UTF-8.
        unsafe { Self::owned(ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as isize)) }
    }

    /// A `str` of latin-1 bytes.
    pub(crate) fn latin1(_attached: Attached<'_>, bytes: &[u8]) -> Result<Self> {
        // SAFETY: pointer and length are those of a slice; without `errors` every byte decodes.
        unsafe {
            Self::owned(ffi::PyUnicode_DecodeLatin1(bytes.as_ptr().cast(), bytes.len() as isize, std::ptr::null()))
        }
    }

    /// A `str` of the name of a file.
    pub(crate) fn file_name(_attached: Attached<'_>, bytes: &[u8]) -> Result<Self> {
        // SAFETY: pointer and length are those of a slice.
        unsafe { Self::owned(ffi::PyUnicode_DecodeFSDefaultAndSize(bytes.as_ptr().cast(), bytes.len() as isize)) }
    }

    /// A `str` that is the same object wherever it is interned.
    pub(crate) fn interned(attached: Attached<'_>, text: &[u8]) -> Result<Self> {
        let mut pointer = Self::latin1(attached, text)?.into_ptr();
        // SAFETY: it is a str and we own the reference, which may be exchanged for another.
        unsafe {
            ffi::PyUnicode_InternInPlace(&raw mut pointer);
            Self::owned(pointer)
        }
    }

    /// A `bytes`.
    pub(crate) fn bytes(_attached: Attached<'_>, bytes: &[u8]) -> Result<Self> {
        // SAFETY: pointer and length are those of a slice.
        unsafe { Self::owned(ffi::PyBytes_FromStringAndSize(bytes.as_ptr().cast(), bytes.len() as isize)) }
    }

    /// An `int`.
    pub(crate) fn integer(_attached: Attached<'_>, value: i64) -> Result<Self> {
        // SAFETY: the thread is attached.
        unsafe { Self::owned(ffi::PyLong_FromLongLong(value)) }
    }

    /// A `float`.
    pub(crate) fn float(_attached: Attached<'_>, value: f64) -> Result<Self> {
        // SAFETY: the thread is attached.
        unsafe { Self::owned(ffi::PyFloat_FromDouble(value)) }
    }

    /// A `tuple` of `items`.
    pub(crate) fn tuple<const N: usize>(_attached: Attached<'_>, items: [Object; N]) -> Result<Self> {
        // SAFETY: SetItem takes over the reference of each item, once for each place of the new tuple.
        unsafe {
            let tuple = Self::owned(ffi::PyTuple_New(N as isize))?;
            for (place, item) in items.into_iter().enumerate() {
                ffi::PyTuple_SetItem(tuple.as_ptr(), place as isize, item.into_ptr());
            }
            Ok(tuple)
        }
    }

    /// An empty `dict`.
    pub(crate) fn dict(_attached: Attached<'_>) -> Result<Self> {
        // SAFETY: the thread is attached.
        unsafe { Self::owned(ffi::PyDict_New()) }
    }

    /// `self.copy()` of a `dict`.
    pub(crate) fn copy_dict(&self, _attached: Attached<'_>) -> Result<Self> {
        // SAFETY: the object is a dict, or an exception is raised.
        unsafe { Self::owned(ffi::PyDict_Copy(self.as_ptr())) }
    }

    /// The text of a `str`, or an exception: it may hold lone surrogates, or be no `str`.
    pub(crate) fn as_str(&self, _attached: Attached<'_>) -> Result<&str> {
        let mut length = 0;
        // SAFETY: the text is UTF-8 and belongs to the object, which we hold as long as the result lives.
        unsafe {
            let text = PyUnicode_AsUTF8AndSize(self.as_ptr(), &raw mut length);
            if text.is_null() {
                return Err(Raised);
            }
            Ok(std::str::from_utf8_unchecked(std::slice::from_raw_parts(text.cast(), length as usize)))
        }
    }

    /// The bytes of a `bytes`; `None` for anything else. They do not change while the object lives.
    pub(crate) fn as_bytes(&self, _attached: Attached<'_>) -> Option<&[u8]> {
        // SAFETY: PyBytes_AsString of a bytes is valid and constant as long as the object is.
        unsafe {
            if !layout::is_kind(self.as_ptr(), Kind::Bytes) {
                return None;
            }
            let length = ffi::PyBytes_Size(self.as_ptr()) as usize;
            Some(std::slice::from_raw_parts(ffi::PyBytes_AsString(self.as_ptr()).cast(), length))
        }
    }

    /// An `int` as a number.
    pub(crate) fn as_integer(&self, attached: Attached<'_>) -> Option<i64> {
        // SAFETY: the object is valid; an exception is taken away again.
        let value = unsafe { ffi::PyLong_AsLongLong(self.as_ptr()) };
        if value == -1 && !unsafe { ffi::PyErr_Occurred() }.is_null() {
            attached.clear_raised();
            return None;
        }
        Some(value)
    }

    /// A `float` as a number; `None` for anything else.
    pub(crate) fn as_float(&self, _attached: Attached<'_>) -> Option<f64> {
        // SAFETY: the object is valid, and a float where it is asked for its value.
        unsafe { layout::is_float(self.as_ptr()).then(|| ffi::PyFloat_AsDouble(self.as_ptr())) }
    }

    /// `len(self)` of a sequence.
    pub(crate) fn length(&self, _attached: Attached<'_>) -> Result<isize> {
        // SAFETY: the object is valid; -1 with an exception for what is no sequence.
        let length = unsafe { ffi::PySequence_Size(self.as_ptr()) };
        if length < 0 { Err(Raised) } else { Ok(length) }
    }

    /// `self[place]` of a sequence.
    pub(crate) fn get(&self, _attached: Attached<'_>, place: isize) -> Result<Self> {
        // SAFETY: the object is valid; the result is a new reference or null.
        unsafe { Self::owned(ffi::PySequence_GetItem(self.as_ptr(), place)) }
    }

    /// `getattr(self, name)`.
    pub(crate) fn attribute(&self, _attached: Attached<'_>, name: &CStr) -> Result<Self> {
        // SAFETY: the object is valid and the name ends in NUL.
        unsafe { Self::owned(ffi::PyObject_GetAttrString(self.as_ptr(), name.as_ptr())) }
    }

    /// `setattr(self, name, value)`.
    pub(crate) fn set_attribute(&self, _attached: Attached<'_>, name: &CStr, value: &Object) -> Result<()> {
        // SAFETY: both objects are valid; SetAttr takes a reference of its own.
        let status = unsafe { ffi::PyObject_SetAttrString(self.as_ptr(), name.as_ptr(), value.as_ptr()) };
        if status < 0 { Err(Raised) } else { Ok(()) }
    }

    /// `self[key] = value` of a `dict`.
    pub(crate) fn set_item(&self, _attached: Attached<'_>, key: &Object, value: &Object) -> Result<()> {
        // SAFETY: the objects are valid; SetItem takes references of its own.
        let status = unsafe { ffi::PyDict_SetItem(self.as_ptr(), key.as_ptr(), value.as_ptr()) };
        if status < 0 { Err(Raised) } else { Ok(()) }
    }

    /// Takes an entry out of a dict; one that is not there raises.
    pub(crate) fn delete_item(&self, _attached: Attached<'_>, key: &Object) -> Result<()> {
        // SAFETY: the objects are valid, and this is a dict.
        let status = unsafe { ffi::PyDict_DelItem(self.as_ptr(), key.as_ptr()) };
        if status < 0 { Err(Raised) } else { Ok(()) }
    }

    /// `self.get(key)` of a `dict`.
    pub(crate) fn item(&self, attached: Attached<'_>, key: &Object) -> Option<Self> {
        // SAFETY: the objects are valid; the result is a new reference or null.
        let found = unsafe { Self::owned(gil::dict_item(self.as_ptr(), key.as_ptr())) };
        found.inspect_err(|Raised| attached.clear_raised()).ok()
    }

    /// `self()`.
    pub(crate) fn call(&self, _attached: Attached<'_>) -> Result<Self> {
        // SAFETY: null means no arguments.
        unsafe { Self::owned(ffi::PyObject_CallObject(self.as_ptr(), null_mut())) }
    }

    /// `iter(self)`.
    pub(crate) fn iterator(&self, _attached: Attached<'_>) -> Result<Self> {
        // SAFETY: the object is valid; the result is a new reference or null.
        unsafe { Self::owned(ffi::PyObject_GetIter(self.as_ptr())) }
    }

    /// The next item of an iterator; `None` at its end.
    pub(crate) fn next(&self, _attached: Attached<'_>) -> Result<Option<Self>> {
        // SAFETY: the object is an iterator; null without an exception is its end.
        unsafe {
            match Self::owned(ffi::PyIter_Next(self.as_ptr())) {
                Ok(item) => Ok(Some(item)),
                Err(_) if ffi::PyErr_Occurred().is_null() => Ok(None),
                Err(raised) => Err(raised),
            }
        }
    }

    /// `self(first, second)`.
    pub(crate) fn call_with(&self, _attached: Attached<'_>, first: &Object, second: &Object) -> Result<Self> {
        // SAFETY: the arguments are valid and the list ends in null.
        unsafe {
            let end: *mut ffi::PyObject = null_mut();
            Self::owned(ffi::PyObject_CallFunctionObjArgs(self.as_ptr(), first.as_ptr(), second.as_ptr(), end))
        }
    }

    /// `self(*arguments)`.
    pub(crate) fn call_tuple(&self, _attached: Attached<'_>, arguments: &Object) -> Result<Self> {
        // SAFETY: the arguments are a tuple.
        unsafe { Self::owned(ffi::PyObject_CallObject(self.as_ptr(), arguments.as_ptr())) }
    }

    /// Whether it is `None`.
    pub(crate) fn is_none(&self) -> bool {
        // SAFETY: None is valid in every interpreter.
        self.as_ptr() == unsafe { ffi::Py_None() }
    }

    /// Whether it is true; an exception counts as false.
    pub(crate) fn is_true(&self, attached: Attached<'_>) -> bool {
        // SAFETY: the object is valid.
        let answer = unsafe { ffi::PyObject_IsTrue(self.as_ptr()) };
        if answer < 0 {
            attached.clear_raised();
        }
        answer == 1
    }

    /// What a `bool` says; `None` for anything else.
    pub(crate) fn as_boolean(&self, _attached: Attached<'_>) -> Option<bool> {
        // SAFETY: both are valid in every interpreter, and there are no others.
        unsafe {
            match self.as_ptr() {
                object if object == ffi::Py_True() => Some(true),
                object if object == ffi::Py_False() => Some(false),
                _ => None,
            }
        }
    }

    /// Whether it is a `str`.
    pub(crate) fn is_str(&self) -> bool {
        // SAFETY: the object is valid.
        unsafe { layout::is_kind(self.as_ptr(), Kind::Text) }
    }

    /// Whether it is a `tuple`.
    pub(crate) fn is_tuple(&self) -> bool {
        // SAFETY: the object is valid.
        unsafe { layout::is_kind(self.as_ptr(), Kind::Tuple) }
    }

    /// The name of its class, for messages.
    pub(crate) fn class_name(&self, attached: Attached<'_>) -> String {
        // SAFETY: the type of a valid object is valid.
        let class = unsafe { Object::borrowed(layout::class_of(self.as_ptr()).cast()) };
        let name = class.attribute(attached, c"__name__");
        let name = name.and_then(|name| name.as_str(attached).map(str::to_owned));
        name.unwrap_or_else(|_| {
            attached.clear_raised();
            "?".to_owned()
        })
    }
}
