//! Answers as hyper sends them: heads from the application side, pages of our own, and the body of either.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::net::TcpStream;

use super::board::Seat;
use super::daemon::WireBody;
use super::embedded::OutboxBody;
use super::environ::SOFTWARE;
use super::static_files::FileBody;
use super::watch::Answering;
use crate::runtime::exchange::Head;

/// Where the bytes of a body come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Nothing.
    Empty,
    /// All of it, at once.
    Whole(Bytes),
    /// A daemon's thread.
    Wire(Box<WireBody>),
    /// An application in this process.
    Outbox(OutboxBody),
    /// A file.
    File(Box<FileBody>),
}

/// A body that keeps to its announced length, and tells when it is over.
pub(super) struct Body {
    source: Source,
    /// Bytes that may still come, if the head announced how many.
    remaining: Option<u64>,
    sent: u64,
    complete: bool,
    /// What the body breaks off with, when all before it has been sent.
    failed: Option<io::Error>,
    at_end: Option<AtEnd>,
    /// The connection is answering for as long as this lives.
    answering: Option<Answering>,
    /// Where the request is counted.
    seat: Option<Arc<Seat>>,
}

/// Told how many bytes went out, and whether the body was whole.
pub(super) type AtEnd = Box<dyn FnOnce(u64, bool) + Send>;

impl Body {
    /// A body that its head does not limit.
    pub(super) fn new(source: Source) -> Self {
        let complete = matches!(source, Source::Empty);
        Self { source, remaining: None, sent: 0, complete, failed: None, at_end: None, answering: None, seat: None }
    }

    /// Calls `at_end` when the body is over, or is dropped before.
    pub(super) fn tell(&mut self, at_end: AtEnd) {
        self.at_end = Some(at_end);
    }

    /// Holds on to what says that the request is not over.
    pub(super) fn hold(&mut self, answering: Answering, seat: Option<Arc<Seat>>) {
        self.answering = Some(answering);
        self.seat = seat;
    }

    fn poll_source(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match &mut self.source {
            Source::Empty => Poll::Ready(None),
            Source::Whole(_) => match std::mem::replace(&mut self.source, Source::Empty) {
                Source::Whole(bytes) if !bytes.is_empty() => Poll::Ready(Some(Ok(bytes))),
                _ => Poll::Ready(None),
            },
            Source::Wire(body) => body.poll(context),
            Source::Outbox(body) => body.poll(context),
            Source::File(body) => body.poll(context),
        }
    }

    /// Ends the body with an error at the next poll: hyper throws away what it has not sent when it meets one.
    fn break_off<T>(&mut self, error: io::Error, context: &Context<'_>) -> Poll<T> {
        self.failed = Some(error);
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Cuts what goes over the announced length: the surplus would be the client's next answer (reliability 16).
    fn limit(&mut self, mut bytes: Bytes) -> Bytes {
        if let Some(remaining) = &mut self.remaining {
            bytes.truncate(usize::try_from(*remaining).unwrap_or(usize::MAX));
            *remaining -= bytes.len() as u64;
        }
        self.sent += bytes.len() as u64;
        bytes
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            return match std::task::ready!(self.poll_source(context)) {
                None if self.remaining.unwrap_or(0) > 0 => {
                    self.break_off(io::Error::other("the answer is shorter than its Content-Length"), context)
                }
                None => {
                    self.complete = true;
                    Poll::Ready(None)
                }
                Some(Ok(bytes)) => {
                    let bytes = self.limit(bytes);
                    if bytes.is_empty() {
                        continue;
                    }
                    self.complete = matches!(self.source, Source::Empty) && self.remaining.unwrap_or(0) == 0;
                    Poll::Ready(Some(Ok(Frame::data(bytes))))
                }
                Some(Err(error)) => self.break_off(error, context),
            };
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.source, Source::Empty) && self.remaining.unwrap_or(0) == 0
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.source, self.remaining) {
            (_, Some(remaining)) => SizeHint::with_exact(remaining),
            (Source::Empty, None) => SizeHint::with_exact(0),
            (Source::Whole(bytes), None) => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(at_end) = self.at_end.take() {
            at_end(self.sent, self.complete);
        }
        if let Some(seat) = &self.seat {
            seat.served(self.sent);
        }
    }
}

