//! The body of a request as it comes in: limited by `LimitRequestBody`, and by `Timeout` between two pieces.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::runtime::exchange::InputError;

/// How much of a body is read before the application is called, bytes: no thread waits for a slow client below it.
pub(super) const READ_AHEAD: usize = 1 << 20;

/// A body that is being received.
#[derive(Debug)]
pub(super) struct Input {
    incoming: Incoming,
    /// Bytes that may still come; `None` is without limit.
    allowed: Option<u64>,
    timeout: Duration,
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
        Self { incoming, allowed: (limit > 0).then_some(limit), timeout, failed: None }
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
            let Ok(frame) = tokio::time::timeout(self.timeout, self.incoming.frame()).await else {
                return Some(Err(InputError::Timeout));
            };
            let data = match frame? {
                Ok(frame) => frame.into_data().unwrap_or_default(),
                Err(error) => return Some(Err(reason(&error))),
            };
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
