//! How this Python lays out its objects: the one thing that we must know of it beyond the functions of the stable ABI.
//!
//! Every object begins with a head, whose last word is its class. Where Python is built with a GIL the head is a count and the
//! class; in a free-threaded build (PEP 703) it is longer. [`learn`] finds out which, and refuses what is neither: so one library
//! serves all of them, and does not guess.

use std::ffi::{c_int, c_ulong, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3_ffi as ffi;

/// The head of an object where there is a GIL.
#[repr(C)]
pub(crate) struct Head {
    count: isize,
    class: *mut ffi::PyTypeObject,
}

/// The head of an object in a free-threaded build, 3.13 and later.
#[repr(C)]
pub(crate) struct FreeThreadedHead {
    thread: usize,
    flags: u16,
    lock: u8,
    collector: u8,
    own_count: u32,
    shared_count: isize,
    class: *mut ffi::PyTypeObject,
}

impl Head {
    /// That of a static object, of which Python makes what it is.
    pub(crate) const STATIC: Self = Self { count: 1, class: null_mut() };
}

impl FreeThreadedHead {
    /// As [`Head::STATIC`]; a count that never ends.
    pub(crate) const STATIC: Self =
        Self { thread: 0, flags: 0, lock: 0, collector: 0, own_count: u32::MAX, shared_count: 0, class: null_mut() };
}

/// Bytes of a head; 0 before [`learn`].
static HEAD: AtomicUsize = AtomicUsize::new(0);

/// Looks how long the head is. `false` where it is laid out in no way that we know.
///
/// # Safety
/// The thread is attached.
pub(crate) unsafe fn learn() -> bool {
    // SAFETY: the statics are valid. Each call gives a new reference or null; `object` is all head, so its size is that of
    // the head, and the last word of it may be read.
    unsafe {
        let size = ffi::PyObject_GetAttrString((&raw mut ffi::PyBaseObject_Type).cast(), c"__basicsize__".as_ptr());
        if size.is_null() {
            ffi::PyErr_Clear();
            return false;
        }
        let head = ffi::PyLong_AsLongLong(size) as usize;
        ffi::Py_DecRef(size);
        if head != size_of::<Head>() && head != size_of::<FreeThreadedHead>() {
            return false;
        }
        HEAD.store(head, Ordering::Relaxed);
        let class = ffi::PyObject_Type(ffi::Py_None());
        let is_right = !class.is_null() && class_of(ffi::Py_None()).cast() == class;
        ffi::Py_DecRef(class);
        is_right
    }
}

/// Bytes of a head, after which what belongs to a class of ours begins.
pub(crate) fn head() -> usize {
    HEAD.load(Ordering::Relaxed)
}

/// Whether Python is a free-threaded build; it may run with a GIL all the same.
pub(crate) fn is_free_threaded() -> bool {
    head() == size_of::<FreeThreadedHead>()
}

/// The class of an object, borrowed.
///
/// # Safety
/// The object is valid and the thread attached.
pub(crate) unsafe fn class_of(object: *mut ffi::PyObject) -> *mut ffi::PyTypeObject {
    // SAFETY: the last word of the head, which a free-threaded Python writes and reads as an atomic.
    unsafe {
        let place = object.cast::<AtomicPtr<ffi::PyTypeObject>>().byte_add(head() - size_of::<*mut c_void>());
        (*place).load(Ordering::Relaxed)
    }
}

/// Built-in classes with a flag by which their subclasses are known too.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bytes,
    Class,
    Integer,
    List,
    Text,
    Tuple,
}

/// Whether an object is of a built-in class or of a subclass.
///
/// # Safety
/// As [`class_of`].
pub(crate) unsafe fn is_kind(object: *mut ffi::PyObject, kind: Kind) -> bool {
    let flag: c_ulong = match kind {
        Kind::Bytes => ffi::Py_TPFLAGS_BYTES_SUBCLASS,
        Kind::Class => ffi::Py_TPFLAGS_TYPE_SUBCLASS,
        Kind::Integer => ffi::Py_TPFLAGS_LONG_SUBCLASS,
        Kind::List => ffi::Py_TPFLAGS_LIST_SUBCLASS,
        Kind::Text => ffi::Py_TPFLAGS_UNICODE_SUBCLASS,
        Kind::Tuple => ffi::Py_TPFLAGS_TUPLE_SUBCLASS,
    };
    // SAFETY: the class of a valid object is valid.
    unsafe { ffi::PyType_GetFlags(class_of(object)) & flag != 0 }
}

/// Whether an object is of a class and not of a subclass.
///
/// # Safety
/// As [`class_of`].
pub(crate) unsafe fn is_exactly(object: *mut ffi::PyObject, class: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: as the caller promises.
    unsafe { class_of(object) == class }
}

/// Whether an object is a `float`.
///
/// # Safety
/// As [`class_of`].
pub(crate) unsafe fn is_float(object: *mut ffi::PyObject) -> bool {
    let float = &raw mut ffi::PyFloat_Type;
    // SAFETY: as the caller promises; the class of a valid object is valid.
    unsafe { is_exactly(object, float) || ffi::PyType_IsSubtype(class_of(object), float) != 0 }
}

/// A `PyModuleDef`, with the head `H`.
#[repr(C)]
pub(crate) struct ModuleDefinition<H> {
    head: H,
    init: *mut c_void,
    index: isize,
    copy: *mut ffi::PyObject,
    name: *const std::ffi::c_char,
    doc: *const std::ffi::c_char,
    size: isize,
    methods: *mut ffi::PyMethodDef,
    slots: *mut ffi::PyModuleDef_Slot,
    traverse: *mut c_void,
    clear: *mut c_void,
    free: *mut c_void,
}

impl<H> ModuleDefinition<H> {
    /// A module without a state.
    pub(crate) const fn new(
        head: H,
        name: &'static std::ffi::CStr,
        doc: &'static std::ffi::CStr,
        methods: *mut ffi::PyMethodDef,
        slots: *mut ffi::PyModuleDef_Slot,
    ) -> Self {
        Self {
            head,
            init: null_mut(),
            index: 0,
            copy: null_mut(),
            name: name.as_ptr(),
            doc: doc.as_ptr(),
            size: 0,
            methods,
            slots,
            traverse: null_mut(),
            clear: null_mut(),
            free: null_mut(),
        }
    }
}

/// `Py_mod_gil`, 3.13 and later: a slot that says whether a module needs the GIL.
pub(crate) const MODULE_GIL: c_int = 4;
/// `Py_MOD_GIL_NOT_USED`.
pub(crate) const GIL_NOT_USED: *mut c_void = std::ptr::without_provenance_mut(1);
