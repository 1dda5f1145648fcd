//! The checks, one file each: what is wrong though every line of it is right.

mod unknown_process_group;

use super::diagnostic::{Code, Report};
use super::model::Server;

/// One check.
pub struct Check {
    /// What it finds.
    pub code: &'static Code,
    /// Looks for it.
    pub run: fn(&Server, &mut Report),
}

/// Every check.
pub const CHECKS: &[Check] = &[unknown_process_group::CHECK];

/// Looks for everything.
pub fn check(server: &Server, report: &mut Report) {
    for check in CHECKS {
        (check.run)(server, report);
    }
}
