//! One connection to the front: requests one after the other, by the frames of `wsgi_httpd::runtime::wire`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use bytes::Bytes;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::{Call, Exchange, Gone, Head, InputError, Target};
use wsgi_httpd::runtime::wire::{self, BODY_FOLLOWS, Frame, HEADER, Kind};

use super::{Shared, Slot};
use crate::forked::Link;
use crate::gateway::environ::now;
use crate::gateway::{self, Caller, Outcome};
use crate::log;

/// Bytes read at a time.
const BLOCK: usize = 64 << 10;
/// A longer body is not copied behind its head, but sent from where it is.
const COPIED: usize = 16 << 10;
/// So much of a body that the application does not read is taken in while it answers, to see whether the client has left.
const AHEAD: usize = 1 << 20;

/// A thread's connection.
pub(super) struct Connection<'a> {
    stream: Arc<Link>,
    thread_id: u32,
    shared: &'a Shared,
    targets: HashMap<u32, Arc<Target>>,
    incoming: Incoming,
    outgoing: Vec<u8>,
}

impl<'a> Connection<'a> {
    /// Serves a connection.
    pub(super) fn new(stream: Arc<Link>, thread_id: u32, shared: &'a Shared) -> Self {
        Self { stream, thread_id, shared, targets: HashMap::new(), incoming: Incoming::default(), outgoing: Vec::new() }
    }

    /// The connection to the front.
    pub(super) fn stream(&self) -> &Arc<Link> {
        &self.stream
    }

    /// Waits for a request and answers it; `false` when the connection is at its end. Returns without one, too, where all that came is
    /// no request: the next one may come on another connection.
    pub(super) fn serve(&mut self, slot: &Slot) -> bool {
        match self.next_request() {
            Ok(Received::Request(call, body, follows)) => {
                if self.shared.is_leaving() || !slot.begin(self.shared.now()) {
                    self.again();
                    return true;
                }
                let counts = !call.target.ignores_activity;
                let served = self.run(call, body, follows);
                slot.end(counts.then(|| self.shared.now()));
                if served {
                    self.shared.count();
                }
                if self.shared.is_leaving() {
                    slot.close();
                }
                true
            }
            Ok(Received::Nothing) => true,
            Ok(Received::End) => false,
            Err(error) => {
                log::write(LogLevel::Error, None, format!("the connection to the front is broken: {error}"));
                false
            }
        }
    }

    /// Whether a request, or a part of one, has been received already.
    pub(super) fn has_more(&self) -> bool {
        !self.incoming.ready().is_empty()
    }

    /// Receives what has come, without waiting; whether there was something.
    pub(super) fn receive(&mut self) -> bool {
        self.incoming.receive(&self.stream, BLOCK)
    }

    fn next_request(&mut self) -> io::Result<Received> {
        loop {
            let Some(frame) = self.incoming.frame(&self.stream)? else { return Ok(Received::End) };
            let payload = self.incoming.payload(&self.stream, frame.length)?;
            match frame.kind {
                Kind::Target => {
                    let (number, target) = wire::parse_target(payload)?;
                    self.targets.insert(number, Arc::new(target));
                }
                Kind::Request => {
                    let targets = &self.targets;
                    let (call, body) = wire::parse_request(payload, |number| targets.get(&number).map(Arc::clone))?;
                    let follows = frame.flags & BODY_FOLLOWS != 0;
                    return Ok(Received::Request(call, Bytes::copy_from_slice(body), follows));
                }
                // The client of the last request left when its answer was on its way.
                Kind::Gone if self.incoming.ready().is_empty() => return Ok(Received::Nothing),
                Kind::Gone => {}
                other => return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{other:?} between requests"))),
            }
        }
    }

    /// Whether it has been answered.
    fn run(&mut self, call: Call, body: Bytes, follows: bool) -> bool {
        let caller = Caller { thread_id: self.thread_id, daemon_start: now(), daemon: true, lingers: false };
        let rest = if follows { Rest::Kept } else { Rest::Ended };
        let mut exchange = WireExchange {
            stream: &self.stream,
            incoming: &mut self.incoming,
            outgoing: &mut self.outgoing,
            inline: body,
            rest,
            left: 0,
            client: Client::There,
        };
        let outcome = gateway::run(call, &mut exchange, caller);
        if outcome == Outcome::Changed {
            self.again();
            self.shared.leave("script-reload: a script has changed");
            return false;
        }
        exchange.skip_rest();
        self.outgoing.shrink_to(BLOCK);
        self.incoming.shrink();
        true
    }

