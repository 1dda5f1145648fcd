//! A case: a configuration, and the requests in its comments.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Mode, Request};

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) questions: Vec<Question>,
    only: Option<Mode>,
}

/// One request.
pub(crate) struct Question {
    /// As it is written.
    pub(crate) text: String,
    pub(crate) method: String,
    bytes: Vec<u8>,
    /// Why the answers differ, after the mode where it is in one alone.
    differs: Option<String>,
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/beside")
}

/// Every case, or those whose name begins with `BESIDE`.
pub(crate) fn all() -> Vec<Case> {
    let wanted = std::env::var("BESIDE").unwrap_or_default();
    let paths = fs::read_dir(folder()).expect("the cases are there").map(|entry| entry.expect("readable").path());
    let mut cases: Vec<Case> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "conf"))
        .map(|path| Case::read(&path))
        .collect();
    cases.retain(|case| case.name.starts_with(&wanted));
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a case is a text file");
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let (mut questions, mut differs, mut only) = (Vec::new(), None, None);
        for line in text.lines() {
            if let Some(reason) = line.strip_prefix("#~ ") {
                differs = Some(reason.to_owned());
            } else if let Some(question) = line.strip_prefix("#: ") {
                questions.push(Question::read(question, differs.take()));
            } else if let Some(mode) = line.strip_prefix("#! ") {
                only = Some(if mode == "daemon" { Mode::Daemon } else { Mode::Embedded });
            }
        }
        assert!(!questions.is_empty() && differs.is_none(), "{name} asks nothing, or gives a reason for nothing");
        Self { name, text, questions, only }
    }

    pub(crate) fn runs_in(&self, mode: Mode) -> bool {
        self.only.is_none_or(|only| only == mode)
    }
}

impl Question {
    /// Why the answers differ in this mode.
    pub(crate) fn differs(&self, mode: Mode) -> Option<&str> {
        let reason = self.differs.as_deref()?;
        let other = if mode == Mode::Daemon { "(embedded) " } else { "(daemon) " };
        (!reason.starts_with(other)).then_some(reason)
    }

    /// What is sent to a server at this port.
    pub(crate) fn bytes(&self, port: u16) -> Vec<u8> {
        let text: String = self.bytes.iter().copied().map(char::from).collect();
        text.replace("PORT", &port.to_string()).chars().map(|character| character as u8).collect()
    }

    fn read(text: &str, differs: Option<String>) -> Self {
        let (method, rest) = text.split_once(' ').unwrap_or_else(|| panic!("a method and a target in {text:?}"));
        let owned = |method: &str, bytes| Self { text: text.to_owned(), method: method.to_owned(), bytes, differs };
        if method == "raw" {
            let method = rest.split(' ').next().unwrap_or_default();
            return owned(method, unescaped(rest));
        }
        let mut parts = rest.split(" | ");
        let mut words = parts.next().unwrap_or_default().split_whitespace();
        let bodies: Vec<Vec<u8>> = parts.map(unescaped).collect();
        let target = words.next().expect("a target");
        let mut request = Request::new(method, target);
        match bodies.as_slice() {
            [] => {}
            [body] => request = request.with_body(body.as_slice()),
            chunks => request = request.with_chunks(chunks),
        }
        if !rest.contains(" Host:") {
            request = request.header("Host", "localhost:PORT");
        }
        for word in words {
            let (name, value) = word.split_once(':').unwrap_or_else(|| panic!("Name:value, not {word:?}"));
            let value: String = unescaped(value).into_iter().map(char::from).collect();
            request = request.header(name, &value);
        }
        owned(method, request.bytes())
    }
}

/// What the escapes of a line stand for.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b's') => b' ',
            Some(b'p') => b'|',
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or_else(|_| panic!("two hexadecimal digits in {text:?}"))
            }
            other => panic!("no such escape: {other:?} in {text:?}"),
        });
    }
    bytes
}
