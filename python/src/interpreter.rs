//! Interpreters and the thread states by which threads attach to them.
//!
//! Each thread has one thread state per interpreter, made at first use and kept for the thread's life, so that an
//! application's thread-locals survive between requests. `PyGILState_Ensure` is never used: it always means the main
//! interpreter.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3_ffi as ffi;

use crate::gateway::errors::log_raised;
use crate::gil;
use crate::module::{Holder, settings};
use crate::object::Attached;
use crate::script::Script;

/// One interpreter: an application group of this process.
pub(crate) struct Interpreter {
    /// Its own objects.
    holder: UnsafeCell<Option<Holder>>,
    /// The scripts that were asked for in it, by their files.
    scripts: Mutex<HashMap<Vec<u8>, Arc<Script>>>,
    state: *mut ffi::PyInterpreterState,
}

// SAFETY: the pointer is only handed to functions of CPython that may be called from any thread; the holder's objects are
// used attached, and what of them is not Python's own is guarded.
unsafe impl Send for Interpreter {}
// SAFETY: as above.
unsafe impl Sync for Interpreter {}

/// Those that are furnished and not ended.
static ALL: Mutex<Vec<&'static Interpreter>> = Mutex::new(Vec::new());
static MAIN: OnceLock<&'static Interpreter> = OnceLock::new();
/// Set when Python is about to end: threads that end later leave their thread states alone.
static ENDING: AtomicBool = AtomicBool::new(false);

impl Interpreter {
    /// The interpreter that the calling thread is attached to, which nothing else has wrapped yet.
    pub(crate) fn current(_attached: Attached<'_>) -> &'static Self {
        // SAFETY: the thread is attached. What we know of an interpreter is never freed, so that a thread may hold on to it.
        let state = unsafe { ffi::PyInterpreterState_Get() };
        Box::leak(Box::new(Self { holder: UnsafeCell::new(None), scripts: Mutex::default(), state }))
    }

    /// Makes this the main interpreter, and the calling thread's present thread state its thread state for it.
    pub(crate) fn adopt_main(&'static self, _attached: Attached<'_>) {
        let _ = MAIN.set(self);
        // SAFETY: the thread is attached.
        let state = unsafe { ffi::PyThreadState_Get() };
        STATES.with(|states| states.borrow_mut().0.push(ThreadState { interpreter: self, state, ours: false }));
    }

    /// The main interpreter.
    pub(crate) fn main() -> &'static Self {
        MAIN.get().expect("the main interpreter is adopted before any thread is started")
    }

    /// Gives the interpreter its objects, before any other thread knows of it.
    pub(crate) fn furnish(&'static self, _attached: Attached<'_>, holder: Holder) {
        // SAFETY: nobody has a reference to the holder yet.
        unsafe { *self.holder.get() = Some(holder) };
        lock(&ALL).push(self);
    }