    fn again(&mut self) {
        self.outgoing.clear();
        wire::put(&mut self.outgoing, Kind::Again, 0, &[]);
        // The front sees the connection close if this does not reach it.
        let _ = (&**self.stream).write_all(&self.outgoing);
    }
}

/// What comes between two answers.
enum Received {
    /// A call, the first bytes of its body, and whether there are more.
    Request(Call, Bytes, bool),
    /// No request yet.
    Nothing,
    /// The front has closed.
    End,
}

/// What has been received and not used.
#[derive(Default)]
struct Incoming {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Incoming {
    fn ready(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn take(&mut self, length: usize) -> &[u8] {
        let taken = &self.buffer[self.start..self.start + length];
        self.start += length;
        taken
    }

    /// Receives until there are `length` bytes; `false` at the end of the stream.
    fn fill(&mut self, stream: &UnixStream, length: usize) -> io::Result<bool> {
        while self.end - self.start < length {
            self.make_room(length);
            match (&mut &*stream).read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The other side was killed.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Receives what has come, into room for `length` bytes, without waiting; whether there was something. The end of the
    /// stream, or an error, is left for the next read.
    fn receive(&mut self, stream: &UnixStream, length: usize) -> bool {
        self.make_room(length);
        let free = &mut self.buffer[self.end..];
        let read = rustix::net::recv(stream, free, rustix::net::RecvFlags::DONTWAIT).map_or(0, |(read, _)| read);
        self.end += read;
        read > 0
    }

    fn make_room(&mut self, length: usize) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.start + length > self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if length.max(BLOCK) > self.buffer.len() {
            self.buffer.resize(length.max(BLOCK), 0);
        }
    }

    /// The next frame's header; `None` when the other side has closed.
    fn frame(&mut self, stream: &UnixStream) -> io::Result<Option<Frame>> {
        if !self.fill(stream, HEADER)? {
            return Ok(None);
        }
        let header = self.take(HEADER).try_into().expect("take gives as many bytes as asked for");
        Frame::parse(header).map(Some)
    }

    fn payload(&mut self, stream: &UnixStream, length: usize) -> io::Result<&[u8]> {
        if !self.fill(stream, length)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.take(length))
    }

    /// Gives the memory of a long frame back.
    fn shrink(&mut self) {
        if self.buffer.len() > 4 * BLOCK && self.end - self.start <= BLOCK {
            self.make_room(0);
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            self.buffer.truncate(BLOCK);
            self.buffer.shrink_to_fit();
        }
    }
}

/// The part of the request's body that follows the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// The front keeps it back until it is asked.
    Kept,
    /// It comes in frames.
    Coming,
    /// There is no more.
    Ended,
    /// It ended early.
    Failed(InputError),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    There,
    Gone,
}

/// One request of a connection.
struct WireExchange<'a> {
    stream: &'a UnixStream,
    incoming: &'a mut Incoming,
    outgoing: &'a mut Vec<u8>,
    /// What came with the request.
    inline: Bytes,
    rest: Rest,
    /// Bytes of the present `Body` frame that have not been read.
    left: usize,
    client: Client,
}

