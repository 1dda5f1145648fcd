//! Whether Python runs without a GIL, which a free-threaded build can, and what takes its place then.

use std::cell::RefCell;
use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use pyo3_ffi as ffi;

use crate::layout;
use crate::object::Attached;

/// Python runs without a GIL, and will not take it up again: see [`wsgi_httpd::runtime::boot`].
static OFF: AtomicBool = AtomicBool::new(false);

/// Asks Python, before anything of ours is shared between threads.
pub(crate) fn ask(attached: Attached<'_>) {
    if !layout::is_free_threaded() {
        return;
    }
    let answer = attached.import(c"sys").and_then(|sys| sys.attribute(attached, c"_is_gil_enabled")?.call(attached));
    match answer {
        Ok(is_on) => OFF.store(!is_on.is_true(attached), Ordering::SeqCst),
        // Whoever cannot be asked may well have none.
        Err(_) => {
            attached.clear_raised();
            OFF.store(true, Ordering::SeqCst);
        }
    }
}

/// Whether there is no GIL: attached threads run at the same time.
pub(crate) fn is_off() -> bool {
    OFF.load(Ordering::Relaxed)
}

/// Data that only attached threads touch, one at a time, and only for moments in which no Python code can run. The GIL sees to
/// that; without one a lock does.
pub(crate) struct Guarded<T> {
    lock: Mutex<()>,
    value: RefCell<T>,
}

// SAFETY: `with` asks for proof that the thread is attached. The value belongs to one interpreter or one request, so it is always
// the same GIL that is held; where there is none, `with` holds the lock. So one thread at a time has the value.
unsafe impl<T> Sync for Guarded<T> {}
// SAFETY: as above; it moves between threads only as part of what its interpreter owns.
unsafe impl<T> Send for Guarded<T> {}

impl<T: Default> Default for Guarded<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Guarded<T> {
    /// Guards a value.
    pub(crate) fn new(value: T) -> Self {
        Self { lock: Mutex::new(()), value: RefCell::new(value) }
    }

    /// Uses the value. `f` must not call into Python, where another thread might take the GIL over and come here, or this one be
    /// made to wait for others with the lock held. It may take references, and must leave their end to its caller.
    pub(crate) fn with<R>(&self, _attached: Attached<'_>, f: impl FnOnce(&mut T) -> R) -> R {
        let _lock = is_off().then(|| self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        f(&mut self.value.borrow_mut())
    }
}

/// Locks what may be held by a thread that waits for Python: so the calling thread is not attached while it waits.
pub(crate) fn lock_attached<'a, T>(attached: Attached<'_>, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
    loop {
        match mutex.try_lock() {
            Ok(locked) => return locked,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            // Let go of before Python is waited for: the one who is in Python may want it.
            Err(TryLockError::WouldBlock) => {
                attached.detached(|| drop(mutex.lock().unwrap_or_else(PoisonError::into_inner)));
            }
        }
    }
}

/// `PyDict_GetItemRef` and `PyList_GetItemRef` of 3.13 and later, which every Python has that can be without a GIL: another thread
/// may take away at any time what they find, so that a borrowed reference is worth nothing.
struct Getters {
    dict: GetDictItem,
    list: GetListItem,
}

type GetDictItem = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut *mut ffi::PyObject) -> c_int;
type GetListItem = unsafe extern "C" fn(*mut ffi::PyObject, isize) -> *mut ffi::PyObject;

fn getters() -> Option<&'static Getters> {
    static FOUND: OnceLock<Option<Getters>> = OnceLock::new();
    if !is_off() {
        return None;
    }
    let found = FOUND.get_or_init(|| {
        // SAFETY: the names end in NUL, and the functions have had these signatures from the first.
        unsafe {
            let dict = libc::dlsym(libc::RTLD_DEFAULT, c"PyDict_GetItemRef".as_ptr());
            let list = libc::dlsym(libc::RTLD_DEFAULT, c"PyList_GetItemRef".as_ptr());
            if dict.is_null() || list.is_null() {
                return None;
            }
            Some(Getters {
                dict: std::mem::transmute::<*mut libc::c_void, GetDictItem>(dict),
                list: std::mem::transmute::<*mut libc::c_void, GetListItem>(list),
            })
        }
    });
    found.as_ref()
}

/// The entry of a dict as a new reference; null when there is none, or with an exception.
///
/// # Safety
/// The thread is attached, and the objects are a dict and a valid object.
pub(crate) unsafe fn dict_item(dict: *mut ffi::PyObject, key: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: as the caller promises. What is borrowed becomes a reference of our own while the GIL is held.
    unsafe {
        let mut found = null_mut();
        match getters() {
            Some(getters) => {
                (getters.dict)(dict, key, &raw mut found);
            }
            None => {
                found = ffi::PyDict_GetItemWithError(dict, key);
                ffi::Py_IncRef(found);
            }
        }
        found
    }
}

/// The item of a list as a new reference; null with an `IndexError`.
///
/// # Safety
/// The thread is attached, and the object is a list.
pub(crate) unsafe fn list_item(list: *mut ffi::PyObject, place: isize) -> *mut ffi::PyObject {
    // SAFETY: as in `dict_item`.
    unsafe {
        match getters() {
            Some(getters) => (getters.list)(list, place),
            None => {
                let found = ffi::PyList_GetItem(list, place);
                ffi::Py_IncRef(found);
                found
            }
        }
    }
}
