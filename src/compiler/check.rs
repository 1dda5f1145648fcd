//! The checks, one file each: what is wrong though every line of it is right.

mod access_styles_contradict;
mod application_group_has_no_effect;
mod directory_section_names_script;
mod duplicate_listen;
mod duplicate_process_group;
mod effect;
mod embedded_mode_refused;
mod location_never_matches;
mod missing_listen;
mod prefixes;
mod process_group_defined_later;
mod process_group_has_no_effect;
mod process_group_named_like_option;
mod process_group_out_of_reach;
mod process_group_without_threads;
mod python_home_not_a_prefix;
mod relative_path;
mod script_in_document_root;
mod script_not_granted;
mod shadowed_alias;
mod shadowed_mount;
mod slash_mismatch;
mod unknown_log_format;
mod unknown_process_group;
mod unknown_token;
mod unused_process_group;
mod virtual_host_port_not_listened;
mod virtual_host_unreachable;

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
pub const CHECKS: &[Check] = &[
    access_styles_contradict::CHECK,
    application_group_has_no_effect::CHECK,
    directory_section_names_script::CHECK,
    duplicate_listen::CHECK,
    duplicate_process_group::CHECK,
    embedded_mode_refused::CHECK,
    location_never_matches::CHECK,
    missing_listen::CHECK,
    process_group_defined_later::CHECK,
    process_group_has_no_effect::CHECK,
    process_group_named_like_option::CHECK,
    process_group_out_of_reach::CHECK,
    process_group_without_threads::CHECK,
    python_home_not_a_prefix::CHECK,
    relative_path::CHECK,
    script_in_document_root::CHECK,
    script_not_granted::CHECK,
    shadowed_alias::CHECK,
    shadowed_mount::CHECK,
    slash_mismatch::CHECK,
    unknown_log_format::CHECK,
    unknown_process_group::CHECK,
    unknown_token::CHECK,
    unused_process_group::CHECK,
    virtual_host_port_not_listened::CHECK,
    virtual_host_unreachable::CHECK,
];

/// Looks for everything.
pub fn check(server: &Server, report: &mut Report) {
    for check in CHECKS {
        (check.run)(server, report);
    }
}
