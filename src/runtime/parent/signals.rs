//! Signals of the parent: they wake its loop through a socket, and say what they want through flags.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGWINCH};
use signal_hook::{flag, low_level::pipe};

/// The parent's signals.
#[derive(Debug)]
pub(super) struct Signals {
    wake: UnixStream,
    stop: [Arc<AtomicUsize>; 3],
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// Takes over `SIGTERM`, `SIGINT` and `SIGWINCH` (stop), `SIGHUP` and `SIGUSR1` (reload), and `SIGCHLD`.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub(super) fn take() -> io::Result<Self> {
        let (wake, write) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let stop = [SIGTERM, SIGINT, SIGWINCH].map(|signal| (signal, Arc::new(AtomicUsize::new(0))));
        for (signal, flag) in &stop {
            flag::register_usize(*signal, Arc::clone(flag), 1)?;
            pipe::register(*signal, write.try_clone()?)?;
        }
        let reload = Arc::new(AtomicBool::new(false));
        for signal in [SIGHUP, SIGUSR1] {
            flag::register(signal, Arc::clone(&reload))?;
            pipe::register(signal, write.try_clone()?)?;
        }
        pipe::register(SIGCHLD, write)?;
        Ok(Self { wake, stop: stop.map(|(_, flag)| flag), reload })
    }

    /// What the loop waits on.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Forgets the wake-ups.
    pub(super) fn clear(&self) {
        let mut buffer = [0; 64];
        while matches!((&self.wake).read(&mut buffer), Ok(read) if read > 0) {}
    }

    /// Whether a stop was asked for since the last question.
    pub(super) fn take_stop(&self) -> bool {
        self.stop.iter().map(|flag| flag.swap(0, Ordering::Relaxed)).sum::<usize>() > 0
    }

    /// Whether a reload was asked for since the last question.
    pub(super) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }
}
