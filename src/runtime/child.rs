//! What `wsgi-serve` does when its parent has started it anew: it becomes an account, and then a front or a `python`.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustix::fs::Mode;
use rustix::io::{FdFlags, fcntl_setfd};

use super::boot::Boot;
use super::handoff::{Account, Control, ProcessLimits, Python, Report, Start, Work};
use super::log::ErrorLog;
use super::{front, privileges};
use crate::plan::log::LogLevel;

/// Runs a child; the exit status of the process. What goes wrong is reported to the parent.
///
/// # Errors
/// When there is no parent to talk to.
pub fn run() -> io::Result<u8> {
    let control = Control::from_stdin()?;
    let Some((start, mut descriptors)) = control.receive::<Start>()? else { return Ok(1) };
    let failed = match prepare(&start) {
        Err(message) => message,
        Ok(()) => match &start.python {
            // Only returns when it fails.
            Some(python) => execute(&start, python, descriptors.pop_front()),
            None => match serve(control.try_clone()?) {
                Ok(()) => return Ok(0),
                Err(error) => format!("{}: {error}", start.label),
            },
        },
    };
    control.send(&Report::Failed { message: failed }, &[])?;
    Ok(1)
}

fn serve(control: Control) -> io::Result<()> {
    match control.receive::<Work>()? {
        Some((Work::Front(work), descriptors)) => front::serve(*work, descriptors, control, None),
        Some((Work::Daemon(_), _)) => Err(io::Error::other("a daemon's work without Python")),
        None => Ok(()),
    }
}

/// Umask, account, working directory: in this order, so that nothing of the account is touched with root's rights.
fn prepare(start: &Start) -> Result<(), String> {
    let at = |code: &str, what: String, error: io::Error| format!("{code}: {}: {what}: {error}", start.label);
    if let Some(umask) = start.umask {
        rustix::process::umask(Mode::from_raw_mode(umask));
    }
    limit(&start.label, &start.limits);
    if let Some(account) = &start.account {
        let code = if account.groups.is_some() { "WSGI0005" } else { "WSGI0006" };
        privileges::take_groups(account).map_err(|error| at(code, "supplementary groups".into(), error))?;
    }
    // Before the account, which could not; after the groups, which are looked up outside.
    if let Some(chroot) = &start.chroot {
        let enter = privileges::enter_root(chroot);
        enter.map_err(|error| at("WSGI0003", format!("chroot {}", chroot.display()), error))?;
    }
    if let Some(account) = &start.account {
        let name = account.user.clone().unwrap_or_else(|| account.uid.to_string());
        privileges::become_account(account).map_err(|error| at("WSGI0007", format!("cannot become {name}"), error))?;
    }
    match (&start.home, &start.account) {
        (Some(home), _) => {
            let enter = std::env::set_current_dir(home);
            enter.map_err(|error| at("WSGI0009", format!("home {}", home.display()), error))
        }
        // An account's home that is not there is no reason to stay where root was.
        (None, Some(account)) => enter_home(account).map_err(|error| at("WSGI0010", "working directory".into(), error)),
        (None, None) => Ok(()),
    }
}

/// Sets what the kernel sees to. What cannot be had is noted: as in `mod_wsgi` the process starts without it.
fn limit(label: &str, limits: &ProcessLimits) {
    let note = |code: &str, what: &str, error: io::Error| {
        if let Ok(output) = io::stderr().as_fd().try_clone_to_owned() {
            let log = ErrorLog::new(Arc::new(output.into()), LogLevel::Warn);
            log.write("wsgi", LogLevel::Warn, &format!("{code}: {label}: {what} cannot be set: {error}"));
        }
    };
    if let Some(priority) = limits.cpu_priority
        && let Err(error) = rustix::process::setpriority_process(None, priority)
    {
        note("WSGI0075", "cpu-priority", error.into());
    }
    if let Some(most) = limits.descriptors
        && let Err(error) = getrlimit(Resource::RLIMIT_NOFILE)
            .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, most.min(hard), hard))
    {
        note("RLIMIT_NOFILE", "the number of descriptors", error.into());
    }
    let both = |limit: Option<u64>| limit.map(|limit| (limit, limit));
    for (code, what, resource, limit) in [
        ("WSGI0076", "cpu-time-limit", Resource::RLIMIT_CPU, limits.cpu_time),
        ("WSGI0077", "memory-limit", Resource::RLIMIT_DATA, both(limits.data)),
        ("WSGI0078", "virtual-memory-limit", Resource::RLIMIT_AS, both(limits.address_space)),
    ] {
        if let Some((soft, hard)) = limit
            && let Err(error) = setrlimit(resource, soft, hard)
        {
            note(code, what, error.into());
        }
    }
}

