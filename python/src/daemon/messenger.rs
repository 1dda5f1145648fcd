//! Tells applications of signals, on a thread of its own: what they do then may take its time.

use std::ffi::c_int;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::events;

/// The thread, once there is something to tell.
#[derive(Default)]
pub(super) struct Messenger(Option<(Sender<c_int>, JoinHandle<()>)>);

impl Messenger {
    /// Tells of a signal, if anybody watches.
    pub(super) fn tell(&mut self, signal: c_int) -> io::Result<()> {
        if !events::is_watched() {
            return Ok(());
        }
        let (signals, _) = match &mut self.0 {
            Some(running) => running,
            none => none.insert(start()?),
        };
        // It only ends with the process.
        let _ = signals.send(signal);
        Ok(())
    }

    /// Waits until all has been told.
    pub(super) fn end(self) {
        if let Some((signals, thread)) = self.0 {
            drop(signals);
            // A panic is in the log.
            let _ = thread.join();
        }
    }
}

fn start() -> io::Result<(Sender<c_int>, JoinHandle<()>)> {
    let (signals, received) = channel();
    let thread =
        std::thread::Builder::new().name("signals".to_owned()).stack_size(crate::STACK_SIZE).spawn(move || {
            for signal in received {
                let name = if signal == libc::SIGHUP { "SIGHUP" } else { "SIGUSR2" };
                events::process_is_signalled(name, signal);
            }
        })?;
    Ok((signals, thread))
}
