//! Daemon mode from the front's side: one queue for each process group, one request at a time for each of its threads.

mod bell;
mod body;
mod thread;
mod upload;

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::answer::Source;
use super::input::{Input, ReadAhead};
use crate::plan::ProcessGroup;
use crate::plan::limits::Waits;
use crate::runtime::exchange::{Call, Head};
use crate::runtime::wire::{self, Frame, Kind};
use bell::Bell;
use body::From;
pub(super) use body::WireBody;
use thread::{Known, Request, Thread, status};
use upload::Upload;

/// Requests that may wait for a thread, where `listen-backlog` does not say; more are answered with 503 at once.
const LONGEST_QUEUE: usize = 1000;
/// Connections for each thread of a process, at most: a group of one thread has four.
const MOST_CONNECTIONS: usize = 4;
/// How long a request waits while its group has no process at all, where `connect-timeout` does not say: mod_wsgi's default.
const NO_PROCESS: Duration = Duration::from_secs(15);
/// The same where processes of the group die at each start: its clients are not kept.
const FAILING: Duration = Duration::from_secs(3);

/// A process group, as far as a front knows it.
#[derive(Debug)]
pub(super) struct Pool {
    threads: Mutex<Threads>,
    waits: Waits,
    /// So many connections to each process.
    most: usize,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Threads {
    processes: Vec<Process>,
    /// The last process ended before it was ready.
    failing: bool,
    waiting: VecDeque<Waiting>,
}

/// A request that waits for a thread. It is sent by whoever gives the thread back: the thread is not kept waiting.
#[derive(Debug)]
struct Waiting {
    request: Request,
    sender: oneshot::Sender<Lease>,
}
#[derive(Debug)]
struct Process {
    pid: u32,
    /// The thread that was used last stands last, and is used first: its memory is warm.
    idle: Vec<Thread>,
    busy: usize,
    /// What wakes its thread, if that has several connections.
    bell: Option<Arc<Bell>>,
}

/// A thread that works for one request.
#[derive(Debug)]
struct Lease {
    thread: Thread,
    busy: Busy,
}

/// Counts a thread as busy. Dropped with the thread's connection, in whatever way the request ended: the thread notices,
/// and asks the parent for a new one when it is free.
#[derive(Debug)]
struct Busy {
    pool: Arc<Pool>,
    pid: u32,
    bell: Option<Arc<Bell>>,
    returned: bool,
}

/// Why a request got no answer from a daemon process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DaemonError {
    /// The queue is full, or there is no process: 503.
    Unavailable,
    /// No thread was free within `queue-timeout`: 504.
    Queued,
    /// The process ended before it answered: 502.
    Died,
    /// No head within `socket-timeout` or `Timeout`: 504.
    Late,
    /// The application failed, with the status that it wants answered.
    Failed(u16),
}

fn of_seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

impl Pool {
    /// A group without processes yet.
    pub(super) fn new(group: &ProcessGroup, tasks: TaskTracker) -> Arc<Self> {
        let most = group.threads as usize * MOST_CONNECTIONS;
        Arc::new(Self { threads: Mutex::default(), waits: group.waits.clone(), most, tasks })
    }

    /// Takes in the threads of a process, and its bell with the first of them. Who asks for more than its threads can use, gets no more.
    pub(super) fn add(self: &Arc<Self>, pid: u32, mut streams: Vec<UnixStream>, bell: Option<OwnedFd>) {
        let bell = {
            let mut threads = self.lock();
            threads.failing = false;
            for process in &mut threads.processes {
                process.idle.retain(Thread::is_alive);
            }
            threads.processes.retain(|process| process.busy > 0 || !process.idle.is_empty());
            if !threads.processes.iter().any(|process| process.pid == pid) {
                threads.processes.push(Process { pid, idle: Vec::new(), busy: 0, bell: bell.map(Bell::new) });
            }
            threads.processes.iter_mut().find(|process| process.pid == pid).and_then(|process| {
                streams.truncate(self.most.saturating_sub(process.idle.len() + process.busy));
                process.busy += streams.len();
                process.bell.clone()
            })
        };
        for stream in streams {
            let thread = Thread::new(stream, Known::new(), BytesMut::new());
            let busy = Busy { pool: Arc::clone(self), pid, bell: bell.clone(), returned: false };
            Lease { thread, busy }.give_back();
        }
    }

    /// A process of the group has ended before it was ready.
    pub(super) fn fails(&self) {
        self.lock().failing = true;
    }

    /// Runs a call. The answer's body, if it is not here already, comes from the thread as it is made.
    ///
    /// # Errors
    /// See [`DaemonError`].
    pub(super) async fn run(
        self: &Arc<Self>,
        call: Call,
        body: ReadAhead,
        timeout: Duration,
    ) -> Result<(Head, Source), DaemonError> {
        let timeout = self.waits.socket.map_or(timeout, of_seconds);
        let queued_until = self.waits.queue.map(|limit| Instant::now() + of_seconds(limit));
        let request = Request { call: Arc::new(call), body: body.bytes, follows: body.rest.is_some() };
        loop {
            let mut lease = self.take(&request, queued_until).await?;
            let Lease { thread, busy } = &mut lease;
            if thread.send_rest(|| busy.ring_soon()).await.is_err() {
                // The request did not arrive whole, so it cannot have run: another thread may have it.
                continue;
            }
            let frame = tokio::time::timeout(timeout, lease.thread.frame()).await.map_err(|_| DaemonError::Late)?;
            let first = match frame {
                Ok(first) => first,
                // A Unix socket is reset when its other end closes with bytes unread: nobody has taken the request.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => continue,
                Err(_) => return Err(DaemonError::Died),
            };
            if first.0.kind == Kind::Again {
                continue;
            }
            return lease.answer(first, body.rest, timeout).await;
        }
    }

