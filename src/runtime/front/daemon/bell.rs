//! Wakes a daemon process once for the requests of a whole visit to the event loop.
//!
//! Were its thread woken by each request, the kernel would often let it run before the front has sent the next one, and both
//! would take turns, a request each.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::task::TaskTracker;

/// The bell of a process whose thread has several connections.
#[derive(Debug)]
pub(super) struct Bell {
    /// The writing end of the pipe that the thread waits for.
    writer: OwnedFd,
    /// It will be rung, when the tasks that are ready now have run.
    due: AtomicBool,
}

impl Bell {
    /// A bell that is a pipe.
    pub(super) fn new(writer: OwnedFd) -> Arc<Self> {
        Arc::new(Self { writer, due: AtomicBool::new(false) })
    }

    /// Rings now.
    pub(super) fn ring(&self) {
        // A full pipe wakes the thread too, and one without a reader has no thread.
        let _ = rustix::io::write(&self.writer, &[1]);
    }

    /// Rings when the tasks that are ready now have run.
    pub(super) fn ring_soon(self: &Arc<Self>, tasks: &TaskTracker) {
        if !self.due.swap(true, Ordering::AcqRel) {
            let bell = Arc::clone(self);
            tasks.spawn(async move {
                bell.due.store(false, Ordering::Release);
                bell.ring();
            });
        }
    }
}
