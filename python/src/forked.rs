//! Processes that an application forks: they hold none of our connections, so that the end of this process is seen, and they never
//! come back to answer requests that are this process's.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use wsgi_httpd::plan::log::LogLevel;

use crate::gateway::errors::{CALLING, log_raised};
use crate::interpreter::Interpreter;
use crate::log::{self, Client};
use crate::object::Attached;

/// This process was forked by the application.
static FORKED: AtomicBool = AtomicBool::new(false);
/// The descriptors that such a process must not have; -1 is a free place. More than these are left to it.
static OURS: [AtomicI32; 4096] = [const { AtomicI32::new(-1) }; 4096];

unsafe extern "C" {
    fn pthread_atfork(
        prepare: Option<unsafe extern "C" fn()>,
        parent: Option<unsafe extern "C" fn()>,
        child: Option<unsafe extern "C" fn()>,
    ) -> c_int;
}

/// Has each process that is forked from this one know it.
pub(crate) fn watch() {
    // SAFETY: the handler lives as long as the process, as the library is never unloaded.
    unsafe { pthread_atfork(None, None, Some(child)) };
}

/// Runs in a new process, whose other threads are gone: only what may be done in a signal handler.
unsafe extern "C" fn child() {
    FORKED.store(true, Ordering::Relaxed);
    for descriptor in &OURS {
        let descriptor = descriptor.load(Ordering::Relaxed);
        if descriptor >= 0 {
            // SAFETY: the descriptor is one of ours, which nothing in this process uses.
            unsafe { libc::close(descriptor) };
        }
    }
}

/// Whether this process was forked by the application.
pub(crate) fn here() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// Ends a forked process that has come back from the application instead of ending itself. `raised`: with an exception.
pub(crate) fn leave(attached: Attached<'_>, interpreter: &'static Interpreter, client: Client<'_>, raised: bool) -> ! {
    let text = "a process that the application forked came back from it, and is ended: os._exit() would have ended it";
    log::write(LogLevel::Warn, client, text);
    let status = if raised { status(attached, interpreter, client) } else { 0 };
    // SAFETY: ends the process; nothing runs after it. What is registered with `atexit` is the first process's.
    unsafe { libc::_exit(status) }
}

/// The status that Python would end with for the exception that was raised.
fn status(attached: Attached<'_>, interpreter: &'static Interpreter, client: Client<'_>) -> c_int {
    match crate::gateway::errors::take_exit(attached) {
        Some(status) => status,
        None => {
            log_raised(attached, interpreter, client, CALLING, "exception in a forked process:");
            1
        }
    }
}

/// A connection of ours.
#[derive(Debug)]
pub(crate) struct Link(UnixStream);

impl Link {
    /// Takes a connected socket.
    pub(crate) fn new(descriptor: OwnedFd) -> Self {
        let number = descriptor.as_raw_fd();
        let free =
            |place: &&AtomicI32| place.compare_exchange(-1, number, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        // Where all are taken, a forked process has this one.
        let _ = OURS.iter().find(free);
        Self(UnixStream::from(descriptor))
    }
}

impl std::ops::Deref for Link {
    type Target = UnixStream;

    fn deref(&self) -> &UnixStream {
        &self.0
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Before it is closed, since its number may then be a file of the application.
        let number = self.0.as_raw_fd();
        for place in &OURS {
            if place.compare_exchange(number, -1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }
}
