//! A process group without threads: its scripts run in the main thread, one after the other, and the process ends with them.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wsgi_httpd::runtime::handoff::{Control, DaemonWork, Order, Report};

use crate::application_group::application_group;
use crate::events;
use crate::gateway::errors::end_line_of_thread;
use crate::log;
use crate::module::{self, python_version};
use crate::object::Attached;
use crate::process::{self, SHUTDOWN_TIMEOUT};
use wsgi_httpd::plan::log::LogLevel;

/// Runs the scripts. `SIGTERM` raises `SystemExit` in the one that runs, if that is in the main interpreter, where alone Python
/// lets signals be handled.
pub(super) fn run(attached: Attached<'_>, work: &DaemonWork, control: &Control) -> io::Result<()> {
    let leaving = Arc::new(AtomicBool::new(false));
    watch(control.try_clone()?, Arc::clone(&leaving))?;
    control.send(&Report::Ready { python: Some(python_version()) }, &[])?;
    attached.detached(|| {
        for preload in &work.preload {
            if leaving.load(Ordering::SeqCst) {
                break;
            }
            let Some(interpreter) = application_group(&preload.application_group) else { continue };
            let script = interpreter.script(preload.script.as_os_str().as_bytes());
            interpreter.attach(false, |attached| {
                script.run_service(attached, interpreter);
                end_line_of_thread();
            });
        }
    });
    attached.detached(|| events::process_stops("shutdown_signal"));
    let group = &module::settings().process_group;
    log::write(LogLevel::Info, None, format!("the service scripts of process group '{group}' have ended"));
    Ok(())
}

/// Listens to the parent on a thread of its own: the main one runs Python.
fn watch(control: Control, leaving: Arc<AtomicBool>) -> io::Result<()> {
    // It waits for the parent as long as the process lives, and ends with it.
    let watch = move || {
        let within = loop {
            match control.receive::<Order>() {
                Ok(Some((Order::Stop { within }, _))) => break Duration::try_from_secs_f64(within).ok(),
                Ok(Some((Order::Connections { .. } | Order::Failing { .. }, _))) => {}
                // The parent has gone, or makes no sense any more.
                Ok(None) | Err(_) => break None,
            }
        };
        leaving.store(true, Ordering::SeqCst);
        process::leave_within(within.unwrap_or(SHUTDOWN_TIMEOUT));
        // SAFETY: sends a signal to this process, for which Python's handler is installed.
        unsafe { libc::kill(libc::getpid(), libc::SIGTERM) };
    };
    std::thread::Builder::new().name("parent".to_owned()).spawn(watch)?;
    Ok(())
}
