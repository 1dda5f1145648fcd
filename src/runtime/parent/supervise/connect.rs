//! Who connects the threads of daemon processes with the front that hands out requests.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};

use super::Parent;
use crate::plan::ProcessGroup;
use crate::plan::limits::Limits;
use crate::plan::log::LogLevel;
use crate::runtime::handoff::Order;
use crate::runtime::parent::slot::Role;

impl Parent {
    /// A process has become ready: a daemon process is connected to the front, a front to all daemon processes.
    pub(super) fn connect(&mut self, index: usize) {
        let Some(front) = self.slots.iter().position(|slot| slot.role == Role::Front && slot.is_ready()) else {
            return;
        };
        let daemons: Vec<usize> = if index == front {
            (0..self.slots.len())
                .filter(|daemon| self.slots[*daemon].role != Role::Front && self.slots[*daemon].is_ready())
                .collect()
        } else {
            vec![index]
        };
        for daemon in daemons.into_iter().filter(|daemon| *daemon != front) {
            self.connect_pair(front, daemon);
        }
    }

    fn connect_pair(&mut self, front: usize, daemon: usize) {
        let Role::Daemon { group } = self.slots[daemon].role else { return };
        let process_group = &self.plan.process_groups[group];
        let count = process_group.threads * connections_per_thread(process_group);
        if count == 0 {
            // A service takes no requests.
            return;
        }
        let Some(running) = &mut self.slots[daemon].running else { return };
        let mut ours = std::mem::take(&mut running.connections);
        if ours.is_empty() {
            // An earlier front had the first ones.
            match self.renew(daemon, count) {
                Ok(connections) => ours = connections,
                Err(error) => {
                    let message = format!("{}: no connections: {error}", self.slots[daemon].label);
                    return self.note(LogLevel::Alert, &message);
                }
            }
        }
        self.hand_over(front, daemon, group, &ours);
    }

    /// Gives a daemon process new connections; the front's ends of them.
    fn renew(&mut self, daemon: usize, count: u32) -> io::Result<Vec<OwnedFd>> {
        let Role::Daemon { group } = self.slots[daemon].role else { return Ok(Vec::new()) };
        let Some(running) = &self.slots[daemon].running else { return Ok(Vec::new()) };
        let (ours, theirs) = connections(count, &self.plan.process_groups[group].limits)?;
        let theirs: Vec<BorrowedFd<'_>> = theirs.iter().map(AsFd::as_fd).collect();
        let order = Order::Connections { group, pid: running.spawned.process.id(), bell: false };
        self.send(daemon, &order, &theirs);
        Ok(ours)
    }

    fn hand_over(&mut self, front: usize, daemon: usize, group: usize, connections: &[OwnedFd]) {
        let Some(running) = &self.slots[daemon].running else { return };
        // The bell is rung by the front alone; it is kept for the next one.
        let Ok(bell) = running.bell.as_ref().map(OwnedFd::try_clone).transpose() else { return };
        let order = Order::Connections { group, pid: running.spawned.process.id(), bell: bell.is_some() };
        let descriptors: Vec<BorrowedFd<'_>> = bell.iter().chain(connections).map(AsFd::as_fd).collect();
        // A front that has gone is replaced, and connected anew.
        self.send(front, &order, &descriptors);
    }

    /// A thread of a daemon process has lost a connection. Where there is no front now, the next one connects all threads.
    pub(super) fn reconnect(&mut self, daemon: usize) {
        let Role::Daemon { group } = self.slots[daemon].role else { return };
        let front = self.slots.iter().position(|slot| slot.role == Role::Front && slot.is_ready());
        if let Some(front) = front
            && let Ok(connections) = self.renew(daemon, 1)
        {
            self.hand_over(front, daemon, group, &connections);
        }
    }
}

/// Connections of each thread of a group. A group of one thread has four: while it answers one request the next ones are on
/// their way, and nobody waits for the other to wake up. With more threads that would queue requests behind busy ones, and
/// with a `queue-timeout` nobody could say of them that they still wait.
pub(in crate::runtime::parent) fn connections_per_thread(group: &ProcessGroup) -> u32 {
    if group.processes == 1 && group.threads == 1 && group.waits.queue.is_none() { 4 } else { 1 }
}

/// Connections for the threads of a daemon process: the front's ends, and the process's.
///
/// # Errors
/// When there are no descriptors to be had.
pub(super) fn connections(threads: u32, limits: &Limits) -> io::Result<(Vec<OwnedFd>, Vec<OwnedFd>)> {
    let pairs = (0..threads).map(|_| UnixStream::pair()).collect::<io::Result<Vec<_>>>()?;
    for end in pairs.iter().flat_map(|(front, thread)| [front, thread]) {
        if let Some(bytes) = limits.send_buffer {
            set_socket_send_buffer_size(end, bytes as usize)?;
        }
        if let Some(bytes) = limits.receive_buffer {
            set_socket_recv_buffer_size(end, bytes as usize)?;
        }
    }
    Ok(pairs.into_iter().map(|(front, thread)| (OwnedFd::from(front), OwnedFd::from(thread))).unzip())
}
