//! What the processes that accept HTTP do, in memory that all processes share: what `mod_wsgi.server_metrics()` shows.
//!
//! The parent makes it where the plan asks for it. It writes down the processes, each of them writes down its connections, and
//! who may look reads. So nobody waits for anybody, and a process that dies leaves nothing half said.

mod record;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fchmod, fcntl_add_seals, ftruncate, memfd_create};
use serde::{Deserialize, Serialize};

use crate::plan::scoreboard::Size;
use record::Record;
pub use record::{Doing, Worker};

/// How often a record that is being written is looked at again.
const TRIES: usize = 1000;

/// What never changes: goes to each process with the descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Rows and columns.
    pub size: Size,
    /// When the server was started, microseconds since the epoch.
    pub began: u64,
}

/// The memory, seen from one process.
#[derive(Debug)]
pub struct Scoreboard {
    file: File,
    /// What never changes.
    pub layout: Layout,
}

/// A process that accepts HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number; 0 while there is none.
    pub pid: u32,
    /// How far it is.
    pub stage: Stage,
}

/// How far a process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// It is not there.
    #[default]
    Gone,
    /// It does not serve yet.
    Starting,
    /// It serves.
    Serving,
    /// It finishes what it has.
    Leaving,
}

impl Scoreboard {
    /// Empty memory, whose size nobody can change.
    ///
    /// # Errors
    /// When there is no memory to be had.
    pub fn create(size: Size) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Some machines refuse memory that might be executed; old ones do not know that it might not.
        let memory = memfd_create("wsgi-scoreboard", flags | MemfdFlags::NOEXEC_SEAL)
            .or_else(|_| memfd_create("wsgi-scoreboard", flags))?;
        let layout = Layout { size, began: microseconds(SystemTime::now()) };
        ftruncate(&memory, u64::from(size.processes) * layout.bytes())?;
        fcntl_add_seals(&memory, SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
        // So that another user who gets a descriptor to read cannot open it anew to write.
        fchmod(&memory, Mode::RUSR | Mode::WUSR)?;
        Ok(Self { file: memory.into(), layout })
    }

    /// That of the parent, by the descriptor that came from it.
    #[must_use]
    pub fn open(layout: Layout, descriptor: OwnedFd) -> Self {
        Self { file: descriptor.into(), layout }
    }

    /// A descriptor for a process that writes.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn to_write(&self) -> io::Result<OwnedFd> {
        self.file.as_fd().try_clone_to_owned()
    }

    /// A descriptor for a process that only reads.
    ///
    /// # Errors
    /// When the process has no descriptor left, or there is no `/proc`.
    pub fn to_read(&self) -> io::Result<OwnedFd> {
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&self.file));
        Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// Writes down how a process is.
    pub fn put_process(&self, number: u32, process: Process) {
        self.put(u64::from(number) * self.layout.bytes(), &mut Record::of_process(process));
    }

    /// Writes down what a slot of a process does.
    pub fn put_worker(&self, process: u32, slot: u32, worker: &mut Worker) {
        let offset = u64::from(process) * self.layout.bytes() + (u64::from(slot) + 1) * Record::BYTES;
        self.put(offset, worker.record());
    }

    fn put(&self, offset: u64, record: &mut Record) {
        // A machine that is out of memory has other worries: the figures stay as they were.
        let _ = self.file.write_all_at(record.sealed(), offset);
    }

    /// A process and its slots.
    ///
    /// # Errors
    /// When the memory cannot be read.
    pub fn read(&self, number: u32) -> io::Result<(Process, Vec<Worker>)> {
        let offset = u64::from(number) * self.layout.bytes();
        let mut bytes = vec![0; usize::try_from(self.layout.bytes()).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, offset)?;
        let records = bytes.chunks_exact(Record::BYTES as usize).zip(0..);
        let mut records = records.map(|(bytes, place)| self.whole(bytes, offset + place * Record::BYTES));
        let process = records.next().transpose()?.unwrap_or_default().process();
        let workers = records.map(|record| record.map(Worker::from)).collect::<io::Result<_>>()?;
        Ok((process, workers))
    }

    /// A record that was not caught while it was written.
    fn whole(&self, bytes: &[u8], offset: u64) -> io::Result<Record> {
        let mut found = Record::opened(bytes);
        let mut again = [0; Record::BYTES as usize];
        for _ in 0..TRIES {
            if found.is_some() {
                break;
            }
            self.file.read_exact_at(&mut again, offset)?;
            found = Record::opened(&again);
        }
        Ok(found.unwrap_or_default())
    }
}

