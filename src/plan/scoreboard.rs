//! How much of the server `mod_wsgi.server_metrics()` shows.

use serde::{Deserialize, Serialize};

use super::Plan;

/// Slots beyond those that can be busy at once: requests that wait for a thread are seen too.
const WAITING: u32 = 64;
/// Apache's upper bound of `ThreadLimit`.
const MOST: u32 = 20_000;

/// The rows and columns: what Apache calls the scoreboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Processes that accept HTTP: `server_limit`.
    pub processes: u32,
    /// The requests that each of them can have answered at once.
    pub threads: u32,
    /// Slots of each: `thread_limit`.
    pub slots: u32,
}

impl Plan {
    /// `None` where no application may see it: nothing is written down then.
    #[must_use]
    pub fn scoreboard(&self) -> Option<Size> {
        let embedded = &self.embedded;
        let shown = embedded.server_metrics && embedded.runs_python()
            || self.process_groups.iter().any(|group| group.server_metrics);
        let groups = self.process_groups.iter().map(|group| group.processes.saturating_mul(group.threads));
        let daemons = groups.fold(0, u32::saturating_add);
        let own = if embedded.needed && embedded.runs_python() { embedded.threads } else { 0 };
        let threads = daemons.saturating_add(own).clamp(1, MOST);
        shown.then(|| Size {
            processes: if embedded.runs_python() { embedded.processes.max(1) } else { 1 },
            threads,
            slots: threads.saturating_add(WAITING).min(MOST),
        })
    }
}
