//! A thread's connections: given by the main thread, and closed by it when the thread is idle and the process leaves.

use std::collections::VecDeque;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::signal::Wake;
use crate::forked::Link;
use crate::gateway::seat::Seat;
use crate::interpreter::lock;

const IDLE: u8 = 0;
const BUSY: u8 = 1;
const CLOSED: u8 = 2;

/// What the main thread and a request thread know of the latter's connections.
pub(super) struct Slot {
    state: AtomicU8,
    /// When the present request began, by the process's clock.
    begun: AtomicU64,
    /// When the first one did; 0 before.
    first: AtomicU64,
    /// When the last one ended.
    ended: AtomicU64,
    /// Where the thread may be interrupted.
    pub(super) seat: Arc<Seat>,
    streams: Mutex<Streams>,
    changed: Condvar,
    /// Rings when there is a new connection, and when the front has sent requests, for a thread that waits on several. The front
    /// rings it, so that requests need not wake the thread.
    bell: Option<Wake>,
    /// Connections that the thread has lost and the main thread has not asked for.
    lost: AtomicUsize,
    /// Connections that the main thread has asked for.
    asked: AtomicUsize,
}

#[derive(Default)]
struct Streams {
    /// Served at present.
    current: Vec<Arc<Link>>,
    /// Not taken by the thread yet.
    new: VecDeque<Link>,
}

impl Slot {
    /// A slot without connections; `bell` is there for a thread of several.
    pub(super) fn new(bell: Option<Wake>) -> Self {
        Self {
            state: AtomicU8::new(IDLE),
            begun: AtomicU64::new(0),
            first: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            seat: Arc::new(Seat::default()),
            streams: Mutex::default(),
            changed: Condvar::new(),
            bell,
            lost: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        }
    }

    /// Gives the thread a connection.
    pub(super) fn give(&self, stream: Link) {
        lock(&self.streams).new.push_back(stream);
        let _ = self.asked.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |asked| asked.checked_sub(1));
        self.changed.notify_all();
        self.ring();
    }

    fn ring(&self) {
        if let Some(bell) = &self.bell {
            bell.wake();
        }
    }

    /// Whether a connection has been asked for and not come.
    pub(super) fn awaits(&self) -> bool {
        self.asked.load(Ordering::SeqCst) > 0
    }

    /// How many connections are to be asked for; they count as asked for then.
    pub(super) fn take_lost(&self) -> usize {
        let lost = self.lost.swap(0, Ordering::SeqCst);
        self.asked.fetch_add(lost, Ordering::SeqCst);
        lost
    }

    /// The next new connection, if there is one.
    pub(super) fn take(&self) -> Option<Arc<Link>> {
        let mut streams = lock(&self.streams);
        let stream = Arc::new(streams.new.pop_front()?);
        streams.current.push(Arc::clone(&stream));
        Some(stream)
    }

    /// Whether there is a new connection.
    pub(super) fn has_new(&self) -> bool {
        !lock(&self.streams).new.is_empty()
    }

    /// Waits for a connection; `false` when the process leaves.
    pub(super) fn wait(&self, leaving: &AtomicBool) -> bool {
        let mut streams = lock(&self.streams);
        while streams.new.is_empty() {
            if leaving.load(Ordering::SeqCst) {
                return false;
            }
            streams = self.changed.wait(streams).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        !leaving.load(Ordering::SeqCst)
    }

    /// Waits until one of several connections has something to read; `None` when there is a new connection.
    pub(super) fn readable<'a>(&self, streams: impl Iterator<Item = &'a UnixStream>) -> Option<usize> {
        // Without any flag a connection still tells its end.
        let heard = if self.bell.is_some() { PollFlags::empty() } else { PollFlags::IN };
        let streams: Vec<_> = streams.collect();
        let source = |flags| move |stream: &&'a UnixStream| PollFd::new(*stream, flags);
        let mut sources: Vec<PollFd<'_>> = streams.iter().map(source(heard)).collect();
        sources.extend(self.bell.iter().map(|bell| PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN)));
        // An interrupted wait finds nothing, and is begun again by the caller.
        let _ = poll(&mut sources, None);
        if let Some(bell) = &self.bell
            && sources.pop().is_some_and(|bell| !bell.revents().is_empty())
        {
            bell.clear();
            sources = streams.iter().map(source(PollFlags::IN)).collect();
            let _ = poll(&mut sources, Some(&Timespec::default()));
        }
        sources.iter().position(|source| !source.revents().is_empty())
    }

    /// A connection is at its end. `missing`: there is none in its place.
    pub(super) fn forget(&self, stream: &Arc<Link>, missing: bool) {
        lock(&self.streams).current.retain(|current| !Arc::ptr_eq(current, stream));
        if missing {
            self.lost.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The thread has got a request. `false`: it must not take it, since the process leaves.
    pub(super) fn begin(&self, now: u64) -> bool {
        // Before the state, so that nobody takes the beginning of an earlier request for this one's.
        self.begun.store(now, Ordering::Relaxed);
        if self.first.load(Ordering::Relaxed) == 0 {
            self.first.store(now, Ordering::Relaxed);
        }
        self.state.compare_exchange(IDLE, BUSY, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// The request is answered; without a time it leaves the time of the last one's end as it is.
    pub(super) fn end(&self, now: Option<u64>) {
        if let Some(now) = now {
            self.ended.store(now, Ordering::Relaxed);
        }
        self.state.store(IDLE, Ordering::SeqCst);
    }

    /// When the request under way began.
    pub(super) fn running(&self) -> Option<u64> {
        (self.state.load(Ordering::SeqCst) == BUSY).then(|| self.begun.load(Ordering::Relaxed))
    }

    /// When the first request began.
    pub(super) fn first(&self) -> Option<u64> {
        Some(self.first.load(Ordering::Relaxed)).filter(|first| *first > 0)
    }

    /// When the last request ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Ends the wait of an idle thread: it still reads what has come, and then the end. A thread that is busy sees for
    /// itself that the process leaves.
    pub(super) fn close_if_idle(&self) {
        if self.state.compare_exchange(IDLE, CLOSED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.close();
        }
        self.changed.notify_all();
    }

    /// Takes no more requests: what has come already is read, and answered with Again.
    pub(super) fn close(&self) {
        for stream in &lock(&self.streams).current {
            // It may be closed from the other side.
            let _ = stream.shutdown(Shutdown::Read);
        }
        self.ring();
    }
}