/// The answer of an application. `head_only` for HEAD.
pub(super) fn from_application(head: &Head, source: Source, head_only: bool) -> Response<Body> {
    let status = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::with_capacity(8);
    let (mut length, mut named) = (None, false);
    for (name, value) in head.headers.iter() {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) else {
            // The gateway refuses such fields in `start_response`, where the application can see why.
            continue;
        };
        match name {
            header::CONNECTION if says_close(&value) => {
                headers.insert(name, HeaderValue::from_static("close"));
            }
            _ if is_hop_by_hop(&name) => {}
            header::CONTENT_LENGTH => length = value.to_str().ok().and_then(|digits| digits.parse::<u64>().ok()),
            name => {
                named |= name == header::SERVER;
                headers.append(name, value);
            }
        }
    }
    if !named {
        headers.insert(header::SERVER, HeaderValue::from_static(SOFTWARE));
    }
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RESET_CONTENT);
    let mut body = Body::new(source);
    if bodiless || head_only {
        if let (Some(length), false) = (length, status == StatusCode::NO_CONTENT) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        } else if let (Source::Whole(bytes), true, false) = (&body.source, head_only, bodiless) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        }
        match &mut body.source {
            Source::Wire(body) => body.let_run(),
            Source::Outbox(body) => body.let_run(),
            _ => {}
        }
        body = Body::new(Source::Empty);
    } else if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        body.remaining = Some(length);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    // A status without a phrase gets the usual one, as from Apache.
    if !head.reason.is_empty()
        && status.canonical_reason().map(str::as_bytes) != Some(&head.reason[..])
        && let Ok(reason) = ReasonPhrase::try_from(&head.reason[..])
    {
        response.extensions_mut().insert(reason);
    }
    response
}

/// Whether `Connection` closes it: the one thing of a connection that an application may ask for.
fn says_close(value: &HeaderValue) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// Fields that speak of a connection and not of an answer (PEP 3333, "Other HTTP Features"; RFC 9110 §7.6.1).
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::CONNECTION
            | header::TRANSFER_ENCODING
            | header::UPGRADE
            | header::TE
            | header::TRAILER
            | header::PROXY_AUTHENTICATE
            | header::PROXY_AUTHORIZATION
    ) || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

const HTML: &str = "text/html; charset=utf-8";

/// A short page of our own for a status.
pub(super) fn page(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::new(Source::Whole(Bytes::from(page_text(status)))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(header::SERVER, HeaderValue::from_static(SOFTWARE));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The same, and the connection closes: what follows on it must not be read.
pub(super) fn closing_page(status: StatusCode) -> Response<Body> {
    let mut response = page(status);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Says that the head of a request has not come in time, as far as the socket takes it at once.
pub(super) fn say_late(stream: &TcpStream) {
    let text = page_text(StatusCode::REQUEST_TIMEOUT);
    let length = text.len();
    let head = format!(
        "HTTP/1.1 408 Request Timeout\r\nServer: {SOFTWARE}\r\nContent-Type: {HTML}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.try_write((head + &text).as_bytes());
}

fn page_text(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    format!(
        "<!DOCTYPE html>\n<html><head><title>{code} {reason}</title></head>\n<body><h1>{reason}</h1>\n<p>{what}</p>\n</body></html>\n",
        code = status.as_u16(),
        what = explanation(status),
    )
}

fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Please log in to see this.",
        StatusCode::BAD_REQUEST => "The server could not understand the request.",
        StatusCode::FORBIDDEN => "This is not yours to see.",
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::METHOD_NOT_ALLOWED => "This method does not work here.",
        StatusCode::REQUEST_TIMEOUT => "The request did not arrive in time.",
        StatusCode::LENGTH_REQUIRED => "The request must say how long its body is.",
        StatusCode::PAYLOAD_TOO_LARGE => "The body of the request is too large.",
        StatusCode::BAD_GATEWAY => "The application's process ended before it answered.",
        StatusCode::SERVICE_UNAVAILABLE => "The application cannot take the request now. Please try again soon.",
        StatusCode::GATEWAY_TIMEOUT => "The application did not answer in time.",
        StatusCode::MOVED_PERMANENTLY => "The address has moved.",
        _ => "The server met an error. Its error log has more.",
    }
}
