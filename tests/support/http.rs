//! A client for HTTP/1.1 that hides nothing: heads in order, chunks one by one, and whether an answer was cut.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST with `Content-Length`.
    pub(crate) fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target).with_body(body)
    }

    /// A POST in chunks.
    pub(crate) fn post_chunked(target: &str, chunks: &[&[u8]]) -> Self {
        Self::new("POST", target).with_chunks(chunks)
    }

    /// The same with a body, and its `Content-Length`.
    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    /// The same with a body in chunks.
    pub(crate) fn with_chunks(self, chunks: &[impl AsRef<[u8]>]) -> Self {
        let mut request = self.header("Transfer-Encoding", "chunked");
        for chunk in chunks.iter().map(AsRef::as_ref) {
            request.body.extend(format!("{:x}\r\n", chunk.len()).bytes());
            request.body.extend_from_slice(chunk);
            request.body.extend_from_slice(b"\r\n");
        }
        request.body.extend_from_slice(b"0\r\n\r\n");
        request
    }

    /// Appends a header; a `Host` replaces the one that would be sent.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The bytes of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text += "Host: localhost\r\n";
        }
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// An answer, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// 0 when the connection ended before an answer began.
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection ended before the body did.
    pub(crate) cut: bool,
    /// The status of each interim answer before it.
    pub(crate) interim: Vec<u16>,
}

impl Answer {
    /// The only header of a name; panics when there are several.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} occurs {} times: {self:?}", all.len());
        all.first().copied()
    }

    /// All headers of a name, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Nothing was answered, or nothing that can be read.
    pub(crate) fn none() -> Self {
        Self { status: 0, reason: String::new(), headers: vec![], body: vec![], cut: true, interim: vec![] }
    }
}

/// How the length of a body is told.
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// A connection, kept open between requests.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    #[track_caller]
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("the server listens"))
    }

    /// Speaks over a connection that is there.
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("not zero");
        stream.set_nodelay(true).expect("TCP");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends bytes; a server that has closed already is no error: its answer may be there to read.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).ok();
    }

    #[track_caller]
    pub(crate) fn exchange(&mut self, request: &Request) -> Answer {
        self.write(&request.bytes());
        self.answer(&request.method)
    }

    /// Reads an answer to a request of this method.
    #[track_caller]
    pub(crate) fn answer(&mut self, method: &str) -> Answer {
        let mut answer = self.head();
        while (100..200).contains(&answer.status) {
            let mut next = self.head();
            next.interim = answer.interim;
            next.interim.push(answer.status);
            answer = next;
        }
        if answer.status == 0 || method == "HEAD" || matches!(answer.status, 204 | 304) {
            return answer;
        }
        let body = match framing(&answer) {
            Framing::Length(length) => self.take(length),
            Framing::UntilClose => self.rest(),
            Framing::Chunked => self.chunks(),
        };
        (answer.body, answer.cut) = body;
        answer
    }

    /// Reads the head of an answer alone. Status 0 when the connection has ended.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Answer {
        let Some(line) = self.line() else { return Answer::none() };
        let (version, rest) = line.split_once(' ').unwrap_or((&line, ""));
        assert!(version.starts_with("HTTP/1."), "not the head of an answer: {line:?}");
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = status.parse().unwrap_or_else(|_| panic!("a status in {line:?}"));
        let mut answer = Answer { status, reason: reason.into(), cut: false, ..Answer::none() };
        loop {
            match self.line() {
                None => return Answer { cut: true, ..answer },
                Some(line) if line.is_empty() => return answer,
                Some(line) => {
                    let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("a header in {line:?}"));
                    answer.headers.push((name.into(), value.trim().into()));
                }
            }
        }
    }

    /// One chunk; empty for the last, whose trailers are read too. `None` when the connection has ended.
    #[track_caller]
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).unwrap_or_else(|_| panic!("the size of a chunk in {line:?}"));
        if size == 0 {
            while !self.line()?.is_empty() {}
            return Some(Vec::new());
        }
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).ok()?;
        assert_eq!(&chunk[size..], b"\r\n", "what ends a chunk");
        chunk.truncate(size);
        Some(chunk)
    }

    /// Whether the server has closed; waits for it.
    pub(crate) fn closed(&mut self) -> bool {
        self.rest().0.is_empty()
    }

    /// So many bytes, and whether the connection ended before.
    fn take(&mut self, length: usize) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        let end = self.stream.by_ref().take(length as u64).read_to_end(&mut body);
        timely(&end);
        let cut = body.len() < length;
        (body, cut)
    }

    /// Everything to the end of the connection, and whether that was a reset.
    fn rest(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        let end = self.stream.read_to_end(&mut body);
        timely(&end);
        (body, end.is_err())
    }

    fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            match self.chunk() {
                None => return (body, true),
                Some(chunk) if chunk.is_empty() => return (body, false),
                Some(chunk) => body.extend(chunk),
            }
        }
    }

    /// A line without its end; `None` when the connection has ended.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let end = self.stream.read_until(b'\n', &mut line);
        timely(&end);
        if !line.ends_with(b"\r\n") {
            assert!(line.is_empty() || !line.ends_with(b"\n"), "a line that LF alone ends: {line:?}");
            return None;
        }
        line.truncate(line.len() - 2);
        Some(line.into_iter().map(char::from).collect())
    }
}

/// A reset is the end of a connection; silence is a failed test.
fn timely(end: &io::Result<usize>) {
    if let Err(error) = end {
        let late = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        assert!(!late, "no word from the server for {PATIENCE:?}");
    }
}

fn framing(answer: &Answer) -> Framing {
    match (answer.header("Transfer-Encoding"), answer.header("Content-Length")) {
        (Some(coding), length) => {
            assert!(coding.eq_ignore_ascii_case("chunked"), "Transfer-Encoding: {coding}");
            assert_eq!(length, None, "Transfer-Encoding and Content-Length together");
            Framing::Chunked
        }
        (None, Some(length)) => Framing::Length(length.parse().expect("Content-Length is a number")),
        (None, None) => Framing::UntilClose,
    }
}