    /// The one that the calling thread is attached to, once it is furnished.
    pub(crate) fn here(_attached: Attached<'_>) -> Option<&'static Self> {
        // SAFETY: the thread is attached.
        let state = unsafe { ffi::PyInterpreterState_Get() };
        lock(&ALL).iter().copied().find(|interpreter| interpreter.state == state)
    }

    /// Its objects.
    pub(crate) fn holder(&self, _attached: Attached<'_>) -> &Holder {
        // SAFETY: it is written before the interpreter is handed out and taken when no thread will use it again.
        let holder = unsafe { &*self.holder.get() };
        holder.as_ref().expect("an interpreter is furnished before it is handed out")
    }

    /// The script of a file. Where names do not tell the cases apart, one file may be asked for by several.
    pub(crate) fn script(&self, file: &[u8]) -> Arc<Script> {
        let mut scripts = lock(&self.scripts);
        if let Some(script) = scripts.get(file) {
            return Arc::clone(script);
        }
        let known =
            settings().interpreters.case_insensitive.then(|| scripts.values().find(|known| known.is_also(file)));
        let script = known.flatten().map_or_else(|| Arc::new(Script::new(file)), Arc::clone);
        scripts.insert(file.to_vec(), Arc::clone(&script));
        script
    }

    /// Runs `f` attached, on this thread's own thread state. The thread must be detached, or linger. With `linger` it stays
    /// attached until [`let_go`], and must not wait for anything before.
    pub(crate) fn attach<R>(&'static self, linger: bool, f: impl FnOnce(Attached<'_>) -> R) -> R {
        struct Detach(Option<&'static Interpreter>);
        impl Drop for Detach {
            fn drop(&mut self) {
                INSIDE.set(false);
                match self.0 {
                    Some(interpreter) if !std::thread::panicking() => LINGERING.set(Some(interpreter)),
                    // SAFETY: the thread is attached: whatever `f` detached, it has attached again.
                    _ => drop(unsafe { ffi::PyEval_SaveThread() }),
                }
            }
        }
        if !LINGERING.get().is_some_and(|interpreter| std::ptr::eq(interpreter, self)) {
            let_go();
            // SAFETY: the state belongs to this thread and interpreter, and the thread is detached.
            unsafe { ffi::PyEval_RestoreThread(self.thread_state()) };
        }
        LINGERING.set(None);
        INSIDE.set(true);
        let _detach = Detach(linger.then_some(self));
        // SAFETY: attached from here until `_detach` is dropped.
        f(unsafe { Attached::assume() })
    }

    fn thread_state(&'static self) -> *mut ffi::PyThreadState {
        STATES.with(|states| {
            let mut states = states.borrow_mut();
            // Extension modules that use PyGILState_Ensure get the first thread state that a thread has made: it has to be
            // the main interpreter's.
            if states.0.is_empty() && !std::ptr::eq(self, Self::main()) {
                states.find(Self::main());
            }
            states.find(self)
        })
    }

    /// Lets go of the application: modules, templates.
    pub(crate) fn forget_application(&'static self, attached: Attached<'_>) {
        let scripts = std::mem::take(&mut *lock(&self.scripts));
        for script in scripts.values() {
            script.clear(attached);
        }
        crate::application_group::forget_bindings(attached, self);
    }

    /// Waits for the application's threads, but for daemon threads.
    pub(crate) fn end_threads(&self, attached: Attached<'_>) {
        if self.holder(attached).end_threads.call(attached).is_err() {
            let codes = ["WSGI0131", "WSGI0130"];
            log_raised(attached, self, None, codes, "waiting for the application's threads has failed:");
        }
    }

    /// Runs what the application registered with `atexit`, which reports what it raises itself.
    pub(crate) fn run_at_exit(&self, attached: Attached<'_>) {
        if self.holder(attached).run_at_exit.call(attached).is_err() {
            attached.clear_raised();
        }
    }

    /// Lets go of everything of Python's.
    ///
    /// # Safety
    /// The thread is attached to it, and no thread will run a request in it again.
    unsafe fn clear(&'static self, attached: Attached<'_>) {
        lock(&ALL).retain(|interpreter| !std::ptr::eq(*interpreter, self));
        self.forget_application(attached);
        // SAFETY: nobody has a reference to the holder any more, as the caller promises.
        drop(unsafe { (*self.holder.get()).take() });
    }
}

/// All that are furnished and not ended.
pub(crate) fn all() -> Vec<&'static Interpreter> {
    lock(&ALL).clone()
}

/// The thread states of one thread.
struct ThreadStates(Vec<ThreadState>);

struct ThreadState {
    interpreter: &'static Interpreter,
    state: *mut ffi::PyThreadState,
    /// Whether we made it, and so delete it.
    ours: bool,
}

/// Detaches this thread if it lingers.
pub(crate) fn let_go() {
    if LINGERING.take().is_some() {
        // SAFETY: the thread has stayed attached.
        unsafe { ffi::PyEval_SaveThread() };
    }
}

thread_local! {
    /// Whether this thread is in [`Interpreter::attach`].
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// To which interpreter this thread stays attached between two requests.
    static LINGERING: Cell<Option<&'static Interpreter>> = const { Cell::new(None) };
    static STATES: RefCell<ThreadStates> = const { RefCell::new(ThreadStates(Vec::new())) };
}

impl ThreadStates {
    fn find(&mut self, interpreter: &'static Interpreter) -> *mut ffi::PyThreadState {
        if let Some(known) = self.0.iter().find(|known| std::ptr::eq(known.interpreter, interpreter)) {
            return known.state;
        }
        // SAFETY: the interpreter lives; PyThreadState_New needs no GIL (C API, "Low-level API").
        let state = unsafe { ffi::PyThreadState_New(interpreter.state) };
        assert!(!state.is_null(), "no memory for a thread state");
        self.0.push(ThreadState { interpreter, state, ours: true });
        state
    }
}

