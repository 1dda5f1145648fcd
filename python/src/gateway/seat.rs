//! Where a request thread runs Python, so that another thread can look at its stack and raise an exception in it.

use std::cell::RefCell;
use std::ffi::{c_int, c_ulong};
use std::ptr::{from_ref, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pyo3_ffi as ffi;

use crate::gil::lock_attached;
use crate::interpreter::Interpreter;
use crate::object::Attached;

unsafe extern "C" {
    // In the stable ABI. The documentation: "Must be called with the GIL held"; the thread is looked for in the interpreter of
    // the caller; null takes an exception back that was not raised yet.
    fn PyThreadState_SetAsyncExc(thread: c_ulong, exception: *mut ffi::PyObject) -> c_int;
}

/// One request thread's.
#[derive(Default)]
pub(crate) struct Seat {
    /// Python's number of the thread, which is that of pthreads.
    thread: AtomicU64,
    /// Null while no request runs.
    interpreter: AtomicPtr<Interpreter>,
    /// An exception was raised in the present request.
    interrupted: AtomicBool,
    interrupting: Mutex<()>,
}

thread_local! {
    static SEAT: RefCell<Option<Arc<Seat>>> = const { RefCell::new(None) };
}

impl Seat {
    /// Makes it the calling thread's.
    pub(crate) fn take(self: &Arc<Self>) {
        // SAFETY: may always be called.
        let thread = unsafe { libc::pthread_self() };
        self.thread.store(thread as u64, Ordering::SeqCst);
        SEAT.set(Some(Arc::clone(self)));
    }

    /// The interpreter in which the thread runs a request.
    pub(crate) fn interpreter(&self) -> Option<&'static Interpreter> {
        let interpreter = self.interpreter.load(Ordering::SeqCst);
        // SAFETY: it comes from a reference that lives as long as the process.
        (!interpreter.is_null()).then(|| unsafe { &*interpreter })
    }

    /// Python's number of the thread.
    pub(crate) fn thread(&self) -> u64 {
        self.thread.load(Ordering::SeqCst)
    }

    /// Raises `RequestTimeout` in the request that runs there, if `meant` still says that it is the right one.
    pub(crate) fn interrupt(
        &self,
        attached: Attached<'_>,
        interpreter: &'static Interpreter,
        meant: impl FnOnce() -> bool,
    ) -> bool {
        // The thread that ends its request takes this lock when it sees the flag. Nothing waits for the GIL while it is held.
        let _interrupting = lock_attached(attached, &self.interrupting);
        self.interrupted.store(true, Ordering::SeqCst);
        let there = self.interpreter().is_some_and(|there| std::ptr::eq(there, interpreter));
        if !there || !meant() {
            self.interrupted.store(false, Ordering::SeqCst);
            return false;
        }
        let exception = interpreter.holder(attached).request_timeout.as_ptr();
        // SAFETY: the calling thread is attached to the interpreter in which the other one runs; the class is valid.
        unsafe { PyThreadState_SetAsyncExc(self.thread() as c_ulong, exception) > 0 }
    }
}

/// A request runs Python on this thread from now on.
pub(super) fn enter(interpreter: &'static Interpreter) {
    SEAT.with_borrow(|seat| {
        if let Some(seat) = seat {
            seat.interpreter.store(from_ref(interpreter).cast_mut(), Ordering::SeqCst);
        }
    });
}

/// The request has ended; whether it was interrupted.
pub(super) fn leave(attached: Attached<'_>) -> bool {
    SEAT.with_borrow(|seat| {
        let Some(seat) = seat else { return false };
        seat.interpreter.store(null_mut(), Ordering::SeqCst);
        if !seat.interrupted.load(Ordering::SeqCst) {
            return false;
        }
        let _interrupting = lock_attached(attached, &seat.interrupting);
        // SAFETY: the thread is attached. What was not raised yet must not hit the next request.
        unsafe { PyThreadState_SetAsyncExc(seat.thread() as c_ulong, null_mut()) };
        seat.interrupted.swap(false, Ordering::SeqCst)
    })
}
