//! Runs WSGI applications inside a deployment's own `python`, which loads this library as an extension module and calls its
//! `main` (see `wsgi_httpd::runtime::boot`).
//!
//! All unsafe code of the project is in this package. What an interpreter needs from its host: nothing but its own
//! libraries; the stable ABI of 3.9 and, where they are there, a few functions of later versions.

mod application_group;
mod callback;
mod daemon;
mod embedded;
mod events;
mod forked;
mod gateway;
mod interpreter;
mod log;
mod metrics;
mod module;
mod object;
mod process;
mod script;
mod telemetry;
mod title;
mod value;

use std::ffi::c_int;
use std::ptr::null_mut;

use pyo3_ffi as ffi;

use callback::{Method, enter};
use object::{Exception, Object};

/// For what Rust allocates here: a request takes some thirty blocks, most of them small and short-lived. Python keeps its own.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The stack of a thread that runs Python: what Python's own threads get.
const STACK_SIZE: usize = 8 << 20;

static METHODS: [Method; 2] =
    [Method::new(c"main", main, c"Does the work that the parent sends, and returns the exit status."), Method::end()];

/// A static that Python writes to, while the one interpreter that imports us holds its GIL.
#[repr(transparent)]
struct Static<T>(std::cell::UnsafeCell<T>);

// SAFETY: see `Static`.
unsafe impl<T> Sync for Static<T> {}

static SLOTS: Static<[ffi::PyModuleDef_Slot; 1]> =
    Static(std::cell::UnsafeCell::new([ffi::PyModuleDef_Slot { slot: 0, value: null_mut() }]));

static DEFINITION: Static<ffi::PyModuleDef> = Static(std::cell::UnsafeCell::new(ffi::PyModuleDef {
    m_base: ffi::PyModuleDef_HEAD_INIT,
    m_name: c"wsgi_python".as_ptr(),
    m_doc: c"Runs WSGI applications for wsgi-httpd.".as_ptr(),
    m_size: 0,
    m_methods: METHODS.as_ptr().cast_mut().cast(),
    m_slots: SLOTS.0.get().cast(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
}));

/// What the import system calls (PEP 489).
///
/// # Safety
/// Called by Python, attached.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub unsafe extern "C" fn PyInit_wsgi_python() -> *mut ffi::PyObject {
    // SAFETY: the definition is static.
    unsafe { ffi::PyModuleDef_Init(DEFINITION.0.get()) }
}

unsafe extern "C" fn main(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe {
        enter(arguments, keywords, |attached, arguments| {
            let library = arguments.size(0, c"library")?;
            let library = c_int::try_from(library)
                .map_err(|_| attached.raise(Exception::Value, "main() takes the library's descriptor"))?;
            Object::integer(attached, i64::from(process::run(attached, library)))
        })
    }
}