/// Ends this thread's thread states, as the end of the thread would. The thread is detached.
pub(crate) fn forget_thread_states() {
    STATES.with(|states| states.borrow_mut().end());
}

impl Drop for ThreadStates {
    fn drop(&mut self) {
        // C code that calls exit(), as Python does in a process that was forked in a sub-interpreter, ends the thread from within:
        // it may have the GIL, which to wait for would never end.
        if !INSIDE.get() {
            self.end();
        }
    }
}

impl ThreadStates {
    fn end(&mut self) {
        // The main interpreter's, which was made first, goes last.
        while let Some(known) = self.0.pop_if(|known| known.ours) {
            if ENDING.load(Ordering::Acquire) {
                return;
            }
            // SAFETY: the thread is at its end and detached. Clear wants the thread attached (it runs destructors of
            // thread-locals), Delete wants the state not to be current.
            unsafe {
                ffi::PyEval_RestoreThread(known.state);
                ffi::PyThreadState_Clear(known.state);
                ffi::PyEval_SaveThread();
                ffi::PyThreadState_Delete(known.state);
            }
        }
    }
}

/// A sub-interpreter, and the thread state that made it, which is its `threading.main_thread()`.
///
/// Made and ended by one thread, the keeper: `threading._shutdown` and Python's own checks want the same thread for both.
pub(crate) struct SubInterpreter {
    /// The interpreter.
    pub(crate) interpreter: &'static Interpreter,
    creator: *mut ffi::PyThreadState,
    /// Python 3.12 and 3.13.0 share interned strings between interpreters, and free them with the first that ends: the
    /// process crashes (issue 116510 of python/cpython). Seen with 3.12.1: `free(): invalid pointer`.
    cannot_be_ended: bool,
}

impl SubInterpreter {
    /// Makes one and lets `set_up` furnish it. The calling thread must be detached.
    pub(crate) fn new<E>(
        own_gil: bool,
        set_up: impl FnOnce(Attached<'_>, &'static Interpreter) -> Result<(), E>,
    ) -> Option<Result<Self, E>> {
        Interpreter::main().attach(false, |_main| {
            // SAFETY: the thread is attached to the main interpreter, to which it returns below.
            let main = unsafe { ffi::PyThreadState_Get() };
            let creator = if own_gil { new_with_own_gil()? } else { new_with_shared_gil()? };
            // SAFETY: a new interpreter's thread state is current when it has been made.
            let attached = unsafe { Attached::assume() };
            let interpreter = Interpreter::current(attached);
            let set_up = set_up(attached, interpreter);
            // SAFETY: leaves the new interpreter, whose GIL may be one of its own, and returns to the main one.
            unsafe {
                ffi::PyEval_SaveThread();
                ffi::PyEval_RestoreThread(main);
            }
            let version = crate::module::python_version();
            let cannot_be_ended = version.starts_with("3.12.") || version.starts_with("3.13.0");
            let made = Self { interpreter, creator, cannot_be_ended };
            Some(match set_up {
                Ok(()) => Ok(made),
                Err(error) => {
                    // No thread has seen it yet.
                    made.end_attached(main);
                    Err(error)
                }
            })
        })
    }

    /// Ends it: `threading._shutdown`, `atexit`, destructors. `false` when some thread may still run Python in it, which
    /// Python does not survive: then it has only run what is registered with `atexit`, and Python must not be ended.
    pub(crate) fn end(self) -> bool {
        Interpreter::main().attach(false, |_main| {
            // SAFETY: the thread is attached to the main interpreter.
            self.end_attached(unsafe { ffi::PyThreadState_Get() })
        })
    }

