//! What a process takes of the machine.

use crate::gateway::meter::CpuTime;

/// At one moment.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Usage {
    /// Processor time of all its threads, ended ones too.
    pub(crate) cpu: CpuTime,
    /// Bytes of memory that it has now.
    pub(crate) memory: u64,
    /// And has had at most.
    pub(crate) most_memory: u64,
}

impl Usage {
    /// Now.
    pub(crate) fn now() -> Self {
        let (cpu, kilobytes) = CpuTime::of_process();
        Self { cpu, memory: memory().unwrap_or_default(), most_memory: kilobytes * 1024 }
    }
}

/// The second word of `/proc/self/statm` counts pages.
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    // Not from the auxiliary vector, as rustix reads it: that of a process under valgrind is valgrind's.
    // SAFETY: may always be called.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Some(pages * u64::try_from(size).ok()?)
}
