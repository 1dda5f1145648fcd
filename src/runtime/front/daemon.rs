//! Daemon mode from the front's side: one queue for each process group, one request at a time for each of its threads.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::Source;
use super::input::{Input, ReadAhead};
use crate::runtime::exchange::{Call, Head, Target};
use crate::runtime::wire::{self, Frame, HEADER, Kind};

/// Requests that may wait for a thread; more are answered with 503 at once.
const LONGEST_QUEUE: usize = 1000;
/// How long a request waits while its group has no process at all: long enough for one that died to be replaced, but not for one
/// that dies at each start.
const NO_PROCESS: Duration = Duration::from_secs(3);
/// How long an answer may take while the request's body still comes.
const LONGEST_UPLOAD: Duration = Duration::from_secs(3600);
/// How much of an answer that nobody wants is read away before its thread is cut off instead.
const UNWANTED_BYTES: usize = 1 << 20;
/// How long.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// A process group, as far as a front knows it.
#[derive(Debug)]
pub(super) struct Pool {
    threads: Mutex<Threads>,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Threads {
    processes: Vec<Process>,
    waiting: VecDeque<Waiting>,
}

/// A request that waits for a thread. It is sent by whoever gives the thread back: the thread is not kept waiting.
#[derive(Debug)]
struct Waiting {
    request: Request,
    sender: oneshot::Sender<Lease>,
}

/// A request as it is sent.
#[derive(Debug, Clone)]
struct Request {
    call: Arc<Call>,
    /// The first bytes of its body.
    body: Bytes,
    /// Whether there are more.
    follows: bool,
}

#[derive(Debug)]
struct Process {
    pid: u32,
    /// The thread that was used last stands last, and is used first: its memory is warm.
    idle: Vec<Thread>,
    busy: usize,
}

/// A thread of a daemon process.
#[derive(Debug)]
struct Thread {
    stream: UnixStream,
    known: Known,
    out: Vec<u8>,
    /// How much of `out` has been sent.
    sent: usize,
    input: BytesMut,
}

/// The targets that a thread knows, by their address in memory, and the numbers that they got.
type Known = HashMap<usize, (u32, Arc<Target>)>;

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
    returned: bool,
}

/// Why a request got no answer from a daemon process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DaemonError {
    /// The queue is full, or there is no process: 503.
    Unavailable,
    /// The process ended before it answered: 502.
    Died,
    /// No head within `Timeout`: 504.
    Late,
    /// The application failed, with the status that it wants answered.
    Failed(u16),
}

