//! What the targets have in common. Their input is written like the cases of the tests, so that those are the seeds: lines
//! `#: -D NAME`, `#: env NAME=VALUE`, `#: --for wsgi-serve`; and `#: file PATH`, after which another file begins.

use std::path::{Path, PathBuf};

use wsgi_httpd::compiler::diagnostic::Report;
use wsgi_httpd::compiler::source::{Memory, Sources, Span};
use wsgi_httpd::compiler::{Judge, Options};
use wsgi_httpd::runtime::pairs::Pairs;

/// The main file.
pub const MAIN: &str = "/etc/apache2/httpd.conf";

/// The files and the command line that an input stands for.
pub fn read(input: &[u8]) -> (Memory, Options) {
    let mut files = Memory::default();
    let mut options = Options::default();
    let mut current = (PathBuf::from(MAIN), Vec::new());
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let instruction = line.strip_prefix(b"#: ").and_then(|rest| std::str::from_utf8(rest).ok());
        match instruction.map(|rest| rest.trim_end().split_once(' ').unwrap_or((rest.trim_end(), ""))) {
            Some(("file", name)) => {
                let next = (Path::new("/etc/apache2").join(name), Vec::new());
                let (path, text) = std::mem::replace(&mut current, next);
                files.add(path, text);
                continue;
            }
            Some(("device", path)) => files.add_device(path),
            Some(("--for", "wsgi-serve")) => options.judge = Judge::WsgiServe,
            Some(("--pedantic", _)) => options.pedantic = true,
            Some(("-D", name)) => options.defines.push(name.to_owned()),
            Some(("-C", line)) => options.before.push(line.to_owned()),
            Some(("-c", line)) => options.after.push(line.to_owned()),
            Some(("env", variable)) => {
                if let Some((name, value)) = variable.split_once('=') {
                    options.environment.insert(name.to_owned(), value.to_owned());
                }
            }
            _ => {}
        }
        current.1.extend_from_slice(line);
    }
    files.add(current.0, current.1);
    (files, options)
}

/// Every place of a finding is a range of the text that it names, between two characters.
pub fn points_into(report: &Report, sources: &Sources) {
    for label in report.iter().flat_map(|found| &found.labels) {
        assert_is_place(label.span, sources);
    }
    for edit in report.iter().filter_map(|found| found.repair.as_ref()).flat_map(|repair| &repair.edits) {
        assert_is_place(edit.span, sources);
    }
}

fn assert_is_place(span: Span, sources: &Sources) {
    let text = &sources.get(span.source).text;
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} is no range of {:?}", &**text);
}

/// An input that is cut up into values.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// A number; 0 at the end.
    pub fn number(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Yes or no.
    pub fn switch(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    /// Up to 255 bytes.
    pub fn text(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        text
    }

    /// Up to seven names and values.
    pub fn pairs(&mut self) -> Pairs {
        let mut pairs = Pairs::default();
        for _ in 0..self.byte() % 8 {
            let (name, value) = (self.text(), self.text());
            pairs.push(name, value);
        }
        pairs
    }

    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }
}