    /// A thread to which the request is on its way.
    async fn take(self: &Arc<Self>, request: &Request, until: Option<Instant>) -> Result<Lease, DaemonError> {
        let waiting = {
            let mut threads = self.lock();
            let free = threads.processes.iter_mut().filter(|process| !process.idle.is_empty());
            if let Some(process) = free.min_by_key(|process| process.busy)
                && let Some(thread) = process.idle.pop()
            {
                process.busy += 1;
                let bell = process.bell.clone();
                let busy = Busy { pool: Arc::clone(self), pid: process.pid, bell, returned: false };
                let mut lease = Lease { thread, busy };
                lease.thread.begin(request);
                match &process.bell {
                    Some(bell) if process.idle.is_empty() => bell.ring(),
                    _ => lease.busy.ring_soon(),
                }
                return Ok(lease);
            }
            threads.waiting.retain(|waiting| !waiting.sender.is_closed());
            if threads.waiting.len() >= self.waits.backlog.map_or(LONGEST_QUEUE, |backlog| backlog as usize) {
                return Err(DaemonError::Unavailable);
            }
            let (sender, receiver) = oneshot::channel();
            threads.waiting.push_back(Waiting { request: request.clone(), sender });
            receiver
        };
        let mut waiting = std::pin::pin!(waiting);
        loop {
            let usual = if self.lock().failing { FAILING } else { NO_PROCESS };
            let no_process = self.waits.connect.map_or(usual, of_seconds);
            let left =
                until.map_or(no_process, |until| no_process.min(until.saturating_duration_since(Instant::now())));
            match tokio::time::timeout(left, &mut waiting).await {
                Ok(Ok(lease)) => return Ok(lease),
                Err(_) if until.is_some_and(|until| until <= Instant::now()) => return Err(DaemonError::Queued),
                // All threads are busy: the client may wait as long as it wants.
                Err(_) if self.lock().processes.iter().any(|process| process.busy > 0) => {}
                Ok(Err(_)) | Err(_) => return Err(DaemonError::Unavailable),
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Threads> {
        self.threads.lock().expect("no panic while it is held")
    }
}

impl Lease {
    /// The thread is free again: it takes the next request that waits, or rests.
    fn give_back(self) {
        let pool = Arc::clone(&self.busy.pool);
        let mut threads = pool.lock();
        let mut lease = self;
        while let Some(Waiting { request, sender }) = threads.waiting.pop_front() {
            if sender.is_closed() {
                continue;
            }
            lease.thread.begin(&request);
            lease.busy.ring_soon();
            // A receiver that goes just now takes the thread's connection with it: the request was sent.
            if let Err(sent) = sender.send(lease) {
                drop(threads);
                drop(sent);
            }
            return;
        }
        let Lease { thread, mut busy } = lease;
        busy.returned = true;
        if let Some(process) = threads.processes.iter_mut().find(|process| process.pid == busy.pid) {
            process.busy -= 1;
            process.idle.push(thread);
        }
    }

    async fn answer(
        self,
        first: (Frame, Bytes),
        rest: Option<Input>,
        timeout: Duration,
    ) -> Result<(Head, Source), DaemonError> {
        if first.0.kind == Kind::Continue {
            return Upload::start(self, rest).answer(timeout).await;
        }
        // The application has begun to answer without asking for the body's rest: it may do so yet, unless the answer is whole.
        let (frame, payload) = first;
        match frame.kind {
            Kind::Head => {
                let (head, start) = wire::parse_head(&payload).map_err(|_| DaemonError::Died)?;
                let bytes = payload.slice(start..);
                if frame.flags & wire::COMPLETE != 0 {
                    self.give_back();
                    return Ok((head, Source::Whole(bytes)));
                }
                Ok((
                    head,
                    Source::Wire(Box::new(WireBody {
                        first: bytes,
                        from: Some(From::Lease(self)),
                        rest,
                        let_run: false,
                        cut: None,
                    })),
                ))
            }
            Kind::Failed => {
                self.give_back();
                Err(DaemonError::Failed(status(&payload)))
            }
            _ => Err(DaemonError::Died),
        }
    }
}

impl Busy {
    /// Wakes the process for what was sent, if that does not do so by itself.
    fn ring_soon(&self) {
        if let Some(bell) = &self.bell {
            bell.ring_soon(&self.pool.tasks);
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.returned {
            return;
        }
        if let Some(process) = self.pool.lock().processes.iter_mut().find(|process| process.pid == self.pid) {
            process.busy -= 1;
        }
    }
}
