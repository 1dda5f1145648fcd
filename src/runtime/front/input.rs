//! The body of a request as it comes in: limited by `LimitRequestBody`, by `Timeout` between two pieces, and by how slow a client may be.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::runtime::exchange::InputError;

/// How much of a body is read before the application is called, bytes: no thread waits for a slow client below it.
pub(super) const READ_AHEAD: usize = 1 << 20;

/// How long may be waited for a body, and how many bytes give a second more (`RequestReadTimeout body=20,MinRate=500`, the default):
/// who sends a byte now and then would else keep a thread of an application.
const BODY_TIME: Duration = Duration::from_secs(20);
const SLOWEST: u64 = 500;

/// A body that is being received.
#[derive(Debug)]
pub(super) struct Input {
    incoming: Incoming,
    /// Bytes that may still come; `None` is without limit.
    allowed: Option<u64>,
    timeout: Duration,
    /// What has come.
    received: u64,
    /// How long it was waited for.
    waited: Duration,
    failed: Option<InputError>,
}

/// What was read ahead.
#[derive(Debug)]
pub(super) struct ReadAhead {
    /// The first bytes of the body.
    pub(super) bytes: Bytes,
    /// Where more is to come, or an error.
    pub(super) rest: Option<Input>,
}

impl Input {
    /// A body of at most `limit` bytes, 0 being without limit.
    pub(super) fn new(incoming: Incoming, limit: u64, timeout: Duration) -> Self {
        let allowed = (limit > 0).then_some(limit);
        Self { incoming, allowed, timeout, received: 0, waited: Duration::ZERO, failed: None }
    }

    /// Whether there is nothing to read: most requests have no body.
    pub(super) fn is_empty(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Reads the whole body, or as much as [`READ_AHEAD`].
    ///
    /// # Errors
    /// When the body ends early: the application is then not called at all.
    pub(super) async fn read_ahead(mut self) -> Result<ReadAhead, InputError> {
        let Some(first) = self.next().await.transpose()? else {
            return Ok(ReadAhead { bytes: Bytes::new(), rest: None });
        };
        if self.incoming.is_end_stream() {
            return Ok(ReadAhead { bytes: first, rest: None });
        }
        let mut bytes = BytesMut::from(first);
        while bytes.len() < READ_AHEAD {
            match self.next().await.transpose()? {
                Some(more) => bytes.extend_from_slice(&more),
                None => return Ok(ReadAhead { bytes: bytes.freeze(), rest: None }),
            }
        }
        let rest = (!self.incoming.is_end_stream()).then_some(self);
        Ok(ReadAhead { bytes: bytes.freeze(), rest })
    }

    /// The next bytes, never empty; `None` at the end. After an error the same error again.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, InputError>> {
        if let Some(error) = self.failed {
            return Some(Err(error));
        }
        let next = self.receive().await;
        if let Some(Err(error)) = next {
            self.failed = Some(error);
        }
        next
    }

    async fn receive(&mut self) -> Option<Result<Bytes, InputError>> {
        loop {
            let limit = self.timeout.min(granted(self.received).saturating_sub(self.waited));
            let begin = Instant::now();
            let Ok(frame) = tokio::time::timeout(limit, self.incoming.frame()).await else {
                return Some(Err(InputError::Timeout));
            };
            self.waited += begin.elapsed();
            let data = match frame? {
                Ok(frame) => frame.into_data().unwrap_or_default(),
                Err(error) => return Some(Err(reason(&error))),
            };
            self.received += data.len() as u64;
            if let Some(allowed) = &mut self.allowed {
                let Some(left) = allowed.checked_sub(data.len() as u64) else {
                    return Some(Err(InputError::TooLarge));
                };
                *allowed = left;
            }
            if !data.is_empty() {
                return Some(Ok(data));
            }
        }
    }
}

/// How long may be waited where so much has come.
fn granted(received: u64) -> Duration {
    BODY_TIME + Duration::from_millis(received.saturating_mul(1000) / SLOWEST)
}

/// A body that ends early is the client's leaving, one that cannot be read is malformed.
fn reason(error: &hyper::Error) -> InputError {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => InputError::Malformed,
                _ => InputError::ClientGone,
            };
        }
        source = inner.source();
    }
    InputError::ClientGone
}
