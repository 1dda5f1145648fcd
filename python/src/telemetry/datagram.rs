//! mod_wsgi's wire format: a header of 24 bytes and fields, little endian, one record in each datagram.

use std::time::Duration;

use crate::gateway::environ::now;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Requests = 2,
    SlowRequest = 4,
    Started = 5,
    Stopping = 6,
    Stopped = 7,
    Collector = 8,
    Collection = 9,
}

/// The longest datagram. A field that goes beyond is left out.
const MOST: usize = 8192;
const VERSION: u8 = 1;
const COUNT: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 4;
const COUNTS: u8 = 5;
const NUMBERS: u8 = 6;

/// A record that is being made.
pub(super) struct Datagram(Vec<u8>);

impl Datagram {
    /// One without fields.
    pub(super) fn new(kind: Kind, sequence: u32) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(b"WSGI");
        bytes.extend_from_slice(&[VERSION, kind as u8, 0, 0]);
        bytes.extend_from_slice(&std::process::id().to_le_bytes());
        bytes.extend_from_slice(&sequence.to_le_bytes());
        bytes.extend_from_slice(&Duration::from_micros(now()).as_secs_f64().to_le_bytes());
        Self(bytes)
    }

    /// A count.
    pub(super) fn count(&mut self, field: u16, count: u64) {
        self.put(field, COUNT, &count.to_le_bytes());
    }

    /// Seconds, a rate or a part.
    pub(super) fn number(&mut self, field: u16, number: f64) {
        self.put(field, NUMBER, &number.to_le_bytes());
    }

    /// A length of time.
    pub(super) fn time(&mut self, field: u16, time: Duration) {
        self.number(field, time.as_secs_f64());
    }

    /// A text, unless it is empty.
    pub(super) fn text(&mut self, field: u16, text: &[u8]) {
        let text = &text[..text.len().min(usize::from(u16::MAX))];
        if !text.is_empty() {
            self.put_many(field, TEXT, text.len(), text);
        }
    }

    /// Several counts.
    pub(super) fn counts(&mut self, field: u16, counts: impl IntoIterator<Item = u64>) {
        let counts: Vec<_> = counts.into_iter().map(|count| i32::try_from(count).unwrap_or(i32::MAX)).collect();
        let bytes: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        self.put_many(field, COUNTS, counts.len(), &bytes);
    }

    /// Several lengths of time.
    pub(super) fn times(&mut self, field: u16, times: impl IntoIterator<Item = Duration>) {
        let bytes: Vec<u8> = times.into_iter().flat_map(|time| time.as_secs_f64().to_le_bytes()).collect();
        self.put_many(field, NUMBERS, bytes.len() / 8, &bytes);
    }

    fn put(&mut self, field: u16, kind: u8, value: &[u8]) {
        if self.0.len() + 3 + value.len() <= MOST {
            self.0.extend_from_slice(&field.to_le_bytes());
            self.0.push(kind);
            self.0.extend_from_slice(value);
        }
    }

    fn put_many(&mut self, field: u16, kind: u8, length: usize, values: &[u8]) {
        let Ok(length) = u16::try_from(length) else { return };
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend_from_slice(values);
        self.put(field, kind, &bytes);
    }

    /// What is sent.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_behind_a_header() {
        let mut datagram = Datagram::new(Kind::Started, 7);
        datagram.count(20, 258);
        datagram.text(5, b"vm");
        datagram.text(6, b"");
        datagram.counts(90, [1, u64::MAX]);
        let (header, fields) = datagram.bytes().split_at(24);
        assert_eq!(header[..8], *b"WSGI\x01\x05\0\0");
        assert_eq!(header[8..12], std::process::id().to_le_bytes());
        assert_eq!(header[12..16], 7u32.to_le_bytes());
        let expected = b"\x14\0\x01\x02\x01\0\0\0\0\0\0\x05\0\x04\x02\0vm\x5a\0\x05\x02\0\x01\0\0\0\xff\xff\xff\x7f";
        assert_eq!(fields, expected);
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut datagram = Datagram::new(Kind::Requests, 1);
        datagram.times(111, vec![Duration::ZERO; 1000]);
        datagram.times(112, vec![Duration::ZERO; 1000]);
        datagram.count(20, 1);
        assert_eq!(datagram.bytes().len(), 24 + 5 + 8000 + 11);
    }
}
