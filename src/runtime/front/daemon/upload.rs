//! A request whose body is still on its way while its answer is made.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::CancellationToken;

use super::body::{From, WireBody};
use super::thread::{Known, Thread, poll_frame, status};
use super::{Busy, DaemonError, Lease};
use crate::runtime::exchange::Head;
use crate::runtime::front::answer::Source;
use crate::runtime::front::input::Input;
use crate::runtime::wire::{self, Kind};

/// How long an answer may take while the request's body still comes.
const LONGEST_UPLOAD: Duration = Duration::from_hours(1);

/// A request whose body is still on its way while the answer is made: the two directions run beside each other.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) busy: Busy,
    pub(super) read: OwnedReadHalf,
    pub(super) input: BytesMut,
    known: Known,
    /// Stops the sending of the body: the answer is whole.
    stop: CancellationToken,
    sender: tokio::task::JoinHandle<io::Result<OwnedWriteHalf>>,
}

impl Upload {
    pub(super) fn start(lease: Lease, body: Option<Input>) -> Self {
        let Lease { thread: Thread { stream, known, input, .. }, busy } = lease;
        let (read, write) = stream.into_split();
        let stop = CancellationToken::new();
        let sender = busy.pool.tasks.clone().spawn(send_body(write, body, stop.clone()));
        Self { busy, read, input, known, stop, sender }
    }

    pub(super) async fn answer(mut self, timeout: Duration) -> Result<(Head, Source), DaemonError> {
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
                Ok((
                    head,
                    Source::Wire(Box::new(WireBody {
                        first,
                        from: Some(From::Upload(self)),
                        rest: None,
                        let_run: false,
                        cut: None,
                    })),
                ))
            }
            Kind::Failed => {
                self.finish();
                Err(DaemonError::Failed(status(&payload)))
            }
            _ => Err(DaemonError::Died),
        }
    }

    /// The answer is whole: ends the body, and gives the thread back when that is done.
    pub(super) fn finish(self) {
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
