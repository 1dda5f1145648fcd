//! What the parent and its children say to each other, over the socket that is a child's standard input.
//!
//! A message is a length and the number of its descriptors (u32 each, little endian), then JSON. The first descriptors travel with
//! its first byte; further ones follow the numbers, as many to a byte as the kernel takes. A child gets [`Start`] first:
//! who to become and what to execute. Then [`Work`], which the program that now runs reads. After that the parent sends
//! [`Order`]s and the child [`Report`]s. The end of the socket is the end of the other side.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::plan::interpreters::Interpreters;
use crate::plan::telemetry::Telemetry;
use crate::plan::{Plan, Preload, ProcessGroup};
use crate::runtime::scoreboard::Layout;

/// Most descriptors that travel with one byte: the kernel's limit is 253.
const MOST_DESCRIPTORS: usize = 253;
/// The longest message, bytes.
const LONGEST: usize = 64 << 20;
/// Bytes of the two numbers that a message begins with.
pub(super) const NUMBERS: usize = 8;

/// The first message to a child: what `wsgi-serve`, started anew, does before it becomes something else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Start {
    /// For messages: `process group shop`, `front`.
    pub label: String,
    /// Who to become; `None` stays.
    pub account: Option<Account>,
    /// The folder that becomes the root folder.
    pub chroot: Option<PathBuf>,
    /// The umask.
    pub umask: Option<u32>,
    /// What the kernel sees to.
    pub limits: ProcessLimits,
    /// The working directory. `None` is the account's home for a daemon that drops privileges, else where the parent is.
    pub home: Option<PathBuf>,
    /// The Python to execute, which gets our library as the message's descriptor; `None` becomes the front.
    pub python: Option<Python>,
}

/// What the kernel sees to in a process. `None` is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessLimits {
    /// Its priority, as `nice` counts.
    pub cpu_priority: Option<i32>,
    /// Seconds of processor time: when it gets `SIGXCPU`, and when it is killed.
    pub cpu_time: Option<(u64, u64)>,
    /// Descriptors: how many it has, which it may raise.
    pub descriptors: Option<u64>,
    /// Bytes of data.
    pub data: Option<u64>,
    /// Bytes of addresses.
    pub address_space: Option<u64>,
}

/// An account by numbers, resolved by the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// The user's name, for its supplementary groups and the environment; `None` when only a number is known.
    pub user: Option<String>,
    /// Its supplementary groups, where they are not those of the user.
    pub groups: Option<Vec<u32>>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
}

/// Whose the scripts of a process group must be, by numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptOwner {
    /// `script-user`.
    pub user: Option<u32>,
    /// `script-group`.
    pub group: Option<u32>,
}

/// The interpreter of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Python {
    /// `DIR/bin/python` of a `python-home`; `None` is the first `python3` on `PATH` that the account can execute.
    pub program: Option<PathBuf>,
    /// What to say where it cannot be executed: the directive's file and line.
    pub origin: String,
    /// The code of the error log for that.
    pub code: String,
    /// What comes after its name.
    pub arguments: Vec<String>,
    /// Whether it is to run without a GIL, if it can.
    pub free_threading: bool,
    /// Variables for its environment.
    pub environment: Vec<(String, String)>,
}

/// The second message to a child. Its descriptors are named by the counts in it, in the order of the fields.
#[derive(Debug, Serialize, Deserialize)]
pub enum Work {
    /// A daemon process; descriptors: the connections of its threads, then the scoreboard.
    Daemon(Box<DaemonWork>),
    /// A front, or an embedded process. Descriptors: the listeners, then the files of the logs, then the scoreboard.
    Front(Box<FrontWork>),
}

/// One process of a process group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DaemonWork {
    /// The group.
    pub group: ProcessGroup,
    /// Scripts to load before the first request.
    pub preload: Vec<Preload>,
    /// Connections of each thread: the descriptors are dealt to the threads in turn. If there are several, a bell comes before
    /// them, the two ends of a pipe: requests do not wake the thread, the bell does.
    pub connections: u32,
    /// The level of the error log for Python's messages.
    pub level: crate::plan::log::LogLevel,
    /// How interpreters are made and ended.
    pub interpreters: Interpreters,
    /// `WSGITelemetryService`.
    pub telemetry: Option<Telemetry>,
    /// Where its applications may see what the server does.
    pub scoreboard: Option<Layout>,
}

/// A process that accepts HTTP.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FrontWork {
    /// All of it.
    pub plan: Plan,
    /// For each descriptor of a listener, the index into [`Plan::listeners`]: a listener may have two, one a family.
    pub listeners: Vec<usize>,
    /// For each descriptor of a log, its target.
    pub logs: Vec<crate::plan::log::LogTarget>,
    /// Whether this process runs Python too.
    pub embedded: bool,
    /// For each process group, whose its scripts must be.
    pub script_owners: Vec<ScriptOwner>,
    /// Scripts to load before the first request in embedded mode.
    pub preload: Vec<Preload>,
    /// How interpreters are made and ended.
    pub interpreters: Interpreters,
    /// What the nonces of `AuthType Digest` are made with: the same in all processes that answer for a client.
    pub secret: [u8; 32],
    /// The number under which it writes down what it does, where somebody may see that.
    pub scoreboard: Option<(u32, Layout)>,
}

