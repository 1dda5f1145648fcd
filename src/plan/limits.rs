//! How long the processes of a group may live, and their requests may take.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Name;

/// The options of `WSGIDaemonProcess` that set a timer in the process, seconds. `None` is without limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timers {
    /// `startup-timeout`: from the first request until a script has been loaded.
    pub startup: Option<u32>,
    /// `shutdown-timeout`: for the requests under way when the process leaves.
    pub shutdown: Option<u32>,
    /// `deadlock-timeout`: for taking the GIL.
    pub deadlock: Option<u32>,
    /// `inactivity-timeout`: without a request.
    pub inactivity: Option<u32>,
    /// `request-timeout`: for one request; times 1 + ln(threads).
    pub request: Option<u32>,
    /// `interrupt-timeout`: for a request in which `RequestTimeout` was raised. Without it none is raised.
    pub interrupt: Option<u32>,
    /// `graceful-timeout`: how long a process that is to leave goes on serving until it has no request.
    pub graceful: Option<u32>,
    /// `eviction-timeout`: the same after `SIGUSR1`.
    pub eviction: Option<u32>,
    /// `restart-interval`: from the start of the process.
    pub restart_interval: Option<u32>,
}

/// The options that say how long a request waits for a process, seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// `queue-timeout`: for a thread that is free.
    pub queue: Option<u32>,
    /// `connect-timeout`: while the group has no process.
    pub connect: Option<u32>,
    /// `socket-timeout`: for the head of an answer; without it `Timeout` holds.
    pub socket: Option<u32>,
    /// `response-socket-timeout`: for a client that takes nothing of an answer; without it `socket-timeout` holds, or `Timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<u32>,
    /// `listen-backlog`: how many requests may wait for a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u32>,
}

/// What a process may have of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// `cpu-time-limit`, seconds.
    pub cpu_time: Option<u32>,
    /// `cpu-priority`.
    pub cpu_priority: Option<i32>,
    /// `memory-limit`, bytes.
    pub memory: Option<u64>,
    /// `virtual-memory-limit`, bytes.
    pub virtual_memory: Option<u64>,
    /// `stack-size`, bytes.
    pub stack_size: Option<u64>,
    /// `send-buffer-size` of the connections between front and process, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_buffer: Option<u32>,
    /// `receive-buffer-size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_buffer: Option<u32>,
}

/// What the processes of a group see of the machine, and which scripts they may run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// `chroot`: the folder that becomes the root folder. Paths of scripts are those outside; all others are those inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chroot: Option<PathBuf>,
    /// `supplementary-groups`, in place of those that the user has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplementary_groups: Option<Vec<Name>>,
    /// `script-user`: the owner that scripts must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_user: Option<Name>,
    /// `script-group`: the group that scripts must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_group: Option<Name>,
}

impl Confinement {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The path of a script as the processes see it: `None` where it is outside of what they see.
    #[must_use]
    pub fn inside<'a>(&self, script: &'a [u8]) -> Option<&'a [u8]> {
        let Some(chroot) = &self.chroot else { return Some(script) };
        let chroot = chroot.as_os_str().as_bytes();
        let chroot = chroot.strip_suffix(b"/").unwrap_or(chroot);
        script.strip_prefix(chroot).filter(|inside| inside.starts_with(b"/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_a_chroot() {
        let confinement = |chroot: &str| Confinement { chroot: Some(chroot.into()), ..Confinement::default() };
        assert_eq!(Confinement::default().inside(b"/a"), Some(b"/a".as_slice()));
        for chroot in ["/jail", "/jail/"] {
            assert_eq!(confinement(chroot).inside(b"/jail/srv/a"), Some(b"/srv/a".as_slice()));
            assert_eq!(confinement(chroot).inside(b"/jailer/a"), None);
            assert_eq!(confinement(chroot).inside(b"/srv/a"), None);
        }
        assert_eq!(confinement("/").inside(b"/srv/a"), Some(b"/srv/a".as_slice()));
    }
}