impl WireExchange<'_> {
    /// Sends what is in `outgoing`, and `more` after it.
    fn flush(&mut self, more: &[u8]) -> Result<(), Gone> {
        if more.is_empty() {
            // For one block the kernel has a shorter way.
            let sent = (&*self.stream).write_all(self.outgoing);
            self.outgoing.clear();
            return sent.map_err(|_| {
                self.client = Client::Gone;
                Gone
            });
        }
        let mut parts = [IoSlice::new(self.outgoing), IoSlice::new(more)];
        let mut parts = &mut parts[..];
        while parts.iter().any(|part| !part.is_empty()) {
            match (&mut &*self.stream).write_vectored(parts) {
                Ok(written) if written > 0 => IoSlice::advance_slices(&mut parts, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.client = Client::Gone;
                    return Err(Gone);
                }
            }
        }
        self.outgoing.clear();
        Ok(())
    }

    fn send_frame(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Gone> {
        self.outgoing.clear();
        wire::put(self.outgoing, kind, 0, &[payload]);
        self.flush(&[])
    }

    /// Takes the header of the next frame of the body.
    fn next_block(&mut self) -> io::Result<()> {
        let frame = self.incoming.frame(self.stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        match frame.kind {
            Kind::Body => self.left = frame.length,
            Kind::BodyEnd => self.rest = Rest::Ended,
            Kind::BodyFailed => {
                let payload = self.incoming.payload(self.stream, frame.length)?;
                self.rest = Rest::Failed(InputError::from_code(payload.first().copied().unwrap_or_default()));
            }
            Kind::Gone => self.client = Client::Gone,
            other => return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{other:?} in a body"))),
        }
        Ok(())
    }

    fn next_bytes(&mut self, max: usize) -> io::Result<Bytes> {
        let length = self.left.min(max);
        if self.incoming.ready().is_empty() {
            // Straight from the socket to the reader.
            let mut block = vec![0; length];
            let read = loop {
                match (&mut &*self.stream).read(&mut block) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.left -= read;
            block.truncate(read);
            return Ok(Bytes::from(block));
        }
        let length = length.min(self.incoming.ready().len());
        self.left -= length;
        Ok(Bytes::copy_from_slice(self.incoming.take(length)))
    }

    /// Reads the part of the body that nobody wanted, so that the next request can be read.
    fn skip_rest(&mut self) {
        while self.rest == Rest::Coming || self.left > 0 {
            let skipped = if self.left > 0 { self.next_bytes(BLOCK).map(drop) } else { self.next_block() };
            if skipped.is_err() {
                // The next read sees it too.
                return;
            }
        }
    }

    /// Looks, without waiting, whether the front says that the client has left.
    fn listen(&mut self) {
        let length = self.incoming.ready().len();
        if length >= AHEAD {
            return;
        }
        self.incoming.receive(self.stream, (length + BLOCK).min(AHEAD));
        self.look_ahead();
    }

    /// Looks for `Gone` behind frames of the body that have not been read.
    fn look_ahead(&mut self) {
        let Some(mut rest) = self.incoming.ready().get(self.left..) else { return };
        while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
            let Ok(frame) = Frame::parse(*header) else { return };
            if frame.kind == Kind::Gone {
                self.client = Client::Gone;
                return;
            }
            let Some(after) = after.get(frame.length..) else { return };
            rest = after;
        }
    }
}

impl Exchange for WireExchange<'_> {
    fn read(&mut self, max: usize) -> Result<Bytes, InputError> {
        if !self.inline.is_empty() {
            return Ok(self.inline.split_to(self.inline.len().min(max)));
        }
        loop {
            if self.left > 0 {
                return self.next_bytes(max).map_err(|_| InputError::ClientGone);
            }
            match self.rest {
                Rest::Ended => return Ok(Bytes::new()),
                Rest::Failed(error) => return Err(error),
                Rest::Kept => {
                    self.rest = Rest::Coming;
                    self.send_frame(Kind::Continue, &[]).map_err(|Gone| InputError::ClientGone)?;
                }
                Rest::Coming if self.client == Client::Gone => return Err(InputError::ClientGone),
                Rest::Coming => {
                    if self.next_block().is_err() {
                        self.rest = Rest::Failed(InputError::ClientGone);
                    }
                }
            }
        }
    }

    fn start(&mut self, head: Head, body: Cow<'_, [u8]>, complete: bool) -> Result<(), Gone> {
        if self.client == Client::Gone {
            return Err(Gone);
        }
        self.outgoing.clear();
        let first = body.len().min(wire::room_behind(&head));
        if body.len() > COPIED && first == body.len() {
            wire::put_head_before(self.outgoing, &head, first, complete);
            return self.flush(&body);
        }
        wire::put_head(self.outgoing, &head, &body, complete);
        self.flush(&[])
    }

    fn send(&mut self, body: &[u8]) -> Result<(), Gone> {
        self.listen();
        if self.client == Client::Gone {
            return Err(Gone);
        }
        for block in body.chunks(wire::MAX_PAYLOAD) {
            self.outgoing.clear();
            wire::put_header(self.outgoing, Kind::Body, 0, block.len());
            self.flush(block)?;
        }
        Ok(())
    }

    fn finish(&mut self) {
        // The front sees the connection close if this does not reach it.
        let _ = self.send_frame(Kind::End, &[]);
    }

    fn fail(&mut self, status: u16) {
        let _ = self.send_frame(Kind::Failed, &status.to_le_bytes());
    }
}
