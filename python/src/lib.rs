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
mod gil;
mod interpreter;
mod layout;
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
use layout::{FreeThreadedHead, GIL_NOT_USED, Head, MODULE_GIL, ModuleDefinition};
use object::{Exception, Object};

/// For what Rust allocates here: a request takes some thirty blocks, most of them small and short-lived. Python keeps its own.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The stack of a thread that runs Python: what Python's own threads get.
const STACK_SIZE: usize = 8 << 20;

static METHODS: [Method; 2] =
    [Method::new(c"main", main, c"Does the work that the parent sends, and returns the exit status."), Method::end()];

/// A static that Python writes to, while the one interpreter that imports us does so.
#[repr(transparent)]
struct Static<T>(std::cell::UnsafeCell<T>);

// SAFETY: see `Static`.
unsafe impl<T> Sync for Static<T> {}

impl<T> Static<T> {
    const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }
}

const END: ffi::PyModuleDef_Slot = ffi::PyModuleDef_Slot { slot: 0, value: null_mut() };

static SLOTS: Static<[ffi::PyModuleDef_Slot; 1]> = Static::new([END]);
/// Without the first, a free-threaded Python would take up its GIL again.
static FREE_THREADED_SLOTS: Static<[ffi::PyModuleDef_Slot; 2]> =
    Static::new([ffi::PyModuleDef_Slot { slot: MODULE_GIL, value: GIL_NOT_USED }, END]);

const fn definition<H>(head: H, slots: *mut ffi::PyModuleDef_Slot) -> ModuleDefinition<H> {
    let methods = METHODS.as_ptr().cast_mut().cast();
    ModuleDefinition::new(head, c"wsgi_python", c"Runs WSGI applications for wsgi-httpd.", methods, slots)
}

static DEFINITION: Static<ModuleDefinition<Head>> = Static::new(definition(Head::STATIC, SLOTS.0.get().cast()));
static FREE_THREADED: Static<ModuleDefinition<FreeThreadedHead>> =
    Static::new(definition(FreeThreadedHead::STATIC, FREE_THREADED_SLOTS.0.get().cast()));

/// What the import system calls (PEP 489).
///
/// # Safety
/// Called by Python, attached.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub unsafe extern "C" fn PyInit_wsgi_python() -> *mut ffi::PyObject {
    // SAFETY: the thread is attached; the definitions are static, and the one that is used is laid out as Python's own.
    unsafe {
        if !layout::learn() {
            let text = c"it lays out its objects in a way that wsgi-serve does not know; name a CPython from 3.9 on";
            ffi::PyErr_SetString(ffi::PyExc_ImportError, text.as_ptr());
            return null_mut();
        }
        ffi::PyModuleDef_Init(if layout::is_free_threaded() {
            FREE_THREADED.0.get().cast()
        } else {
            DEFINITION.0.get().cast()
        })
    }
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
