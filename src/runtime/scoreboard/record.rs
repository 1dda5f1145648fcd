//! One record of the scoreboard: bytes of a fixed length, with a sum by which a reader knows that it was not being written.

use std::hash::Hasher;

use super::{Process, Stage};
use crate::runtime::short_hash::Fnv;

const BYTES: usize = 256;
/// Where the texts begin: client, host, request. Each has a length of one byte among the numbers.
const TEXTS: [(usize, usize); 3] = [(64, 48), (112, 56), (168, 88)];

/// The bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record([u8; BYTES]);

impl Default for Record {
    fn default() -> Self {
        Self([0; BYTES])
    }
}

impl Record {
    /// Its length.
    pub(super) const BYTES: u64 = BYTES as u64;

    /// A record as it was read; `None` where another process was writing it.
    pub(super) fn opened(bytes: &[u8]) -> Option<Self> {
        let record = Self(bytes.try_into().ok()?);
        (record.number(0) == record.sum()).then_some(record)
    }

    /// The bytes, with their sum.
    pub(super) fn sealed(&mut self) -> &[u8] {
        self.set(0, self.sum());
        &self.0
    }

    /// A record of nothing but zeros has the sum 0: memory that nobody has written to is whole.
    fn sum(&self) -> u64 {
        if self.0[8..].iter().all(|byte| *byte == 0) {
            return 0;
        }
        let mut hash = Fnv::default();
        hash.write(&self.0[8..]);
        hash.finish()
    }

    fn number(&self, place: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[place * 8..][..8]);
        u64::from_le_bytes(bytes)
    }

    fn set(&mut self, place: usize, number: u64) {
        self.0[place * 8..][..8].copy_from_slice(&number.to_le_bytes());
    }

    /// That of a process.
    pub(super) fn of_process(process: Process) -> Self {
        let mut record = Self::default();
        record.set(1, process.pid.into());
        record.set(2, process.stage as u64);
        record
    }

    /// The process.
    pub(super) fn process(&self) -> Process {
        let stages = [Stage::Starting, Stage::Serving, Stage::Leaving];
        let stage = stages.into_iter().find(|stage| *stage as u64 == self.number(2));
        Process { pid: self.number(1) as u32, stage: stage.unwrap_or_default() }
    }
}

/// What a slot does for a connection, and what it has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worker {
    /// Requests that were answered.
    pub access_count: u64,
    /// Bytes of the bodies of their answers.
    pub bytes_served: u64,
    /// When the last request began, microseconds since the epoch.
    pub start: u64,
    /// When the last answer was over.
    pub stop: u64,
    /// When it last began to do something else.
    pub last_used: u64,
    record: Record,
}

/// What a slot does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nothing.
    #[default]
    Nothing,
    /// It waits for a request, or for the rest of one.
    Reads,
    /// It answers.
    Works,
    /// It waits for the next request of a client.
    KeepsAlive,
}

/// Where in a record what it does stands.
const DOING: usize = 48;

impl Worker {
    /// What it does.
    #[must_use]
    pub fn doing(&self) -> Doing {
        let all = [Doing::Reads, Doing::Works, Doing::KeepsAlive];
        all.into_iter().find(|doing| *doing as u8 == self.record.0[DOING]).unwrap_or_default()
    }

    /// Says what it does now.
    pub fn set_doing(&mut self, doing: Doing) {
        self.record.0[DOING] = doing as u8;
    }

    /// The client's address.
    #[must_use]
    pub fn client(&self) -> &[u8] {
        self.text(0)
    }

    /// The name and port of the host that is asked.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        self.text(1)
    }

    /// The first line of the request.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        self.text(2)
    }

    /// The parts of [`Worker::client`], cut where there is no room.
    pub fn set_client(&mut self, parts: &[&[u8]]) {
        self.set_text(0, parts);
    }

    /// The parts of [`Worker::host`].
    pub fn set_host(&mut self, parts: &[&[u8]]) {
        self.set_text(1, parts);
    }

    /// The parts of [`Worker::request`].
    pub fn set_request(&mut self, parts: &[&[u8]]) {
        self.set_text(2, parts);
    }

    fn text(&self, which: usize) -> &[u8] {
        let (begin, room) = TEXTS[which];
        let length = usize::from(self.record.0[DOING + 1 + which]).min(room);
        &self.record.0[begin..begin + length]
    }

    fn set_text(&mut self, which: usize, parts: &[&[u8]]) {
        let (begin, room) = TEXTS[which];
        let mut length = 0;
        for part in parts {
            let part = &part[..part.len().min(room - length)];
            self.record.0[begin + length..][..part.len()].copy_from_slice(part);
            length += part.len();
        }
        self.record.0[begin + length..begin + room].fill(0);
        self.record.0[DOING + 1 + which] = length as u8;
    }

    /// All of it as a record.
    pub(super) fn record(&mut self) -> &mut Record {
        let numbers = [self.access_count, self.bytes_served, self.start, self.stop, self.last_used];
        for (place, number) in (1..).zip(numbers) {
            self.record.set(place, number);
        }
        &mut self.record
    }
}

impl From<Record> for Worker {
    fn from(record: Record) -> Self {
        let [access_count, bytes_served, start, stop, last_used] = [1, 2, 3, 4, 5].map(|place| record.number(place));
        Self { access_count, bytes_served, start, stop, last_used, record }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_half_written_is_none() {
        let mut worker = Worker { access_count: 1, ..Worker::default() };
        worker.set_request(&[b"GET / HTTP/1.1"]);
        let bytes = worker.record().sealed().to_vec();
        assert!(Record::opened(&bytes).is_some() && Record::opened(&[0; BYTES]).is_some());
        for place in 0..BYTES {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert!(Record::opened(&other).is_none(), "byte {place}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        let mut worker = Worker::default();
        worker.set_request(&[&[b'a'; 80], &[b'b'; 80]]);
        assert_eq!(worker.request(), [[b'a'; 80].as_slice(), &[b'b'; 8]].concat());
        worker.set_request(&[b"c"]);
        worker.set_host(&[&[b'd'; 300]]);
        worker.set_client(&[b"2001:db8:1111:2222:3333:4444:5555:6666"]);
        assert_eq!((worker.request(), worker.host()), (&b"c"[..], &[b'd'; 56][..]));
        assert_eq!(worker.client(), b"2001:db8:1111:2222:3333:4444:5555:6666");
    }
}
