//! The frames of the protocol: a header that gives a length, an empty line, and so many bytes of JSON. What is no message is
//! named, and the next one is read all the same.

use std::io::{self, BufRead, Read, Write};

use gen_lsp_types::ErrorCodes;
use gen_lsp_types::json_rpc::{Error, Id, RequestObject};
use serde::Serialize;
use serde_json::Value;

/// The longest body that is read.
const LONGEST_BODY: u64 = 256 << 20;
/// The longest line of a header.
const LONGEST_HEADER: u64 = 4096;

/// What a client sent.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A request, or without an id a notification.
    Call(RequestObject),
    /// An answer to a request of ours: its id and its result.
    Answer(Id, Value),
    /// What is no message, and what to say of it.
    Malformed(Id, Error),
}

/// The next message; `None` at the end of the input.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let length = match header(input)? {
        Header::Length(length) => length,
        Header::NoLength => return Ok(Some(malformed(ErrorCodes::ParseError, "the header gives no length"))),
        Header::End => return Ok(None),
    };
    if length > LONGEST_BODY {
        io::copy(&mut input.take(length), &mut io::sink())?;
        return Ok(Some(malformed(ErrorCodes::InvalidRequest, "the message is longer than 256 MiB")));
    }
    let mut body = Vec::new();
    let read = input.take(length).read_to_end(&mut body)?;
    Ok((read as u64 == length).then(|| message(&body)))
}

/// What stands before a body.
enum Header {
    Length(u64),
    NoLength,
    /// The input ended before it.
    End,
}

fn header(input: &mut impl BufRead) -> io::Result<Header> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.take(LONGEST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(Header::End);
        }
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            return Ok(length.map_or(Header::NoLength, Header::Length));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("Content-Length")
        {
            length = value.trim().parse().ok();
        }
    }
}

fn message(body: &[u8]) -> Incoming {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return malformed(ErrorCodes::ParseError, "the message is no JSON");
    };
    let id = value.get("id").and_then(|id| serde_json::from_value::<Id>(id.clone()).ok());
    if value.get("method").is_some_and(Value::is_string) {
        return match serde_json::from_value(value) {
            Ok(call) => Incoming::Call(call),
            Err(error) => Incoming::Malformed(id.unwrap_or(Id::Null), refusal(ErrorCodes::InvalidRequest, &error)),
        };
    }
    match (id, value.get("result"), value.get("error")) {
        (Some(id), Some(result), None) => Incoming::Answer(id, result.clone()),
        (Some(id), _, Some(_)) => Incoming::Answer(id, Value::Null),
        (id, ..) => {
            let error = refusal(ErrorCodes::InvalidRequest, "the message is neither a call nor an answer");
            Incoming::Malformed(id.unwrap_or(Id::Null), error)
        }
    }
}

fn malformed(code: ErrorCodes, why: &str) -> Incoming {
    Incoming::Malformed(Id::Null, refusal(code, why))
}

/// An error of the protocol.
pub(super) fn refusal(code: ErrorCodes, why: &(impl ToString + ?Sized)) -> Error {
    Error { code, message: why.to_string(), data: None }
}

/// Sends a call.
pub(super) fn write_call(output: &mut impl Write, call: &RequestObject) -> io::Result<()> {
    write(output, &serde_json::to_vec(call)?)
}

/// An answer as it is sent.
#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: &'a Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Error>,
}

/// Sends an answer.
pub(super) fn write_answer(output: &mut impl Write, id: &Id, answer: Result<&Value, &Error>) -> io::Result<()> {
    let answer = Answer { jsonrpc: "2.0", id, result: answer.ok(), error: answer.err() };
    write(output, &serde_json::to_vec(&answer)?)
}

fn write(output: &mut impl Write, body: &[u8]) -> io::Result<()> {
    write!(output, "Content-Length: {}\r\n\r\n", body.len())?;
    output.write_all(body)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut bytes: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(message) = read(&mut bytes).expect("memory can be read") {
            seen.push(match message {
                Incoming::Call(call) => format!("call {}", call.method()),
                Incoming::Answer(_, result) => format!("answer {result}"),
                Incoming::Malformed(_, error) => format!("malformed {}", i32::from(error.code)),
            });
        }
        seen
    }

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn what_follows_a_malformed_message_is_read() {
        let good = frame(r#"{"jsonrpc":"2.0","method":"é"}"#);
        for (bad, code) in [
            (frame("{"), -32700),
            (frame("[]"), -32600),
            (frame(r#"{"id":1}"#), -32600),
            (frame(r#"{"id":1,"method":"x"}"#), -32600),
            ("Content-Length: much\r\n\r\n".to_owned(), -32700),
            ("X: 1\r\n\r\n".to_owned(), -32700),
            (frame("\u{FFFD}"), -32700),
        ] {
            let expected = [format!("malformed {code}"), "call é".to_owned()];
            assert_eq!(read_all(format!("{bad}{good}").as_bytes()), expected, "{bad}");
        }
    }

    #[test]
    fn headers_are_read_in_any_case_and_order() {
        let body = r#"{"jsonrpc":"2.0","id":1,"result":null}"#;
        let frame = format!("Content-Type: x\r\ncontent-length:{}\r\n\r\n{body}", body.len());
        assert_eq!(read_all(frame.as_bytes()), ["answer null"]);
        assert!(read_all(&frame.as_bytes()[..frame.len() - 1]).is_empty(), "a message that is cut is none");
    }
}
