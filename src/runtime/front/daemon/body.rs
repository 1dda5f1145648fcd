//! The body of an answer that a daemon's thread is still making.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;

use super::thread::poll_frame;
use super::upload::Upload;
use super::{Busy, Lease};
use crate::runtime::front::input::Input;
use crate::runtime::wire::{self, Frame, Kind};

/// How much of an answer that nobody wants is read away before its thread is cut off instead.
const UNWANTED_BYTES: usize = 1 << 20;
/// So many frames without a byte are looked at before others have their turn.
const MOST_EMPTY: u32 = 32;
/// How long.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// The body of an answer that a daemon's thread is still making.
#[derive(Debug)]
pub(in crate::runtime::front) struct WireBody {
    pub(super) first: Bytes,
    /// `None` once the answer is over.
    pub(super) from: Option<From>,
    /// What is left of the request's body, for an application that reads it while it answers.
    pub(super) rest: Option<Input>,
    /// Whether the client is still there and only has no use for the bytes, as with HEAD.
    pub(super) let_run: bool,
    /// Hears of it when the process ends before its answer does.
    pub(super) cut: Option<Cut>,
}

/// Who hears why an answer breaks off.
pub(super) struct Cut(Box<dyn FnOnce(&io::Error) + Send>);

impl std::fmt::Debug for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cut")
    }
}

#[derive(Debug)]
pub(super) enum From {
    Lease(Lease),
    Upload(Upload),
}

impl WireBody {
    /// The next bytes; `None` when the answer is whole. An answer that breaks off is an error, so that the client can tell.
    pub(in crate::runtime::front) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.first))));
        }
        let mut empty = 0;
        loop {
            let Some(from) = &mut self.from else { return Poll::Ready(None) };
            let (frame, payload) = match std::task::ready!(from.poll_frame(context)) {
                Ok(frame) => frame,
                Err(error) => return Poll::Ready(Some(Err(self.break_off(error)))),
            };
            match frame.kind {
                Kind::Body if payload.is_empty() => {
                    empty += 1;
                    // A process that sends nothing else, without end, must not keep the event loop.
                    if empty == MOST_EMPTY {
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Kind::Continue if matches!(self.from, Some(From::Lease(_))) => {
                    if let Some(From::Lease(lease)) = self.from.take() {
                        self.from = Some(From::Upload(Upload::start(lease, self.rest.take())));
                    }
                }
                Kind::Body => return Poll::Ready(Some(Ok(payload))),
                Kind::End => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Kind::Failed => {
                    self.finish();
                    return Poll::Ready(Some(Err(io::Error::other("the application failed"))));
                }
                _ => return Poll::Ready(Some(Err(self.break_off(io::ErrorKind::InvalidData.into())))),
            }
        }
    }

    /// Has `cut` called when the process ends before its answer does.
    pub(in crate::runtime::front) fn tell_of_cut(&mut self, cut: impl FnOnce(&io::Error) + Send + 'static) {
        self.cut = Some(Cut(Box::new(cut)));
    }

    fn break_off(&mut self, error: io::Error) -> io::Error {
        self.from = None;
        if let Some(Cut(cut)) = self.cut.take() {
            cut(&error);
        }
        error
    }

    /// The rest is of no use to the client, but the application may make it.
    pub(in crate::runtime::front) fn let_run(&mut self) {
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
        let mut rest = Self { first: Bytes::new(), from: Some(from), rest: None, let_run: false, cut: None };
        let let_run = self.let_run;
        tasks.spawn(async move {
            if !let_run {
                rest.give_up().await;
            }
            let mut left = UNWANTED_BYTES;
            let drained = tokio::time::timeout(UNWANTED_TIME, async {
                while let Some(Ok(bytes)) = std::future::poll_fn(|context| rest.poll(context)).await {
                    // Small pieces take their time too.
                    left = left.saturating_sub(bytes.len().max(1 << 10));
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
