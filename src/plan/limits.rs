//! How long the processes of a group may live, and their requests may take.

use serde::{Deserialize, Serialize};

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
}
