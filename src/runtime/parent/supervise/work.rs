//! What each child is started with, and what it is given to do.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::pipe::{PipeFlags, pipe_with};

use super::Parent;
use super::connect::{connections, connections_per_thread};
use crate::plan::interpreters::Interpreters;
use crate::plan::{Plan, Preload, ProcessGroup, ProcessGroupName};
use crate::runtime::handoff::{DaemonWork, FrontWork, ProcessLimits, Start, Work};
use crate::runtime::parent::python;
use crate::runtime::parent::spawn::{Spawned, spawn};
use crate::runtime::scoreboard::Scoreboard;

impl Parent {
    pub(super) fn spawn_front(&self, number: u32) -> io::Result<Spawned> {
        let embedded = self.plan.embedded.runs_python();
        let start = Start {
            label: if embedded { "embedded process".into() } else { "front".into() },
            account: self.accounts.server.clone(),
            chroot: None,
            umask: None,
            limits: ProcessLimits::default(),
            home: None,
            python: embedded.then(|| python::of_embedded(&self.plan)),
        };
        let logs = self.logs.all();
        let work = FrontWork {
            plan: self.plan.clone(),
            listeners: self.bound.iter().map(|bound| bound.listener).collect(),
            logs: logs.iter().map(|(target, _)| target.clone()).collect(),
            embedded,
            script_owners: self.accounts.script_owners.clone(),
            preload: preloads(&self.plan, &ProcessGroupName::Embedded),
            interpreters: self.plan.interpreters.clone(),
            secret: self.common.secret,
            scoreboard: self.common.scoreboard.as_ref().map(|board| (number, board.layout)),
        };
        let board = self.common.scoreboard.as_ref().map(Scoreboard::to_write).transpose()?;
        let listeners = self.bound.iter().map(|bound| bound.socket.as_fd());
        let logs = logs.iter().map(|(_, file)| file.as_fd());
        let descriptors: Vec<BorrowedFd<'_>> = listeners.chain(logs).chain(board.iter().map(AsFd::as_fd)).collect();
        let library = embedded.then_some(&self.library);
        spawn("wsgi-serve: front", &start, library, &Work::Front(Box::new(work)), &descriptors, &*self.output(0)?)
    }

    /// Starts a process of a group; with it the front's ends of its connections, and of its bell.
    pub(super) fn spawn_daemon(&self, index: usize) -> io::Result<(Spawned, Vec<OwnedFd>, Option<OwnedFd>)> {
        let group = &self.plan.process_groups[index];
        let label = format!("process group {}", group.name);
        let start = Start {
            label: label.clone(),
            account: self.accounts.groups[index].clone(),
            chroot: group.confinement.chroot.clone(),
            umask: group.umask,
            limits: process_limits(group, self.common.descriptors.of_daemon(group)),
            home: group.home.clone(),
            python: Some(python::of_group(&self.plan, group)),
        };
        let shown = self.common.scoreboard.as_ref().filter(|_| group.server_metrics);
        let work = DaemonWork {
            group: group.clone(),
            preload: preloads_inside(&self.plan, index),
            connections: connections_per_thread(group),
            level: self.plan.hosts[group.host].error_log.wsgi_level,
            interpreters: Interpreters {
                switch_interval_us: group.switch_interval_us.or(self.plan.interpreters.switch_interval_us),
                ..self.plan.interpreters.clone()
            },
            telemetry: self.plan.telemetry.clone(),
            scoreboard: shown.map(|board| board.layout),
        };
        let (ours, theirs) = connections(group.threads * connections_per_thread(group), &group.limits)?;
        let bell = if connections_per_thread(group) > 1 {
            Some(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
        } else {
            None
        };
        let (reader, writer) = bell.unzip();
        let board = shown.map(Scoreboard::to_read).transpose()?;
        let descriptors: Vec<BorrowedFd<'_>> =
            reader.iter().chain(&writer).chain(&theirs).chain(&board).map(AsFd::as_fd).collect();
        let output = self.output(group.host)?;
        let work = Work::Daemon(Box::new(work));
        let spawned =
            spawn(&format!("wsgi-serve: {label}"), &start, Some(&self.library), &work, &descriptors, &output)?;
        Ok((spawned, ours, writer))
    }

    fn output(&self, host: usize) -> io::Result<Arc<std::fs::File>> {
        let target = &self.plan.hosts[host].error_log.target;
        self.logs.file(target).ok_or_else(|| io::Error::other("an error log that is not open"))
    }
}

/// What the kernel is to see to.
fn process_limits(group: &ProcessGroup, descriptors: u64) -> ProcessLimits {
    let limits = &group.limits;
    let timers = [group.timers.graceful, group.timers.shutdown];
    // Beyond the first limit the process has its time to leave; then the kernel ends it.
    let leave = timers.into_iter().flatten().map(u64::from).sum::<u64>() + 1;
    ProcessLimits {
        cpu_priority: limits.cpu_priority.filter(|priority| *priority != 0),
        cpu_time: limits.cpu_time.map(|limit| (limit.into(), u64::from(limit) + leave)),
        descriptors: Some(descriptors),
        data: limits.memory,
        address_space: limits.virtual_memory,
    }
}

/// What the processes of a group load when they start.
fn preloads(plan: &Plan, process_group: &ProcessGroupName) -> Vec<Preload> {
    let preloads = plan.preloads.iter().filter(|preload| preload.process_group == *process_group);
    preloads.cloned().collect()
}

/// Those of a process group, by the paths that its processes see.
fn preloads_inside(plan: &Plan, index: usize) -> Vec<Preload> {
    let confinement = &plan.process_groups[index].confinement;
    let preloads = preloads(plan, &ProcessGroupName::Daemon(index)).into_iter().filter_map(|preload| {
        let script = confinement.inside(preload.script.as_os_str().as_bytes())?;
        let script = PathBuf::from(OsStr::from_bytes(script));
        Some(Preload { script, ..preload })
    });
    preloads.collect()
}
