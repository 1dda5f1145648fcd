//! From the parent's first words to the exit status: what daemon and embedded processes have in common.

use std::backtrace::Backtrace;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use wsgi_httpd::plan::Preload;
use wsgi_httpd::plan::interpreters::InterpreterOptions;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::handoff::{Control, Report, Work};

use crate::application_group;
use crate::forked;
use crate::gil;
use crate::interpreter::{self, Interpreter, own_gil_is_possible};
use crate::log;
use crate::metrics;
use crate::module::{self, settings};
use crate::object::Attached;
use crate::script::{Readiness, Reloading};
use crate::{daemon, embedded};

/// How long a process may take to leave when nobody says: `mod_wsgi`'s default of `shutdown-timeout`.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// The exit status of a process that could not end as it should.
const FAILURE: i32 = 1;

/// Does the work that the parent sends. `library` is the descriptor that we were loaded from.
pub(crate) fn run(attached: Attached<'_>, library: i32) -> i32 {
    metrics::process_begins();
    forked::watch();
    std::panic::set_hook(Box::new(|panic| {
        let text = format!("internal error: {panic}\n{}", Backtrace::force_capture());
        log::write(LogLevel::Crit, None, text);
    }));
    let received = attached.detached(|| receive(library));
    let (control, work, descriptors) = match received {
        Ok(received) => received,
        Err(error) => {
            log::write(LogLevel::Crit, None, format!("no work was received from the parent: {error}"));
            return FAILURE;
        }
    };
    let done = match work {
        Work::Daemon(work) => daemon::run(attached, &work, descriptors, &control),
        Work::Front(work) => embedded::run(attached, *work, descriptors, &control),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            let message = error.to_string();
            log::write(LogLevel::Crit, None, &message);
            // The parent may have gone; the log has it in any case.
            let _ = control.send(&Report::Failed { message }, &[]);
            FAILURE
        }
    }
}

fn receive(library: i32) -> io::Result<(Control, Work, VecDeque<OwnedFd>)> {
    // Kept open, since backtraces read their symbols by the name that the library was loaded by; closed in what the
    // application executes.
    // SAFETY: the descriptor is open as long as the process is: nobody owns it.
    let library = unsafe { BorrowedFd::borrow_raw(library) };
    rustix::io::fcntl_setfd(library, rustix::io::FdFlags::CLOEXEC)?;
    module::set_built(rustix::fs::fstat(library)?.st_mtime);
    let control = Control::from_stdin()?;
    match File::open("/dev/null") {
        Ok(nothing) => rustix::stdio::dup2_stdin(nothing)?,
        // There may be none in a chroot: a pipe that nobody writes to is at its end too.
        Err(_) => rustix::stdio::dup2_stdin(rustix::pipe::pipe()?.0)?,
    }
    let (work, descriptors) = control.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((control, work, descriptors))
}

/// Makes the main interpreter fit for applications.
pub(crate) fn furnish_main(attached: Attached<'_>) -> io::Result<&'static Interpreter> {
    gil::ask(attached);
    for text in passed_over() {
        log::write(LogLevel::Warn, None, text);
    }
    application_group::adopt_main(attached).map_err(|_| {
        crate::gateway::errors::log_raised_plain(attached);
        io::Error::other("this Python cannot run applications; the error log says why")
    })
}

/// What this process does not do of what is asked of interpreters.
fn passed_over() -> impl Iterator<Item = &'static str> {
    let settings = settings();
    let (interpreters, group) = (&settings.interpreters, &settings.process_group);
    let of_group = |options: &&InterpreterOptions| options.process_group.as_ref().is_none_or(|name| name == group);
    let mut options = interpreters.options.iter().filter(of_group);
    let own_gil = interpreters.own_gil || options.clone().any(|options| options.own_gil == Some(true));
    let no_gil = gil::is_off();
    // Of any group: it is the line that is wrong.
    let of_interpreter =
        |options: &InterpreterOptions| options.application_group.is_some() && options.free_threading.is_some();
    [
        interpreters.options.iter().any(of_interpreter).then_some(
            "WSGI0201: WSGIFreeThreading for one application group is passed over: it holds for a whole process",
        ),
        (own_gil && !no_gil && !own_gil_is_possible())
            .then_some("WSGI0198: WSGIPerInterpreterGIL On needs Python 3.12 or later: the application groups share one GIL"),
        (!no_gil && interpreters.free_threading(group)).then_some(
            "WSGI0200: WSGIFreeThreading On has no effect: this Python has its GIL; it needs one that is built free-threaded",
        ),
        (no_gil && own_gil).then_some("WSGI0202: WSGIPerInterpreterGIL On is passed over: this process has no GIL"),
        (no_gil && interpreters.switch_interval_us.is_some()).then_some(if group.is_empty() {
            "WSGI0203: the switch interval is passed over: this process has no GIL"
        } else {
            "WSGI0204: the switch interval is passed over: this process has no GIL"
        }),
        (no_gil && options.any(|options| options.switch_interval_us.is_some()))
            .then_some("WSGI0205: the switch interval of an interpreter is passed over: this process has no GIL"),
    ]
    .into_iter()
    .flatten()
}

/// Loads scripts before the first request. A failure is in the error log, and the first request tries again.
pub(crate) fn preload(scripts: &[Preload]) {
    use std::os::unix::ffi::OsStrExt;
    for preload in scripts {
        let Some(interpreter) = application_group::application_group(&preload.application_group) else {
            let text =
                format!("WSGI0040: there is no interpreter to load WSGI script '{}' in", preload.script.display());
            log::write(LogLevel::Crit, None, text);
            continue;
        };
        let script = interpreter.script(preload.script.as_os_str().as_bytes());
        interpreter.attach(false, |attached| {
            if let Readiness::Ready(globals) = script.ready(attached, interpreter, Reloading::Off, 0, None) {
                drop(globals);
            }
            crate::gateway::errors::end_line_of_thread();
        });
    }
}

/// Ends the process by force when it has not left by then: an application's thread may never end, or an `atexit` function.
pub(crate) fn leave_within(limit: Duration) {
    // It outlives this function and Python itself, so nobody can wait for it; it ends with the process.
    let watch = std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
        std::thread::sleep(limit);
        exit_hard("the application has not ended in time");
    });
    if watch.is_err() {
        log::write(LogLevel::Error, None, "WSGI0070: no thread to watch the end of the process");
    }
}

/// Ends the process at once, without Python.
pub(crate) fn exit_hard(why: &str) -> ! {
    log::write(LogLevel::Error, None, format!("{why}: the process is ended by force"));
    // SAFETY: ends the process; nothing runs after it.
    unsafe { libc::_exit(FAILURE) }
}

/// Ends all interpreters but the main one, which ends when `main` has returned. No thread runs requests any more.
pub(crate) fn end_interpreters(attached: Attached<'_>, main: &'static Interpreter) {
    if settings().interpreters.undestroyed {
        // WSGIDestroyInterpreter Off: nothing of Python's runs any more.
        // SAFETY: ends the process; nothing runs after it.
        unsafe { libc::_exit(0) }
    }
    let ended = attached.detached(|| {
        interpreter::forget_thread_states();
        application_group::end_all()
    });
    interpreter::ending();
    main.forget_application(attached);
    if !ended {
        // Python would abort: "remaining subinterpreters". What the application has a right to is done.
        main.end_threads(attached);
        main.run_at_exit(attached);
        // SAFETY: ends the process; nothing runs after it.
        unsafe { libc::_exit(0) }
    }
}
