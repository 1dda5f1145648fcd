//! `PidFile`: the parent's process id, for `-k stop` and for whatever watches the server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};

/// A file that holds our process id, and goes when we go.
#[derive(Debug)]
pub(super) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes the file. A stale one is replaced.
    ///
    /// # Errors
    /// When another server that runs has it (`AlreadyExists`), or the file cannot be written.
    pub(super) fn write(path: &Path) -> io::Result<Self> {
        if let Some(pid) = running(path) {
            let message = format!("process {} already runs with this PidFile", pid.as_raw_nonzero());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, format!("{}\n", std::process::id()))?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The process that a `PidFile` names, if it runs and is not we.
#[must_use]
pub fn running(path: &Path) -> Option<Pid> {
    let pid = Pid::from_raw(fs::read_to_string(path).ok()?.trim().parse().ok()?)?;
    let other = pid != rustix::process::getpid();
    // A process of another account answers that we may not signal it: it runs.
    let runs = !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH));
    (other && runs).then_some(pid)
}
