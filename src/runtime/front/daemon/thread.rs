//! One thread of a daemon process, seen from the front: its connection, and the frames on it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::runtime::exchange::{Call, Target};
use crate::runtime::wire::{self, Frame, HEADER};

/// A request as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) call: Arc<Call>,
    /// The first bytes of its body.
    pub(super) body: Bytes,
    /// Whether there are more.
    pub(super) follows: bool,
}

/// A thread of a daemon process.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) stream: UnixStream,
    pub(super) known: Known,
    pub(super) out: Vec<u8>,
    /// How much of `out` has been sent.
    sent: usize,
    pub(super) input: BytesMut,
}

/// The targets that a thread knows, by their address in memory, and the numbers that they got.
pub(super) type Known = HashMap<usize, (u32, Arc<Target>)>;

impl Thread {
    /// Whether the other side is still there: an idle thread says nothing, so anything to read is its end.
    pub(super) fn is_alive(&self) -> bool {
        let mut byte = [0];
        matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    pub(super) fn new(stream: UnixStream, known: Known, input: BytesMut) -> Self {
        Self { stream, known, out: Vec::new(), sent: 0, input }
    }

    /// Sends as much of a request as goes without waiting.
    pub(super) fn begin(&mut self, request: &Request) {
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

    /// Sends what is left of the request, if something is. `wake` is called as soon as a part of that has gone: the rest may not
    /// go before the thread reads, and perhaps nothing had been there when it was woken.
    pub(super) async fn send_rest(&mut self, wake: impl FnOnce()) -> io::Result<()> {
        let rest = &self.out[self.sent..];
        if rest.is_empty() {
            return Ok(());
        }
        let gone = self.stream.write(rest).await?;
        wake();
        self.stream.write_all(&rest[gone..]).await
    }

    pub(super) async fn frame(&mut self) -> io::Result<(Frame, Bytes)> {
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

pub(super) fn poll_frame(
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

pub(super) fn status(payload: &[u8]) -> u16 {
    payload.first_chunk().map_or(500, |bytes| u16::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::wire::Kind;

    fn frame() -> impl Strategy<Value = (Kind, u8, Vec<u8>)> {
        let kinds = vec![Kind::Again, Kind::Continue, Kind::Head, Kind::Body, Kind::End, Kind::Failed];
        (prop::sample::select(kinds), any::<u8>(), prop::collection::vec(any::<u8>(), 0..40))
    }

    proptest! {
        /// However the bytes arrive, the frames are those that were sent, and none comes before its last byte.
        #[test]
        fn frames_are_those_that_were_sent(
            frames in prop::collection::vec(frame(), 0..6),
            cuts in prop::collection::vec(1..30usize, 1..40),
        ) {
            let mut sent = Vec::new();
            let mut ends = Vec::new();
            for (kind, flags, payload) in &frames {
                wire::put(&mut sent, *kind, *flags, &[payload]);
                ends.push(sent.len());
            }
            let (mut input, mut arrived, mut read) = (BytesMut::new(), 0, Vec::new());
            for cut in cuts.iter().cycle() {
                while let Some((frame, payload)) = split_frame(&mut input).unwrap() {
                    read.push((frame.kind, frame.flags, payload.to_vec()));
                }
                prop_assert_eq!(read.len(), ends.iter().filter(|end| **end <= arrived).count());
                if arrived == sent.len() {
                    break;
                }
                let until = (arrived + cut).min(sent.len());
                input.extend_from_slice(&sent[arrived..until]);
                arrived = until;
            }
            prop_assert_eq!(read, frames);
            prop_assert!(input.is_empty());
        }

        /// Any bytes are frames, the beginning of one, or refused; a length never makes room for more than a frame may hold.
        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>(), kind in 0..14u8) {
            let mut input = BytesMut::from(&[&[kind], &bytes[..]].concat()[..]);
            while let Ok(Some((frame, payload))) = split_frame(&mut input) {
                prop_assert_eq!(frame.length, payload.len());
                status(&payload);
            }
            prop_assert!(input.capacity() <= 2 * (HEADER + wire::MAX_PAYLOAD));
        }
    }
}