/// From the parent, later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Order {
    /// To a front: descriptors are connections to the threads of a daemon process that is ready. To a daemon process: new
    /// connections for its threads, one each, since there is a new front.
    Connections {
        /// Index into [`Plan::process_groups`].
        group: usize,
        /// The daemon process.
        pid: u32,
        /// The first descriptor is the writing end of the process's bell; only to a front.
        bell: bool,
    },
    /// To a front: a process of the group has ended before it was ready, so the next one may as well.
    Failing {
        /// Index into [`Plan::process_groups`].
        group: usize,
    },
    /// Finish what is under way, within so many seconds, and leave.
    Stop {
        /// Seconds.
        within: f64,
    },
}

/// From a child.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Report {
    /// It serves now.
    Ready {
        /// `3.13.0`, where it runs Python.
        python: Option<String>,
    },
    /// It could not start, in words for the person, with file and line where there is one.
    Failed {
        /// What and what to do.
        message: String,
    },
    /// A thread of a daemon process is free and has lost a connection to its front.
    Unconnected,
    /// It leaves on purpose, and says why: `maximum-requests`, `script-reload`.
    Leaving {
        /// Why.
        reason: String,
    },
}

/// One side of the socket between parent and child.
#[derive(Debug)]
pub struct Control {
    stream: UnixStream,
}

impl Control {
    /// Wraps a connected socket.
    #[must_use]
    pub fn new(stream: UnixStream) -> Self {
        Self { stream }
    }

    /// The socket that a child finds as its standard input.
    ///
    /// # Errors
    /// When standard input is closed.
    pub fn from_stdin() -> io::Result<Self> {
        let descriptor = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self::new(UnixStream::from(descriptor)))
    }

    /// A second handle of the same socket.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.stream.try_clone().map(Self::new)
    }

    /// Makes sending fail where the other side does not take it in time.
    ///
    /// # Errors
    /// When the socket cannot do so.
    pub fn limit_sending(&self, within: Duration) -> io::Result<()> {
        self.stream.set_write_timeout(Some(within))
    }

    /// Sends a message with descriptors. One that fails may have been sent in part: nothing can be said after it.
    ///
    /// # Errors
    /// When the other side has gone, or descriptors are on their way to so many processes that the kernel refuses more.
    pub fn send<T: Serialize>(&self, message: &T, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let json = serde_json::to_vec(message)?;
        let mut numbers = [0; NUMBERS];
        for (place, number) in numbers.chunks_exact_mut(4).zip([json.len(), descriptors.len()]) {
            place.copy_from_slice(&u32::try_from(number).map_err(io::Error::other)?.to_le_bytes());
        }
        let (first, further) = descriptors.split_at(descriptors.len().min(MOST_DESCRIPTORS));
        let sent = self.send_with(&numbers, first)?;
        (&self.stream).write_all(&numbers[sent..])?;
        for descriptors in further.chunks(MOST_DESCRIPTORS) {
            self.send_with(&[0], descriptors)?;
        }
        (&self.stream).write_all(&json)
    }

    fn send_with(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
        let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        Ok(sendmsg(&self.stream, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL)?)
    }

    /// The next message, and what came with it. `None` when the other side has gone.
    ///
    /// # Errors
    /// When the message is malformed or cut. When this process has no room for its descriptors, the message is passed over, and
    /// the next one may come.
    pub fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, VecDeque<OwnedFd>)>> {
        let mut numbers = [0; NUMBERS];
        let mut descriptors = VecDeque::new();
        let got = self.receive_with(&mut numbers, &mut descriptors)?;
        if got == 0 {
            return Ok(None);
        }
        (&self.stream).read_exact(&mut numbers[got..])?;
        let (length, count) = length_and_descriptors(numbers);
        if length > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {length} bytes")));
        }
        for _ in 1..count.div_ceil(MOST_DESCRIPTORS) {
            if self.receive_with(&mut [0], &mut descriptors)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut json = vec![0; length];
        (&self.stream).read_exact(&mut json)?;
        if descriptors.len() < count {
            return Err(rustix::io::Errno::MFILE.into());
        }
        Ok(Some((serde_json::from_slice(&json)?, descriptors)))
    }

    /// Reads what there is, and the descriptors that travel with it, as far as this process has room for them; 0 at the end.
    fn receive_with(&self, bytes: &mut [u8], descriptors: &mut VecDeque<OwnedFd>) -> io::Result<usize> {
        let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let got = loop {
            let flags = RecvFlags::CMSG_CLOEXEC;
            match recvmsg(&self.stream, &mut [IoSliceMut::new(bytes)], &mut ancillary, flags) {
                Err(rustix::io::Errno::INTR) => {}
                // A process that was killed with messages unread leaves a reset behind.
                Err(rustix::io::Errno::CONNRESET) => return Ok(0),
                other => break other?.bytes,
            }
        };
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        Ok(got)
    }
}

/// What a message begins with: the length of what follows, and how many descriptors come with it.
pub(super) fn length_and_descriptors(numbers: [u8; NUMBERS]) -> (usize, usize) {
    let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| numbers[at + byte])) as usize;
    (number(0), number(4))
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
