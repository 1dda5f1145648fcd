//! How many descriptors the processes need, and may have (`RLIMIT_NOFILE`).

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::error::StartError;
use super::supervise::connections_per_thread;
use crate::plan::{Plan, ProcessGroup};

/// What a process opens beside connections: logs, listeners, pipes, files that it reads.
const ASIDE: u64 = 64;
/// What a daemon process has for its application beside the connections of its threads, if the machine lets it.
const OF_APPLICATION: u64 = 256;

/// The limits of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descriptors {
    /// What the server was started with.
    soft: u64,
    /// What it may raise that to.
    hard: u64,
}

impl Descriptors {
    /// Raises this process's limit as far as it goes: each client takes a descriptor, and each thread of a daemon process.
    ///
    /// # Errors
    /// When the configuration needs more than the machine allows.
    pub(super) fn raise(plan: &Plan) -> Result<Self, StartError> {
        let machine = |error: nix::Error| StartError::Machine(io::Error::from(error));
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(machine)?;
        let connections: Vec<u64> = plan.process_groups.iter().map(of_process).collect();
        let all: u64 = plan.process_groups.iter().zip(&connections).map(|(group, each)| each * processes(group)).sum();
        // The parent has both ends of a new process's connections for a moment.
        let needed = all + connections.iter().max().copied().unwrap_or_default() + ASIDE;
        if needed > hard {
            let most = plan.process_groups.iter().max_by_key(|group| of_process(group) * processes(group));
            let place = most.map(|group| group.place.clone());
            return Err(StartError::Descriptors { place, needed, hard });
        }
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(machine)?;
        Ok(Self { soft, hard })
    }

    /// The limit of a daemon process: what the server was started with, as applications may call `select()`, which knows
    /// descriptors below 1024 alone; more where its threads need more.
    pub(super) fn of_daemon(self, group: &ProcessGroup) -> u64 {
        self.soft.max(of_process(group) + OF_APPLICATION).min(self.hard)
    }
}

fn of_process(group: &ProcessGroup) -> u64 {
    u64::from(group.threads) * u64::from(connections_per_thread(group))
}

fn processes(group: &ProcessGroup) -> u64 {
    group.processes.into()
}
