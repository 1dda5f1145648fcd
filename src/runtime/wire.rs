//! The frames between a front and one thread of a daemon process, version 1.
//!
//! A connection is one end of a Unix socket pair that the parent made. One request at a time:
//!
//! ```text
//! front → thread   Target*  Request  [ Body* BodyEnd | BodyFailed ]  [ Gone ]
//! thread → front   Again | [Continue] ( Head Body* End | Failed )
//! ```
//!
//! - A frame is `kind (u8), flags (u8), 0 (u16), length (u32)`, then the payload; numbers are little endian. Payloads have at
//!   most [`MAX_PAYLOAD`] bytes.
//! - `Target` names a [`Target`] by a number of the front's choice, for this connection. It comes before its first use.
//! - `Request` holds the call and the first bytes of the body. [`BODY_FOLLOWS`] says that there is more: the front
//!   keeps it back until `Continue`. Then it sends `Body` frames while it takes the answer, and always ends them with `BodyEnd` or `BodyFailed`, also when the
//!   answer came first; the thread reads up to there before it takes the next request.
//! - `Again`: the process is about to end and has not run the request; the front gives it to another thread.
//! - `Head` and the first bytes of the answer's body are one frame; [`COMPLETE`] says that it is the whole answer, and no
//!   `End` follows. `Failed` before `Head` carries the status for the client; after it the answer is cut.
//! - `Gone`: the client has left, so the thread may stop. It ends the answer as always, with `End` or `Failed`; the front
//!   throws away what comes until then. It may cross with the answer's end: a thread without a request does nothing with it.
//! - A connection that closes where no request is under way is a thread that has left.

use std::io;
use std::sync::Arc;

use super::exchange::{Call, Head, Target};
use super::pairs::Pairs;

/// The longest payload, bytes. A longer body is several frames.
pub const MAX_PAYLOAD: usize = 4 << 20;
/// The length of a frame's header, bytes.
pub const HEADER: usize = 8;
/// The length of the numbers that begin the payload of a `Head` frame, bytes.
const HEAD_LENGTHS: usize = 8;
/// Flag of `Request`: `Body` frames follow after `Continue`.
pub const BODY_FOLLOWS: u8 = 1;
/// Flag of `Head`: the answer is whole.
pub const COMPLETE: u8 = 1;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Front: a target and its number.
    Target = 1,
    /// Front: a call.
    Request = 2,
    /// Both: bytes of a body.
    Body = 3,
    /// Front: the request's body is whole.
    BodyEnd = 4,
    /// Front: the request's body ends early; one byte, [`super::exchange::InputError::code`].
    BodyFailed = 5,
    /// Thread: the rest of the body may come.
    Continue = 6,
    /// Thread: not run, give it to another.
    Again = 7,
    /// Thread: the head of the answer.
    Head = 8,
    /// Thread: the answer is whole.
    End = 9,
    /// Thread: the application failed; a status, u16.
    Failed = 10,
    /// Front: nobody takes the answer any more.
    Gone = 11,
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// [`BODY_FOLLOWS`], [`COMPLETE`].
    pub flags: u8,
    /// Bytes of payload that follow.
    pub length: usize,
}

impl Frame {
    /// Reads a header.
    ///
    /// # Errors
    /// `InvalidData` for an unknown kind or a length over [`MAX_PAYLOAD`].
    pub fn parse(header: [u8; HEADER]) -> io::Result<Self> {
        let kind = match header[0] {
            1 => Kind::Target,
            2 => Kind::Request,
            3 => Kind::Body,
            4 => Kind::BodyEnd,
            5 => Kind::BodyFailed,
            6 => Kind::Continue,
            7 => Kind::Again,
            8 => Kind::Head,
            9 => Kind::End,
            10 => Kind::Failed,
            11 => Kind::Gone,
            other => return Err(invalid(format!("unknown frame kind {other}"))),
        };
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        if length > MAX_PAYLOAD {
            return Err(invalid(format!("a frame of {length} bytes")));
        }
        Ok(Self { kind, flags: header[1], length })
    }
}

/// Appends a frame whose payload is `parts`, one after the other. The parts must not exceed [`MAX_PAYLOAD`] together.
pub fn put(buffer: &mut Vec<u8>, kind: Kind, flags: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    buffer.reserve(HEADER + length);
    put_header(buffer, kind, flags, length);
    for part in parts {
        buffer.extend_from_slice(part);
    }
}

/// Appends the header of a frame whose payload, at most [`MAX_PAYLOAD`] bytes, the caller sends after it.
pub fn put_header(buffer: &mut Vec<u8>, kind: Kind, flags: u8, length: usize) {
    debug_assert!(length <= MAX_PAYLOAD);
    buffer.extend_from_slice(&[kind as u8, flags, 0, 0]);
    buffer.extend_from_slice(&(length as u32).to_le_bytes());
}

/// Appends a `Target` frame.
pub fn put_target(buffer: &mut Vec<u8>, number: u32, target: &Target) {
    let mut fields = Pairs::default();
    fields.push("script", &target.script);
    fields.push("process-group", &target.process_group);
    fields.push("application-group", &target.application_group);
    fields.push("callable-object", &target.callable_object);
    let switches =
        [target.script_reloading, target.ignores_activity, target.multithread, target.multiprocess].map(u8::from);
    fields.push("switches", switches);
    fields.push("environ", target.environ.as_bytes());
    put(buffer, Kind::Target, 0, &[&number.to_le_bytes(), fields.as_bytes()]);
}

