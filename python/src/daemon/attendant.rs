//! What has to be done in Python for the watch over the requests: on a thread of its own, since the GIL may never come.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use wsgi_httpd::plan::log::LogLevel;

use super::{Milliseconds, Shared};
use crate::gil;
use crate::interpreter::Interpreter;
use crate::log;
use crate::object::{Attached, Object};

/// The longest pause between two tries to take the GIL.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The shortest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// A request: its thread, and when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Late {
    pub(super) thread: usize,
    pub(super) begun: Milliseconds,
}

/// What to do.
enum Order {
    /// Raise `RequestTimeout` in it.
    Interrupt(Late),
    /// Write its Python stack into the error log.
    Show(Late),
}

/// The thread.
pub(super) struct Attendant {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

impl Attendant {
    /// Starts it. With a `deadlock-timeout` it also takes the GIL from time to time.
    pub(super) fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let shared = Arc::clone(shared);
        let (orders, received) = channel();
        let thread = std::thread::Builder::new().name("attendant".to_owned()).stack_size(crate::STACK_SIZE);
        let thread = thread.spawn(move || attend(&shared, &received))?;
        Ok(Self { orders, thread })
    }

    /// Raises `RequestTimeout` in a request.
    pub(super) fn interrupt(&self, late: Late) {
        // It only ends with the process.
        let _ = self.orders.send(Order::Interrupt(late));
    }

    /// Writes a request's Python stack into the error log.
    pub(super) fn show(&self, late: Late) {
        let _ = self.orders.send(Order::Show(late));
    }

    /// Ends it.
    pub(super) fn end(self) {
        drop(self.orders);
        // A panic is in the log.
        let _ = self.thread.join();
    }
}

fn attend(shared: &Shared, orders: &Receiver<Order>) {
    let pause = match shared.timers.deadlock {
        Some(seconds) => (Duration::from_secs(seconds.into()) / 10).clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
        None => Duration::MAX,
    };
    loop {
        match orders.recv_timeout(pause) {
            Ok(Order::Interrupt(late)) => interrupt(shared, late),
            Ok(Order::Show(late)) => show(shared, late),
            Err(RecvTimeoutError::Timeout) => attach(shared, Interpreter::main(), |_| ()),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Attaches, so that the main thread can see for how long it was tried.
fn attach(shared: &Shared, interpreter: &'static Interpreter, f: impl FnOnce(Attached<'_>)) {
    shared.attaching.store(shared.now(), Ordering::SeqCst);
    interpreter.attach(false, |attached| {
        shared.attaching.store(0, Ordering::SeqCst);
        f(attached);
    });
}

fn interrupt(shared: &Shared, late: Late) {
    let seat = &shared.slots[late.thread].seat;
    let Some(interpreter) = seat.interpreter() else { return };
    attach(shared, interpreter, |attached| {
        seat.interrupt(attached, interpreter, || late.is_running(shared));
    });
}

fn show(shared: &Shared, late: Late) {
    let seat = &shared.slots[late.thread].seat;
    let Some(interpreter) = seat.interpreter() else { return };
    attach(shared, interpreter, |attached| {
        if !late.is_running(shared) {
            return;
        }
        if gil::is_off() {
            // The thread runs on while we would follow its frames.
            return log::write(LogLevel::Error, None, "its Python stack cannot be shown: this process has no GIL");
        }
        let stack = Object::integer(attached, seat.thread() as i64)
            .and_then(|thread| Object::tuple(attached, [thread]))
            .and_then(|arguments| interpreter.holder(attached).stack.call_tuple(attached, &arguments));
        let Ok(stack) = stack else { return attached.clear_raised() };
        let text = stack.as_str(attached).unwrap_or("  (it cannot be shown)");
        let head = format!("the Python stack of request thread {}:", late.thread + 1);
        log::write(LogLevel::Error, None, format!("{head}\n{text}"));
    });
}

impl Late {
    /// Whether it is still under way.
    pub(super) fn is_running(self, shared: &Shared) -> bool {
        shared.slots[self.thread].running() == Some(self.begun)
    }
}
