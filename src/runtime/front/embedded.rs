//! Embedded mode: the thread that read a request runs the application, in this process.
//!
//! The connection's task makes the call a job of [`super::turns`] and waits for its [`Outbox`]. A short call fills the outbox and ends, and
//! the task finds a whole answer. From a long one it takes what there is as it comes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, oneshot};
use tokio_util::task::TaskTracker;

use super::answer::Source;
use super::input::{Input, READ_AHEAD, ReadAhead};
use super::turns::{Job, Produced, Turn, Turns};
use crate::runtime::exchange::{Application, Call, Dispatched, Exchange, Gone, Head, InputError, Question, Said};

/// How much of an answer waits for its client before the application does, bytes.
const ROOM: usize = 1 << 20;
/// How much of an answer is announced at once, bytes. Less is announced at the sentinel's next look.
const MUCH: usize = 64 << 10;

/// The applications of this process.
pub(super) struct Embedded {
    application: Arc<dyn Application>,
    turns: Arc<Turns>,
    tasks: TaskTracker,
}

impl Embedded {
    /// Has `application` called by the threads of `turns`.
    pub(super) fn new(application: Arc<dyn Application>, turns: Arc<Turns>, tasks: TaskTracker) -> Self {
        Self { application, turns, tasks }
    }

    /// Runs a call. The answer's body, if it is not whole already, comes as it is made.
    ///
    /// # Errors
    /// The status to answer with, when the application failed.
    pub(super) async fn run(&self, call: Call, body: ReadAhead, timeout: Duration) -> Result<(Head, Source), u16> {
        let outbox = Arc::new(Outbox { state: Mutex::default(), taken: Condvar::new() });
        let inbox = body.rest.map(|rest| Inbox::start(rest, &self.tasks));
        self.turns.push(Box::new(InProcess {
            application: Arc::clone(&self.application),
            call,
            outbox: Arc::clone(&outbox),
            first: body.bytes,
            inbox,
            timeout,
        }));
        OutboxBody { outbox: Some(outbox) }.head().await
    }
}

impl Embedded {
    /// Asks a dispatch script. `None` when it failed.
    pub(super) async fn dispatch(&self, call: Call) -> Option<Dispatched> {
        self.question(move |application| application.dispatch(call)).await
    }

    /// Asks a script who may see something. `None` when it failed.
    pub(super) async fn ask(&self, call: Call, question: Question) -> Option<Said> {
        self.question(move |application| application.ask(call, &question)).await
    }

    async fn question<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Application) -> Option<T> + Send + 'static,
    ) -> Option<T> {
        let (sender, said) = oneshot::channel();
        self.turns.push(Box::new(Asking { application: Arc::clone(&self.application), ask, sender }));
        said.await.ok().flatten()
    }
}

/// A question to a script that waits for its turn.
struct Asking<T, F> {
    application: Arc<dyn Application>,
    ask: F,
    sender: oneshot::Sender<Option<T>>,
}

impl<T: Send, F: FnOnce(&dyn Application) -> Option<T> + Send> Job for Asking<T, F> {
    fn run(self: Box<Self>, _turn: &Turn<'_>) -> Option<Waker> {
        let Self { application, ask, sender } = *self;
        if !sender.is_closed() {
            // A client that leaves meanwhile needs no answer.
            let _ = sender.send(ask(&*application));
        }
        None
    }

    fn produced(&self) -> Weak<dyn Produced> {
        Weak::<Outbox>::new()
    }
}

/// A call that waits for its turn.
struct InProcess {
    application: Arc<dyn Application>,
    call: Call,
    outbox: Arc<Outbox>,
    first: Bytes,
    inbox: Option<Arc<Inbox>>,
    timeout: Duration,
}

impl Job for InProcess {
    fn run(self: Box<Self>, turn: &Turn<'_>) -> Option<Waker> {
        let Self { application, mut call, outbox, first, inbox, timeout } = *self;
        call.batch = turn.number;
        let mut side = ApplicationSide { outbox, first, inbox, timeout, turn };
        // A client that left while it waited needs no answer.
        if !side.outbox.lock().abandoned {
            application.run(call, &mut side);
        }
        side.end()
    }

    fn produced(&self) -> Weak<dyn Produced> {
        let weak: Weak<Outbox> = Arc::downgrade(&self.outbox);
        weak
    }
}

/// Blocks of a body that wait for its client. Most answers have one.
#[derive(Debug, Default)]
struct Chunks {
    first: Bytes,
    more: Vec<Bytes>,
}

impl Chunks {
    fn push(&mut self, block: Bytes) {
        if self.first.is_empty() {
            self.first = block;
        } else {
            self.more.push(block);
        }
    }

    fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Takes all of them, as one.
    fn take(&mut self) -> Bytes {
        let first = std::mem::take(&mut self.first);
        if self.more.is_empty() {
            return first;
        }
        let mut bytes = BytesMut::with_capacity(first.len() + self.more.iter().map(Bytes::len).sum::<usize>());
        bytes.extend_from_slice(&first);
        for block in self.more.drain(..) {
            bytes.extend_from_slice(&block);
        }
        bytes.freeze()
    }
}

/// What an application answers, on its way to the connection's task.
#[derive(Debug)]
struct Outbox {
    state: Mutex<OutboxState>,
    /// Signalled when there is room again, or nobody takes any more, if the application waits: a signal is a system call even
    /// where nobody does.
    taken: Condvar,
}

#[derive(Debug, Default)]
struct OutboxState {
    head: Option<Head>,
    started: bool,
    chunks: Chunks,
    waiting_bytes: usize,
    end: Option<End>,
    /// The connection's task has gone.
    abandoned: bool,
    /// The client has no use for the body, as with HEAD.
    discarding: bool,
    /// The application waits for room.
    blocked: bool,
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Whole,
    Failed(u16),
}

impl OutboxState {
    fn push(&mut self, body: Bytes) {
        if !body.is_empty() && !self.discarding {
            self.waiting_bytes += body.len();
            self.chunks.push(body);
        }
    }
}

impl Outbox {
    fn lock(&self) -> std::sync::MutexGuard<'_, OutboxState> {
        self.state.lock().expect("no panic while it is held")
    }
}

impl Outbox {
    fn make_room(&self, state: &OutboxState) {
        if state.blocked {
            self.taken.notify_one();
        }
    }
}

impl Produced for Outbox {
    fn announce(&self) {
        let waker = {
            let mut state = self.lock();
            let new = state.head.is_some() || !state.chunks.is_empty() || state.end.is_some();
            if new { state.waker.take() } else { None }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The application's side.
struct ApplicationSide<'a> {
    outbox: Arc<Outbox>,
    first: Bytes,
    inbox: Option<Arc<Inbox>>,
    timeout: Duration,
    turn: &'a Turn<'a>,
}

impl ApplicationSide<'_> {
    /// Ends the answer, unless it was ended. Returns who waits for it.
    fn end(self) -> Option<Waker> {
        if let Some(inbox) = &self.inbox {
            inbox.close();
        }
        let mut state = self.outbox.lock();
        state.end.get_or_insert(End::Failed(500));
        state.waker.take()
    }
}

impl Exchange for ApplicationSide<'_> {
    fn read(&mut self, max: usize) -> Result<Bytes, InputError> {
        if !self.first.is_empty() {
            return Ok(self.first.split_to(max.min(self.first.len())));
        }
        match &self.inbox {
            None => Ok(Bytes::new()),
            Some(inbox) => inbox.read(max, self.timeout, self.turn),
        }
    }

    fn start(&mut self, head: Head, body: Cow<'_, [u8]>, complete: bool) -> Result<(), Gone> {
        let mut state = self.outbox.lock();
        state.head = Some(head);
        state.started = true;
        state.push(Bytes::from(body.into_owned()));
        if complete {
            state.end = Some(End::Whole);
        }
        if state.abandoned { Err(Gone) } else { Ok(()) }
    }

    fn send(&mut self, body: &[u8]) -> Result<(), Gone> {
        let mut state = self.outbox.lock();
        state.push(Bytes::copy_from_slice(body));
        if state.waiting_bytes >= MUCH {
            drop(state);
            self.turn.step_aside();
            self.outbox.announce();
            state = self.outbox.lock();
        }
        while state.waiting_bytes > ROOM && !state.abandoned {
            state.blocked = true;
            let waited = self.outbox.taken.wait_timeout(state, self.timeout).expect("no panic while it is held");
            let timed_out = waited.1.timed_out();
            state = waited.0;
            state.blocked = false;
            if timed_out {
                // The client has taken nothing for as long as `Timeout` says.
                return Err(Gone);
            }
        }
        if state.abandoned { Err(Gone) } else { Ok(()) }
    }

    fn finish(&mut self) {
        self.outbox.lock().end = Some(End::Whole);
    }

    fn fail(&mut self, status: u16) {
        self.outbox.lock().end = Some(End::Failed(status));
    }
}

/// The connection's side: the body of the answer, and its head before.
#[derive(Debug)]
pub(super) struct OutboxBody {
    outbox: Option<Arc<Outbox>>,
}

