//! The language server: the protocol that editors speak, over standard input and output. What it says comes from the compiler
//! and its tables; here are only places, names and the protocol.
//!
//! One thread reads, one does all the work. What waits in the queue is taken in before anything is compiled, so that of several
//! changes only the last is.

mod actions;
mod answers;
mod completion;
mod diagnostics;
mod documents;
mod edits;
mod elsewhere;
mod frames;
mod hover;
mod names;
mod navigation;
mod pages;
mod place;
mod position;
mod project;
mod queue;
mod session;
mod settings;
mod symbols;
mod tokens;
mod uri;
mod workspace;

use std::io::{self, BufRead, Write};

use queue::Queue;
use session::Session;

use crate::compiler::Options;

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client asked for it first, as the protocol wants it.
    Orderly,
    /// The client went away.
    Abrupt,
}

/// Serves one client until it asks us to end, or its end of the input closes.
///
/// # Errors
/// When nothing can be written to the client any more.
pub fn serve(input: impl BufRead + Send + 'static, output: impl Write, options: Options) -> io::Result<End> {
    let mut queue = Queue::new(input);
    let mut session = Session::new(output, options);
    while let Some((incoming, cancelled)) = queue.next() {
        if let Some(end) = session.take(incoming, cancelled)? {
            return Ok(end);
        }
        if queue.is_empty() {
            session.publish()?;
        }
    }
    Ok(End::Abrupt)
}