/// Reads the payload of a `Target` frame.
///
/// # Errors
/// `InvalidData` when it is malformed.
pub fn parse_target(payload: &[u8]) -> io::Result<(u32, Target)> {
    let mut input = Input(payload);
    let number = input.u32()?;
    let fields = pairs(input.0)?;
    let mut values = fields.iter().map(|(_, value)| value);
    let mut next = || values.next().ok_or_else(|| invalid("a target with too few fields"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| invalid("a name that is not UTF-8"));
    let script = next()?.to_vec();
    let process_group = text(next()?)?;
    let application_group = text(next()?)?;
    let callable_object = text(next()?)?;
    let &[script_reloading, ignores_activity, multithread, multiprocess] = next()? else {
        return Err(invalid("a target's switches"));
    };
    let environ = pairs(next()?)?;
    let target = Target {
        script,
        process_group,
        application_group,
        callable_object,
        script_reloading: script_reloading != 0,
        ignores_activity: ignores_activity != 0,
        multithread: multithread != 0,
        multiprocess: multiprocess != 0,
        environ,
    };
    Ok((number, target))
}

/// Appends a `Request` frame. `target` is the number that an earlier `Target` frame gave.
pub fn put_request(buffer: &mut Vec<u8>, target: u32, call: &Call, body: &[u8], body_follows: bool) {
    let environ = call.environ.as_bytes();
    put(
        buffer,
        Kind::Request,
        if body_follows { BODY_FOLLOWS } else { 0 },
        &[
            &target.to_le_bytes(),
            &call.request_start.to_le_bytes(),
            &call.queue_start.to_le_bytes(),
            &u32::from(call.https).to_le_bytes(),
            &(environ.len() as u32).to_le_bytes(),
            environ,
            body,
        ],
    );
}

/// Reads the payload of a `Request` frame: the call and the first bytes of its body. `find` gives the target of a number.
///
/// # Errors
/// `InvalidData` when it is malformed or names a target that is not known.
pub fn parse_request(payload: &[u8], find: impl FnOnce(u32) -> Option<Arc<Target>>) -> io::Result<(Call, &[u8])> {
    let mut input = Input(payload);
    let target = input.u32()?;
    let target = find(target).ok_or_else(|| invalid(format!("unknown target {target}")))?;
    let request_start = input.u64()?;
    let queue_start = input.u64()?;
    let https = input.u32()? != 0;
    let length = input.u32()? as usize;
    let environ = pairs(input.take(length)?)?;
    Ok((Call { target, environ, https, request_start, batch: 0, queue_start }, input.0))
}

/// Appends a `Head` frame with the first bytes of the body. Bytes over [`MAX_PAYLOAD`] go into `Body` frames and, if
/// `complete`, an `End`.
pub fn put_head(buffer: &mut Vec<u8>, head: &Head, body: &[u8], complete: bool) {
    let room = room_behind(head);
    let (first, rest) = body.split_at(body.len().min(room));
    put_head_before(buffer, head, first.len(), complete && rest.is_empty());
    buffer.extend_from_slice(first);
    put_body(buffer, rest);
    if complete && !rest.is_empty() {
        put(buffer, Kind::End, 0, &[]);
    }
}

/// Appends a `Head` frame but for the first `length` bytes of the body, which the caller sends after it: at most as many as
/// [`room_behind`] says.
pub fn put_head_before(buffer: &mut Vec<u8>, head: &Head, length: usize, complete: bool) {
    let headers = head.headers.as_bytes();
    let flags = if complete { COMPLETE } else { 0 };
    put_header(buffer, Kind::Head, flags, HEAD_LENGTHS + head.reason.len() + headers.len() + length);
    buffer.extend_from_slice(&head.status.to_le_bytes());
    buffer.extend_from_slice(&(head.reason.len() as u16).to_le_bytes());
    buffer.extend_from_slice(&(headers.len() as u32).to_le_bytes());
    buffer.extend_from_slice(&head.reason);
    buffer.extend_from_slice(headers);
}

/// How many bytes of the body fit into the frame of a head.
pub fn room_behind(head: &Head) -> usize {
    MAX_PAYLOAD.saturating_sub(head.headers.as_bytes().len() + head.reason.len() + HEAD_LENGTHS)
}

/// Reads the payload of a `Head` frame: the head, and where in the payload the body begins.
///
/// # Errors
/// `InvalidData` when it is malformed.
pub fn parse_head(payload: &[u8]) -> io::Result<(Head, usize)> {
    let mut input = Input(payload);
    let status = input.u16()?;
    let reason = usize::from(input.u16()?);
    let headers = input.u32()? as usize;
    let reason = input.take(reason)?.to_vec();
    let headers = pairs(input.take(headers)?)?;
    Ok((Head { status, reason, headers }, payload.len() - input.0.len()))
}

/// Appends as many `Body` frames as the bytes need; none for no bytes.
pub fn put_body(buffer: &mut Vec<u8>, body: &[u8]) {
    for block in body.chunks(MAX_PAYLOAD) {
        put(buffer, Kind::Body, 0, &[block]);
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| invalid("a frame that ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("take gave as many bytes as asked for"))
    }

    fn u16(&mut self) -> io::Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

fn pairs(bytes: &[u8]) -> io::Result<Pairs> {
    Pairs::from_bytes(bytes.to_vec()).map_err(|_| invalid("malformed pairs"))
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}