fn enter_home(account: &Account) -> io::Result<()> {
    let home = account.home.as_deref().filter(|home| std::env::set_current_dir(home).is_ok());
    if home.is_some() { Ok(()) } else { std::env::set_current_dir("/") }
}

/// Becomes the interpreter; says what went wrong when it cannot.
fn execute(start: &Start, python: &Python, library: Option<OwnedFd>) -> String {
    let Some(library) = library else { return format!("{}: no library came with the start", start.label) };
    if let Err(error) = fcntl_setfd(&library, FdFlags::empty()) {
        return format!("{}: {error}", start.label);
    }
    let program = python.program.as_deref().map_or_else(|| PathBuf::from("python3"), executable);
    let place = match place_of(&library) {
        Ok(place) => place,
        Err(error) => {
            let remedy = "mount `proc` in its chroot, or let it have a folder `/tmp` there that its user can write to";
            return format!("{}: the library cannot be loaded: {error}; {remedy}", start.label);
        }
    };
    let mut command = Command::new(&program);
    let boot = Boot {
        library: library.as_raw_fd(),
        copy: place.as_deref(),
        origin: &python.origin,
        free_threading: python.free_threading,
    };
    command.args(&python.arguments).arg("-c").arg(boot.text());
    if python.program.is_some() {
        command.env_remove("PYTHONHOME");
    }
    if let Some(account) = &start.account {
        set_account(&mut command, account);
    }
    command.envs(python.environment.iter().map(|(name, value)| (name, value)));
    let error = command.exec();
    explain(python, &program, &error)
}

/// Where Python finds the library. `None`: by its descriptor. In a chroot without `/proc` a copy is made, which is removed when it
/// has been loaded.
fn place_of(library: &OwnedFd) -> io::Result<Option<PathBuf>> {
    if Path::new("/proc/self/fd").is_dir() {
        return Ok(None);
    }
    let place = PathBuf::from(format!("/tmp/wsgi_python.{}.so", std::process::id()));
    let mut copy = File::options().write(true).create_new(true).mode(0o500).open(&place)?;
    // The descriptor's position is shared with whoever else has it.
    let library = File::from(library.try_clone()?);
    let (mut block, mut offset) = (vec![0; 1 << 16], 0);
    loop {
        let read = library.read_at(&mut block, offset)?;
        if read == 0 {
            return Ok(Some(place));
        }
        copy.write_all(&block[..read])?;
        offset += read as u64;
    }
}

/// `bin/python`, or `bin/python3` where only that is there.
fn executable(program: &Path) -> PathBuf {
    let other = program.with_file_name("python3");
    if !program.exists() && other.exists() { other } else { program.to_owned() }
}

fn set_account(command: &mut Command, account: &Account) {
    if let Some(user) = &account.user {
        command.env("USER", user).env("LOGNAME", user).env("USERNAME", user);
    }
    if let Some(home) = &account.home {
        command.env("HOME", home);
    }
}

fn explain(python: &Python, program: &Path, error: &io::Error) -> String {
    let origin = &python.origin;
    let shown = program.display();
    let remedy = match (error.kind(), &python.program) {
        (io::ErrorKind::NotFound, Some(program)) => {
            let home = program.parent().and_then(Path::parent).unwrap_or(program).display();
            format!("make it with `python3 -m venv {home}`")
        }
        (io::ErrorKind::NotFound, None) => {
            "no python3 is on PATH: install one, or name one with python-home= or WSGIPythonHome".to_owned()
        }
        (io::ErrorKind::PermissionDenied, _) => {
            "the account of this process may not execute it: let it enter the folders above, or use a Python that it can".to_owned()
        }
        _ => "check that it runs by hand".to_owned(),
    };
    format!("{}: {origin}: {shown} cannot be started: {error}; {remedy}", python.code)
}