impl OutboxBody {
    async fn head(self) -> Result<(Head, Source), u16> {
        let head = std::future::poll_fn(|context| self.poll_head(context)).await?;
        let whole = {
            let Some(outbox) = &self.outbox else { return Err(500) };
            let mut state = outbox.lock();
            matches!(state.end, Some(End::Whole)).then(|| state.chunks.take())
        };
        Ok(match whole {
            Some(bytes) => (head, Source::Whole(bytes)),
            None => (head, Source::Outbox(self)),
        })
    }

    fn poll_head(&self, context: &mut Context<'_>) -> Poll<Result<Head, u16>> {
        let Some(outbox) = &self.outbox else { return Poll::Ready(Err(500)) };
        let mut state = outbox.lock();
        match (state.head.take(), state.end) {
            (Some(head), _) => Poll::Ready(Ok(head)),
            (None, Some(End::Failed(status))) => Poll::Ready(Err(status)),
            (None, Some(End::Whole)) => Poll::Ready(Err(500)),
            (None, None) => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The next bytes; `None` when the answer is whole. One that breaks off is an error, so that the client can tell.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let Some(outbox) = &self.outbox else { return Poll::Ready(None) };
        let mut state = outbox.lock();
        if !state.chunks.is_empty() {
            let bytes = state.chunks.take();
            state.waiting_bytes = 0;
            outbox.make_room(&state);
            return Poll::Ready(Some(Ok(bytes)));
        }
        match state.end {
            Some(End::Whole) => Poll::Ready(None),
            Some(End::Failed(_)) => Poll::Ready(Some(Err(io::Error::other("the application failed")))),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl OutboxBody {
    /// The rest is of no use to the client, but the application may make it.
    pub(super) fn let_run(&mut self) {
        if let Some(outbox) = self.outbox.take() {
            let mut state = outbox.lock();
            state.discarding = true;
            state.chunks.take();
            state.waiting_bytes = 0;
            outbox.make_room(&state);
        }
    }
}

impl Drop for OutboxBody {
    fn drop(&mut self) {
        if let Some(outbox) = self.outbox.take() {
            let mut state = outbox.lock();
            state.abandoned = true;
            outbox.make_room(&state);
        }
    }
}

/// A request's body that did not fit into the read-ahead: a task fills it, the application's thread empties it.
#[derive(Debug)]
struct Inbox {
    state: Mutex<InboxState>,
    filled: Condvar,
    room: Notify,
}

#[derive(Debug, Default)]
struct InboxState {
    chunks: VecDeque<Bytes>,
    waiting_bytes: usize,
    end: Option<Result<(), InputError>>,
    closed: bool,
}

impl Inbox {
    fn start(body: Input, tasks: &TaskTracker) -> Arc<Self> {
        let inbox = Arc::new(Self { state: Mutex::default(), filled: Condvar::new(), room: Notify::new() });
        tasks.spawn(Arc::clone(&inbox).fill(body));
        inbox
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, InboxState> {
        self.state.lock().expect("no panic while it is held")
    }

    fn is_full(&self) -> bool {
        let state = self.lock();
        state.waiting_bytes >= READ_AHEAD && !state.closed
    }

    async fn fill(self: Arc<Self>, mut body: Input) {
        loop {
            while self.is_full() {
                self.room.notified().await;
            }
            let next = body.next().await;
            let mut state = self.lock();
            let over = match next {
                Some(Ok(bytes)) => {
                    state.waiting_bytes += bytes.len();
                    state.chunks.push_back(bytes);
                    state.closed
                }
                Some(Err(error)) => {
                    state.end = Some(Err(error));
                    true
                }
                None => {
                    state.end = Some(Ok(()));
                    true
                }
            };
            self.filled.notify_one();
            if over {
                return;
            }
        }
    }

    fn read(&self, max: usize, timeout: Duration, turn: &Turn<'_>) -> Result<Bytes, InputError> {
        let mut state = self.lock();
        loop {
            if let Some(first) = state.chunks.front_mut() {
                let bytes = first.split_to(max.min(first.len()));
                if first.is_empty() {
                    state.chunks.pop_front();
                }
                let was_full = state.waiting_bytes >= READ_AHEAD;
                state.waiting_bytes -= bytes.len();
                if was_full && state.waiting_bytes < READ_AHEAD {
                    self.room.notify_one();
                }
                return Ok(bytes);
            }
            match state.end {
                Some(Ok(())) => return Ok(Bytes::new()),
                Some(Err(error)) => return Err(error),
                None => {}
            }
            drop(state);
            turn.step_aside();
            state = self.lock();
            if !state.chunks.is_empty() || state.end.is_some() {
                continue;
            }
            let (again, waited) = self.filled.wait_timeout(state, timeout * 2).expect("no panic while it is held");
            state = again;
            if waited.timed_out() && state.chunks.is_empty() && state.end.is_none() {
                return Err(InputError::Timeout);
            }
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.room.notify_one();
    }
}
