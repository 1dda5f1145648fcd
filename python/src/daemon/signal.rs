//! What wakes the main thread: signals, and threads that have something to say.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
use signal_hook::low_level::{emulate_default_handler, register};

static TERMINATED: AtomicUsize = AtomicUsize::new(0);
static EVICTED: AtomicBool = AtomicBool::new(false);
static CPU_LIMIT: AtomicBool = AtomicBool::new(false);

/// For the application: `SIGHUP` and `SIGUSR2`.
static FOR_APPLICATION: [(c_int, AtomicBool); 2] =
    [(SIGHUP, AtomicBool::new(false)), (SIGUSR2, AtomicBool::new(false))];

/// How often the process was told to end.
pub(super) fn terminated() -> usize {
    TERMINATED.load(Ordering::SeqCst)
}

/// Whether the process was told by `SIGUSR1`, since this was last asked, to leave when it has no request.
pub(super) fn take_evicted() -> bool {
    EVICTED.swap(false, Ordering::SeqCst)
}

/// Whether the process has reached its limit of processor time since this was last asked.
pub(super) fn take_cpu_limit() -> bool {
    CPU_LIMIT.swap(false, Ordering::SeqCst)
}

/// The signals for the application that have come since this was last asked.
pub(super) fn take_for_application() -> impl Iterator<Item = c_int> {
    FOR_APPLICATION.iter().filter(|(_, came)| came.swap(false, Ordering::SeqCst)).map(|(signal, _)| *signal)
}

/// A pipe that a thread waits for.
pub(super) struct Wake {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Wake {
    /// A pipe with nothing in it.
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { reader, writer })
    }

    /// A pipe that another process writes to as well.
    pub(super) fn shared(reader: OwnedFd, writer: OwnedFd) -> Self {
        Self { reader, writer }
    }

    /// Wakes the thread.
    pub(super) fn wake(&self) {
        // A full pipe wakes it too.
        let _ = rustix::io::write(&self.writer, &[1]);
    }

    /// Forgets all calls of [`Wake::wake`] so far.
    pub(super) fn clear(&self) {
        let mut buffer = [0; 64];
        while rustix::io::read(&self.reader, &mut buffer).is_ok_and(|read| read == buffer.len()) {}
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

/// Takes the signals that mean something to a daemon process from Python. A Ctrl-C at the terminal does not come here: the process
/// is in a group of its own.
pub(super) fn install() -> io::Result<Wake> {
    let wake = Wake::new()?;
    // Python's own handler would be called beside ours, and raise KeyboardInterrupt in what the main thread runs.
    // SAFETY: no handler is given.
    unsafe { libc::signal(SIGINT, libc::SIG_DFL) };
    for signal in [SIGTERM, SIGINT] {
        take(signal, &wake, || {
            TERMINATED.fetch_add(1, Ordering::SeqCst);
        })?;
    }
    take(SIGUSR1, &wake, || EVICTED.store(true, Ordering::SeqCst))?;
    take(SIGXCPU, &wake, || CPU_LIMIT.store(true, Ordering::SeqCst))?;
    for (signal, came) in &FOR_APPLICATION {
        take(*signal, &wake, || came.store(true, Ordering::SeqCst))?;
    }
    Ok(wake)
}

/// Calls `noted`, which must only use atomics, in the handler of a signal, and wakes the main thread.
fn take(signal: c_int, wake: &Wake, noted: impl Fn() + Send + Sync + 'static) -> io::Result<()> {
    let woken = rustix::io::fcntl_dupfd_cloexec(&wake.writer, 3)?;
    let process = std::process::id();
    let handler = move || {
        if std::process::id() == process {
            noted();
            let _ = rustix::io::write(&woken, &[1]);
        } else {
            // A child that the application forked: it shares the pipe, and is told to end itself.
            let _ = emulate_default_handler(signal);
        }
    };
    // SAFETY: the handler uses atomics, getpid, write and signal-hook's own emulation, which may all be used in a signal
    // handler.
    unsafe { register(signal, handler)? };
    Ok(())
}