impl Layout {
    /// Bytes of a process: its own record, and those of its slots.
    fn bytes(&self) -> u64 {
        (u64::from(self.size.slots) + 1) * Record::BYTES
    }

    /// Apache's letter for what a slot of a process does.
    #[must_use]
    pub fn letter(&self, process: Process, slot: u32, worker: &Worker) -> char {
        let spare = if slot < self.size.threads { '_' } else { '.' };
        match (process.stage, worker.doing()) {
            (Stage::Gone, _) | (Stage::Leaving, Doing::Nothing) => '.',
            (Stage::Starting, _) if spare == '_' => 'S',
            (Stage::Starting, _) | (Stage::Serving, Doing::Nothing) => spare,
            (Stage::Leaving, _) => 'G',
            (Stage::Serving, Doing::Reads) => 'R',
            (Stage::Serving, Doing::Works) => 'W',
            (Stage::Serving, Doing::KeepsAlive) => 'K',
        }
    }
}

/// A time as it is written down.
#[must_use]
pub fn microseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Scoreboard {
        Scoreboard::create(Size { processes: 2, threads: 1, slots: 3 }).expect("there is memory")
    }

    #[test]
    fn what_one_process_writes_another_reads() {
        let board = board();
        let reader = Scoreboard::open(board.layout, board.to_read().expect("there is a descriptor"));
        let process = Process { pid: 7, stage: Stage::Serving };
        board.put_process(1, process);
        let mut worker = Worker::default();
        worker.set_doing(Doing::Works);
        worker.access_count += 3;
        worker.set_client(&[b"::1"]);
        worker.set_request(&[b"GET", b" ", b"/x", b" HTTP/1.1"]);
        board.put_worker(1, 2, &mut worker);
        assert_eq!(reader.read(0).expect("it is there"), (Process::default(), vec![Worker::default(); 3]));
        let (seen, workers) = reader.read(1).expect("it is there");
        assert_eq!((seen, &workers[..2], &workers[2]), (process, &vec![Worker::default(); 2][..], &worker));
        assert_eq!((workers[2].client(), workers[2].request()), (&b"::1"[..], &b"GET /x HTTP/1.1"[..]));
        assert!(reader.file.write_all_at(b"x", 0).is_err(), "who reads cannot write");
        assert!(board.file.set_len(0).is_err(), "nobody can make it smaller");
    }

    #[test]
    fn letters() {
        let board = board();
        let mut worker = Worker::default();
        let mut letters = |stage, doing| {
            worker.set_doing(doing);
            let process = Process { pid: 1, stage };
            [0, 2].map(|slot| board.layout.letter(process, slot, &worker)).iter().collect::<String>()
        };
        for (stage, doing, expected) in [
            (Stage::Gone, Doing::Works, ".."),
            (Stage::Starting, Doing::Nothing, "S."),
            (Stage::Serving, Doing::Nothing, "_."),
            (Stage::Serving, Doing::Reads, "RR"),
            (Stage::Serving, Doing::Works, "WW"),
            (Stage::Serving, Doing::KeepsAlive, "KK"),
            (Stage::Leaving, Doing::Nothing, ".."),
            (Stage::Leaving, Doing::Works, "GG"),
        ] {
            assert_eq!(letters(stage, doing), expected, "{stage:?} {doing:?}");
        }
    }
}
