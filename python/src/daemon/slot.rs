//! A thread's connection: given by the main thread, and closed by it when the thread is idle and the process leaves.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crate::interpreter::lock;

const IDLE: u8 = 0;
const BUSY: u8 = 1;
const CLOSED: u8 = 2;

/// What the main thread and a request thread know of the latter's connection.
#[derive(Default)]
pub(super) struct Slot {
    state: AtomicU8,
    streams: Mutex<Streams>,
    changed: Condvar,
}

#[derive(Default)]
struct Streams {
    /// Served at present.
    current: Option<Arc<UnixStream>>,
    /// Served when the present one is at its end.
    next: Option<UnixStream>,
}

impl Slot {
    /// Gives the thread its next connection.
    pub(super) fn give(&self, stream: UnixStream) {
        lock(&self.streams).next = Some(stream);
        self.changed.notify_all();
    }

    /// Waits for a connection; `None` when the process leaves.
    pub(super) fn wait(&self, leaving: &AtomicBool) -> Option<Arc<UnixStream>> {
        let mut streams = lock(&self.streams);
        streams.current = None;
        loop {
            if leaving.load(Ordering::SeqCst) {
                return None;
            }
            if let Some(stream) = streams.next.take() {
                let stream = Arc::new(stream);
                streams.current = Some(Arc::clone(&stream));
                return Some(stream);
            }
            streams = self.changed.wait(streams).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// The thread has got a request. `false`: it must not take it, since the process leaves.
    pub(super) fn begin(&self) -> bool {
        self.state.compare_exchange(IDLE, BUSY, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// The request is answered.
    pub(super) fn end(&self) {
        self.state.store(IDLE, Ordering::SeqCst);
    }

    /// Ends the wait of an idle thread: it still reads what has come, and then the end. A thread that is busy sees for
    /// itself that the process leaves.
    pub(super) fn close_if_idle(&self) {
        if self.state.compare_exchange(IDLE, CLOSED, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            && let Some(stream) = &lock(&self.streams).current
        {
            // It may be closed from the other side.
            let _ = stream.shutdown(Shutdown::Read);
        }
        self.changed.notify_all();
    }
}