impl Pool {
    /// A group without processes yet.
    pub(super) fn new(tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self { threads: Mutex::default(), tasks })
    }

    /// Takes in the threads of a process.
    pub(super) fn add(self: &Arc<Self>, pid: u32, streams: Vec<UnixStream>) {
        {
            let mut threads = self.lock();
            for process in &mut threads.processes {
                process.idle.retain(Thread::is_alive);
            }
            threads.processes.retain(|process| process.busy > 0 || !process.idle.is_empty());
            if !threads.processes.iter().any(|process| process.pid == pid) {
                threads.processes.push(Process { pid, idle: Vec::new(), busy: 0 });
            }
            if let Some(process) = threads.processes.iter_mut().find(|process| process.pid == pid) {
                process.busy += streams.len();
            }
        }
        for stream in streams {
            let thread = Thread::new(stream, Known::new(), BytesMut::new());
            let busy = Busy { pool: Arc::clone(self), pid, returned: false };
            Lease { thread, busy }.give_back();
        }
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
        let request = Request { call: Arc::new(call), body: body.bytes, follows: body.rest.is_some() };
        loop {
            let mut lease = self.take(&request).await?;
            if lease.thread.send_rest().await.is_err() {
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
    async fn take(self: &Arc<Self>, request: &Request) -> Result<Lease, DaemonError> {
        let waiting = {
            let mut threads = self.lock();
            let free = threads.processes.iter_mut().filter(|process| !process.idle.is_empty());
            if let Some(process) = free.min_by_key(|process| process.busy)
                && let Some(thread) = process.idle.pop()
            {
                process.busy += 1;
                let busy = Busy { pool: Arc::clone(self), pid: process.pid, returned: false };
                let mut lease = Lease { thread, busy };
                lease.thread.begin(request);
                return Ok(lease);
            }
            threads.waiting.retain(|waiting| !waiting.sender.is_closed());
            if threads.waiting.len() >= LONGEST_QUEUE {
                return Err(DaemonError::Unavailable);
            }
            let (sender, receiver) = oneshot::channel();
            threads.waiting.push_back(Waiting { request: request.clone(), sender });
            receiver
        };
        let mut waiting = std::pin::pin!(waiting);
        loop {
            match tokio::time::timeout(NO_PROCESS, &mut waiting).await {
                Ok(Ok(lease)) => return Ok(lease),
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
        // The body's rest stays unread: the application has answered without asking for it.
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
                    Source::Wire(Box::new(WireBody { first: bytes, from: Some(From::Lease(self)), let_run: false })),
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

impl Thread {
    /// Whether the other side is still there: an idle thread says nothing, so anything to read is its end.
    fn is_alive(&self) -> bool {
        let mut byte = [0];
        matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn new(stream: UnixStream, known: Known, input: BytesMut) -> Self {
        Self { stream, known, out: Vec::new(), sent: 0, input }
    }

    /// Sends as much of a request as goes without waiting.
    fn begin(&mut self, request: &Request) {
        let call = &*request.call;
        self.out.clear();
        let address = Arc::as_ptr(&call.target) as usize;
        let next = self.known.len() as u32;
        let number = match self.known.entry(address) {
            Entry::Occupied(known) => known.get().0,
            Entry::Vacant(unknown) => {
                unknown.insert((next, Arc::clone(&call.target)));
                wire::put_target(&mut self.out, next, &call.target);
                next
            }
        };
        wire::put_request(&mut self.out, number, call, &request.body, request.follows);
        // What fails here fails again, with its reason, when the rest is sent.
        self.sent = self.stream.try_write(&self.out).unwrap_or(0);
    }

    /// Sends what is left of the request.
    async fn send_rest(&mut self) -> io::Result<()> {
        if self.sent < self.out.len() {
            self.stream.write_all(&self.out[self.sent..]).await?;
        }
        Ok(())
    }

    async fn frame(&mut self) -> io::Result<(Frame, Bytes)> {
        loop {
            if let Some(frame) = split_frame(&mut self.input)? {
                return Ok(frame);
            }
            self.input.reserve(4096);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Takes a whole frame off the front of what was read.
fn split_frame(input: &mut BytesMut) -> io::Result<Option<(Frame, Bytes)>> {
    let Some(header) = input.first_chunk::<HEADER>() else { return Ok(None) };
    let frame = Frame::parse(*header)?;
    if input.len() < HEADER + frame.length {
        input.reserve(HEADER + frame.length - input.len());
        return Ok(None);
    }
    input.advance(HEADER);
    Ok(Some((frame, input.split_to(frame.length).freeze())))
}

fn status(payload: &[u8]) -> u16 {
    payload.first_chunk().map_or(500, |bytes| u16::from_le_bytes(*bytes))
}

/// The body of an answer that a daemon's thread is still making.
#[derive(Debug)]
pub(super) struct WireBody {
    first: Bytes,
    /// `None` once the answer is over.
    from: Option<From>,
    /// Whether the client is still there and only has no use for the bytes, as with HEAD.
    let_run: bool,
}

#[derive(Debug)]
enum From {
    Lease(Lease),
    Upload(Upload),
}

impl WireBody {
    /// The next bytes; `None` when the answer is whole. An answer that breaks off is an error, so that the client can tell.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.first))));
        }
        loop {
            let Some(from) = &mut self.from else { return Poll::Ready(None) };
            let (frame, payload) = match std::task::ready!(from.poll_frame(context)) {
                Ok(frame) => frame,
                Err(error) => {
                    self.from = None;
                    return Poll::Ready(Some(Err(error)));
                }
            };
            match frame.kind {
                Kind::Body if payload.is_empty() => {}
                Kind::Body => return Poll::Ready(Some(Ok(payload))),
                Kind::End => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Kind::Failed => {
                    self.finish();
                    return Poll::Ready(Some(Err(io::Error::other("the application failed"))));
                }
                _ => {
                    self.from = None;
                    return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
                }
            }
        }
    }

    /// The rest is of no use to the client, but the application may make it.
    pub(super) fn let_run(&mut self) {
        self.let_run = true;
    }

    /// Tells the thread that the client has left. While the request's body is still being sent, its end tells enough.
    async fn give_up(&mut self) {
        if let Some(From::Lease(lease)) = &mut self.from {
            let out = &mut lease.thread.out;
            out.clear();
            wire::put(out, Kind::Gone, 0, &[]);
            // Where this fails, the answer's end fails too.
            let _ = lease.thread.stream.write_all(out).await;
        }
    }

    fn finish(&mut self) {
        match self.from.take() {
            Some(From::Lease(lease)) => lease.give_back(),
            Some(From::Upload(upload)) => upload.finish(),
            None => {}
        }
    }
}

impl Drop for WireBody {
    /// Nobody wants the rest. A short one is read away, so that the thread keeps its connection; a long one is cut, which ends
    /// the application's iteration.
    fn drop(&mut self) {
        let Some(from) = self.from.take() else { return };
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let tasks = from.busy().pool.tasks.clone();
        let mut rest = Self { first: Bytes::new(), from: Some(from), let_run: false };
        let let_run = self.let_run;
        tasks.spawn(async move {
            if !let_run {
                rest.give_up().await;
            }
            let mut left = UNWANTED_BYTES;
            let drained = tokio::time::timeout(UNWANTED_TIME, async {
                while let Some(Ok(bytes)) = std::future::poll_fn(|context| rest.poll(context)).await {
                    left = left.saturating_sub(bytes.len());
                    if left == 0 {
                        break;
                    }
                }
            });
            let _ = drained.await;
            drop(rest.from.take());
        });
    }
}

impl From {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(Frame, Bytes)>> {
        match self {
            Self::Lease(lease) => poll_frame(&lease.thread.stream, &mut lease.thread.input, context),
            Self::Upload(upload) => poll_frame(upload.read.as_ref(), &mut upload.input, context),
        }
    }

    fn busy(&self) -> &Busy {
        match self {
            Self::Lease(lease) => &lease.busy,
            Self::Upload(upload) => &upload.busy,
        }
    }
}

fn poll_frame(
    stream: &UnixStream,
    input: &mut BytesMut,
    context: &mut Context<'_>,
) -> Poll<io::Result<(Frame, Bytes)>> {
    loop {
        if let Some(frame) = split_frame(input)? {
            return Poll::Ready(Ok(frame));
        }
        input.reserve(16 << 10);
        match stream.try_read_buf(input) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::task::ready!(stream.poll_read_ready(context))?;
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// A request whose body is still on its way while the answer is made: the two directions run beside each other.
#[derive(Debug)]
struct Upload {
    busy: Busy,
    read: OwnedReadHalf,
    input: BytesMut,
    known: Known,
    /// Stops the sending of the body: the answer is whole.
    stop: CancellationToken,
    sender: tokio::task::JoinHandle<io::Result<OwnedWriteHalf>>,
}

impl Upload {
    fn start(lease: Lease, body: Option<Input>) -> Self {
        let Lease { thread: Thread { stream, known, input, .. }, busy } = lease;
        let (read, write) = stream.into_split();
        let stop = CancellationToken::new();
        let sender = busy.pool.tasks.clone().spawn(send_body(write, body, stop.clone()));
        Self { busy, read, input, known, stop, sender }
    }

    async fn answer(mut self, timeout: Duration) -> Result<(Head, Source), DaemonError> {
        let next = std::future::poll_fn(|context| poll_frame(self.read.as_ref(), &mut self.input, context));
        // While the client still sends, the wait is bounded by its own timeout between two pieces.
        let next = tokio::time::timeout(timeout.max(LONGEST_UPLOAD), next).await;
        let (frame, payload) = next.map_err(|_| DaemonError::Late)?.map_err(|_| DaemonError::Died)?;
        match frame.kind {
            Kind::Head => {
                let (head, start) = wire::parse_head(&payload).map_err(|_| DaemonError::Died)?;
                let first = payload.slice(start..);
                if frame.flags & wire::COMPLETE != 0 {
                    self.finish();
                    return Ok((head, Source::Whole(first)));
                }
                Ok((head, Source::Wire(Box::new(WireBody { first, from: Some(From::Upload(self)), let_run: false }))))
            }
            Kind::Failed => {
                self.finish();
                Err(DaemonError::Failed(status(&payload)))
            }
            _ => Err(DaemonError::Died),
        }
    }

    /// The answer is whole: ends the body, and gives the thread back when that is done.
    fn finish(self) {
        let Self { busy, read, input, known, stop, sender } = self;
        stop.cancel();
        busy.pool.tasks.clone().spawn(async move {
            if let Ok(Ok(write)) = sender.await
                && let Ok(stream) = read.reunite(write)
            {
                Lease { thread: Thread::new(stream, known, input), busy }.give_back();
            }
        });
    }
}

async fn send_body(
    mut write: OwnedWriteHalf,
    body: Option<Input>,
    stop: CancellationToken,
) -> io::Result<OwnedWriteHalf> {
    let mut out = Vec::new();
    let mut end = (Kind::BodyEnd, Vec::new());
    if let Some(mut body) = body {
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                next = body.next() => next,
            };
            match next {
                None => break,
                Some(Ok(bytes)) => {
                    out.clear();
                    wire::put_body(&mut out, &bytes);
                    write.write_all(&out).await?;
                }
                Some(Err(error)) => {
                    end = (Kind::BodyFailed, vec![error.code()]);
                    break;
                }
            }
        }
    }
    out.clear();
    wire::put(&mut out, end.0, 0, &[&end.1]);
    write.write_all(&out).await?;
    Ok(write)
}
