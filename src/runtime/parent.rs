//! The parent: binds, opens, starts the processes, watches them, and takes signals. It runs no Python and serves nothing.

mod accounts;
mod descriptors;
mod error;
mod inbox;
mod listen;
mod logs;
mod pid_file;
mod python;
mod remarks;
mod signals;
mod slot;
mod spawn;
mod supervise;

use std::fs::File;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::plan::Plan;
use crate::runtime::scoreboard::Scoreboard;
pub use error::StartError;
pub use pid_file::running;
pub use spawn::CHILD;

use descriptors::Descriptors;
use supervise::{Accounts, Common, Parent};

/// How to launch.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Root may stay root where no `User` is given.
    pub allow_root: bool,
    /// `-X`: one process a group.
    pub single: bool,
    /// The library that `python` loads.
    pub library: PathBuf,
}

/// What runs when all is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Where the listeners of `Plan::listeners` are, in its order.
    pub listening: Vec<SocketAddr>,
    /// For each process group in the plan's order, the version of Python; `None` where no process is ready yet.
    pub pythons: Vec<Option<String>>,
    /// Python in embedded mode.
    pub embedded: Option<String>,
    /// What the machine has to say: a script that is not there, an account that cannot be taken.
    pub remarks: Vec<String>,
}

/// Runs a plan until a signal ends it. `started` is called once, when all processes are up; not at all when the signal came
/// before.
///
/// # Errors
/// When something could not be started: nothing is left running then.
pub fn launch(mut plan: Plan, how: &Launch, started: impl FnOnce(&Plan, &Started)) -> Result<(), StartError> {
    if how.single {
        plan.embedded.processes = 1;
        for group in &mut plan.process_groups {
            group.processes = 1;
        }
    }
    if !plan.process_groups.is_empty() {
        // One process queues for a group: several fronts would each see a part of its threads.
        plan.embedded.processes = 1;
    }
    let descriptors = Descriptors::raise(&plan)?;
    let signals = signals::Signals::take().map_err(StartError::Machine)?;
    let accounts = accounts::of_server(&plan, how.allow_root)?;
    let group_accounts = plan
        .process_groups
        .iter()
        .map(|group| accounts::of_group(&plan, group, accounts.as_ref()))
        .collect::<Result<Vec<_>, _>>()?;
    let script_owners = plan.process_groups.iter().map(accounts::of_scripts).collect::<Result<Vec<_>, _>>()?;
    let library = open_library(&how.library)?;
    let bound = listen::bind_all(&plan)?;
    let logs = logs::Logs::open(&plan)?;
    let pid_file = pid_file::PidFile::write(&plan.pid_file)
        .map_err(|source| StartError::PidFile { path: plan.pid_file.clone(), source })?;
    let secret = secret().map_err(StartError::Machine)?;
    let scoreboard = plan.scoreboard().map(Scoreboard::create).transpose().map_err(StartError::Machine)?;
    let accounts = Accounts { server: accounts, groups: group_accounts, script_owners };
    let common = Common { secret, scoreboard, descriptors };
    let mut parent = Parent::new(plan, accounts, library, bound, logs, signals, common);
    let result = serve(&mut parent, started);
    parent.end();
    drop(pid_file);
    result
}

/// What nobody else knows.
fn secret() -> std::io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    rustix::rand::getrandom(&mut secret, rustix::rand::GetRandomFlags::empty())?;
    Ok(secret)
}

fn serve(parent: &mut Parent, started: impl FnOnce(&Plan, &Started)) -> Result<(), StartError> {
    let Some(state) = parent.start()? else { return Ok(()) };
    started(parent.plan(), &state);
    parent.watch()
}

/// Where the library lies, seen from a command: beside it, or in `../lib/wsgi-httpd/`.
#[must_use]
pub fn library_beside(command: &Path) -> PathBuf {
    const NAME: &str = "libwsgi_python.so";
    let folder = command.parent().unwrap_or(Path::new("/"));
    let beside = folder.join(NAME);
    if beside.exists() { beside } else { folder.join("../lib/wsgi-httpd").join(NAME) }
}

fn open_library(path: &Path) -> Result<OwnedFd, StartError> {
    match File::open(path) {
        Ok(file) => Ok(file.into()),
        Err(source) => Err(StartError::Library { path: path.to_owned(), source }),
    }
}