    fn end_attached(self, main: *mut ffi::PyThreadState) -> bool {
        // SAFETY: this is the thread that made the interpreter, on the thread state by which it did; it is attached to the
        // main interpreter before and after.
        unsafe {
            ffi::PyEval_SaveThread();
            ffi::PyEval_RestoreThread(self.creator);
            let attached = Attached::assume();
            self.interpreter.end_threads(attached);
            if self.cannot_be_ended || !self.is_last_thread() {
                self.interpreter.run_at_exit(attached);
                ffi::PyEval_SaveThread();
                ffi::PyEval_RestoreThread(main);
                return false;
            }
            self.interpreter.clear(attached);
            // It wants its last thread state to be current, and leaves none current: with the GIL still held up to 3.11,
            // without from 3.12 on. PyThreadState_Swap is right after both (it takes the GIL from 3.12 on).
            ffi::Py_EndInterpreter(self.creator);
            ffi::PyThreadState_Swap(main);
            true
        }
    }

    /// Whether no thread but this one has a thread state in the interpreter: neither one of ours nor one that the
    /// application started.
    fn is_last_thread(&self) -> bool {
        // SAFETY: both functions only follow a list. With a GIL, which is held, nobody else changes it. Without one a thread of
        // the application may: it is at the head of the list then, and only our own state is looked at, which lives.
        unsafe {
            let first = PyInterpreterState_ThreadHead(self.interpreter.state);
            first == self.creator && PyThreadState_Next(first).is_null()
        }
    }
}

unsafe extern "C" {
    // "Advanced Debugger Support": exported by all versions, in no stable ABI.
    fn PyInterpreterState_ThreadHead(interpreter: *mut ffi::PyInterpreterState) -> *mut ffi::PyThreadState;
    fn PyThreadState_Next(state: *mut ffi::PyThreadState) -> *mut ffi::PyThreadState;
}

/// Says that Python is about to end.
pub(crate) fn ending() {
    ENDING.store(true, Ordering::Release);
}

fn new_with_shared_gil() -> Option<*mut ffi::PyThreadState> {
    // SAFETY: the calling thread is attached; null is a failure, after which it is attached as before.
    let state = unsafe { ffi::Py_NewInterpreter() };
    (!state.is_null()).then_some(state)
}

/// `PyInterpreterConfig` of 3.12 and later.
#[repr(C)]
struct InterpreterConfig {
    use_main_obmalloc: c_int,
    allow_fork: c_int,
    allow_exec: c_int,
    allow_threads: c_int,
    allow_daemon_threads: c_int,
    check_multi_interp_extensions: c_int,
    gil: c_int,
}

/// `PyInterpreterConfig_OWN_GIL`.
const OWN_GIL: c_int = 2;

/// `PyStatus`.
#[repr(C)]
struct Status {
    kind: c_int,
    function: *const c_char,
    message: *const c_char,
    exit_code: c_int,
}

type NewInterpreterFromConfig = unsafe extern "C" fn(*mut *mut ffi::PyThreadState, *const InterpreterConfig) -> Status;

fn new_with_own_gil() -> Option<*mut ffi::PyThreadState> {
    let new = new_interpreter_from_config()?;
    // An own GIL needs an allocator of its own and modules that know of several interpreters (PEP 684).
    let config = InterpreterConfig {
        use_main_obmalloc: 0,
        allow_fork: 1,
        allow_exec: 1,
        allow_threads: 1,
        // What a request starts is a daemon thread unless it says otherwise.
        allow_daemon_threads: 1,
        check_multi_interp_extensions: 1,
        gil: OWN_GIL,
    };
    let mut state = std::ptr::null_mut();
    // SAFETY: the calling thread is attached; after a failure it is attached as before and the state is null.
    let status = unsafe { new(&raw mut state, &raw const config) };
    (status.kind == 0 && !state.is_null()).then_some(state)
}

/// Whether sub-interpreters can have a GIL of their own: from 3.12 on, where there is a GIL.
pub(crate) fn own_gil_is_possible() -> bool {
    !gil::is_off() && new_interpreter_from_config().is_some()
}

fn new_interpreter_from_config() -> Option<NewInterpreterFromConfig> {
    // SAFETY: the name ends in NUL. The function is not in the stable ABI, but has had this signature since 3.12.
    unsafe {
        let found = libc::dlsym(libc::RTLD_DEFAULT, c"Py_NewInterpreterFromConfig".as_ptr());
        if found.is_null() {
            return None;
        }
        Some(std::mem::transmute::<*mut libc::c_void, NewInterpreterFromConfig>(found))
    }
}

/// Locks; a panic of another thread while it held the lock changes nothing for us.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
