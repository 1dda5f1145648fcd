//! Starts a child: `wsgi-serve` anew, with one end of a socket as its standard input and the error log as its output.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Serialize;

use crate::runtime::handoff::{Control, Start};

/// The argument that makes `wsgi-serve` a child.
pub const CHILD: &str = "--child-of-wsgi-serve";

/// How long a child may take to read what it is given.
const PATIENCE: Duration = Duration::from_secs(10);

/// A child that has been given its work.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) process: Child,
    pub(super) control: Control,
}

/// Starts a child and gives it its work.
///
/// # Errors
/// When there are no processes or descriptors to be had.
pub(super) fn spawn<W: Serialize>(
    title: &str,
    start: &Start,
    library: Option<&OwnedFd>,
    work: &W,
    descriptors: &[BorrowedFd<'_>],
    output: &File,
) -> io::Result<Spawned> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("/proc/self/exe");
    command.arg0(title).arg(CHILD);
    command.stdin(Stdio::from(OwnedFd::from(theirs)));
    command.stdout(output.try_clone()?).stderr(output.try_clone()?);
    // A group of its own: what the terminal sends to the parent is the parent's to pass on.
    let process = command.process_group(0).spawn()?;
    let control = Control::new(ours);
    control.limit_sending(PATIENCE)?;
    let library: Vec<BorrowedFd<'_>> = library.iter().map(|library| library.as_fd()).collect();
    let told = control.send(start, &library).and_then(|()| control.send(work, descriptors));
    let mut spawned = Spawned { process, control };
    if let Err(error) = told {
        let _ = spawned.process.kill();
        let _ = spawned.process.wait();
        return Err(error);
    }
    Ok(spawned)
}
