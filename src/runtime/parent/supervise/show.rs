//! What the parent writes into the scoreboard: which processes accept HTTP, and how far each is.

use super::Parent;
use crate::runtime::parent::slot::{Role, State};
use crate::runtime::scoreboard::{Process, Stage};

impl Parent {
    /// The number of a process that accepts HTTP, among those.
    pub(super) fn number(&self, index: usize) -> u32 {
        let before = self.slots[..index].iter().filter(|slot| slot.role == Role::Front).count();
        u32::try_from(before).unwrap_or(u32::MAX)
    }

    /// Writes down how the process in a slot is, if it accepts HTTP and somebody may see it.
    pub(super) fn show(&self, index: usize) {
        let slot = &self.slots[index];
        let Some(scoreboard) = self.common.scoreboard.as_ref().filter(|_| slot.role == Role::Front) else { return };
        let process = slot.running.as_ref().map_or(Process::default(), |running| Process {
            pid: running.spawned.process.id(),
            stage: match running.state {
                State::Starting | State::Failed => Stage::Starting,
                State::Ready(_) => Stage::Serving,
                State::Leaving => Stage::Leaving,
            },
        });
        scoreboard.put_process(self.number(index), process);
    }
}
