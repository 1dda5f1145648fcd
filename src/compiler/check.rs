//! The checks, one file each: what is wrong though every line of it is right.

mod access;
mod access_of_apache_2_2;
mod access_styles_contradict;
mod alias_not_granted;
mod allow_override_out_of_place;
mod application_group_has_no_effect;
mod application_group_not_global;
mod authentication_incomplete;
mod authentication_script_missing;
mod authentication_script_unused;
mod authorization_not_passed;
mod callable_not_expanded;
mod certificate_without_tls;
mod chosen;
mod condition_without_rule;
mod cpu_limit_without_grace;
mod daemon_setting_unused;
mod deny_wins_over_allow;
mod directory_match_stops_short;
mod directory_section_names_script;
mod duplicate_listen;
mod duplicate_process_group;
mod effect;
mod embedded_by_accident;
mod embedded_mode_not_restricted;
mod embedded_mode_refused;
mod embedded_setting_unused;
mod encoded_slashes_not_inherited;
mod environment_set_per_request;
mod environment_token_unset;
mod error_page_in_application;
mod files_section_names_path;
mod handler_without_exec_cgi;
mod hash_seed_not_random;
mod host_name_never_matches;
mod host_name_taken;
mod interpreter_per_host_name;
mod interrupt_timeout_without_effect;
mod limit_leaves_methods_open;
mod listen_overlaps;
mod location_lifts_restriction;
mod location_never_matches;
mod location_overridden;
mod memory_too_small_for_python;
mod missing_listen;
mod module_loaded_twice;
mod mount_behind_proxy;
mod mount_behind_redirect;
mod mpm_limits_contradict;
mod name_virtual_host;
mod prefixes;
mod process_group_defined_later;
mod process_group_forbidden;
mod process_group_has_no_effect;
mod process_group_named_like_option;
mod process_group_out_of_reach;
mod process_group_without_display_name;
mod process_group_without_locale;
mod process_group_without_threads;
mod process_group_without_time_limit;
mod proxy_header_unknown;
mod python_home_not_a_prefix;
mod python_path_not_a_list;
mod python_path_relative;
mod python_path_repeats;
mod python_paths;
mod relative_path;
mod requirement_without_effect;
mod rewrite_bypasses_mount;
mod rewrite_engine_off;
mod root_directory_granted;
mod runs_as_root;
mod satisfy_any_opens;
mod script_in_document_root;
mod script_not_granted;
mod script_outside_chroot;
mod script_under_alias;
mod secret_under_served_folder;
mod served_folder_too_wide;
mod server_name_missing;
mod setting_repeated;
mod several_mpms;
mod shadowed_alias;
mod shadowed_mount;
mod single_process_counts_as_several;
mod site_packages_instead_of_home;
mod slash_mismatch;
mod status_page_open;
mod taken;
mod threads_beyond_front;
mod timeout_after_answer_was_given_up;
mod timers_never_run;
mod tls_on_port_80;
mod tls_without_certificate;
mod trusted_proxies_without_headers;
mod umask_opens_files;
mod unknown_handler;
mod unknown_log_format;
mod unknown_process_group;
mod unknown_token;
mod unused_process_group;
mod url_path_never_matches;
mod user_without_group;
mod virtual_host_port_not_listened;
mod virtual_host_unreachable;
mod virtual_host_without_name;

pub(super) use environment_set_per_request::ENVIRONMENT_SET_PER_REQUEST;
pub(super) use unknown_process_group::UNKNOWN_PROCESS_GROUP;

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
    access_of_apache_2_2::CHECK,
    access_styles_contradict::CHECK,
    alias_not_granted::CHECK,
    allow_override_out_of_place::CHECK,
    application_group_has_no_effect::CHECK,
    application_group_not_global::CHECK,
    authentication_incomplete::CHECK,
    authentication_script_missing::CHECK,
    authentication_script_unused::CHECK,
    authorization_not_passed::CHECK,
    callable_not_expanded::CHECK,
    certificate_without_tls::CHECK,
    condition_without_rule::CHECK,
    cpu_limit_without_grace::CHECK,
    daemon_setting_unused::CHECK,
    deny_wins_over_allow::CHECK,
    directory_match_stops_short::CHECK,
    directory_section_names_script::CHECK,
    duplicate_listen::CHECK,
    duplicate_process_group::CHECK,
    embedded_by_accident::CHECK,
    embedded_mode_not_restricted::CHECK,
    embedded_mode_refused::CHECK,
    embedded_setting_unused::CHECK,
    encoded_slashes_not_inherited::CHECK,
    environment_set_per_request::CHECK,
    environment_token_unset::CHECK,
    error_page_in_application::CHECK,
    files_section_names_path::CHECK,
    handler_without_exec_cgi::CHECK,
    hash_seed_not_random::CHECK,
    host_name_never_matches::CHECK,
    host_name_taken::CHECK,
    interpreter_per_host_name::CHECK,
    interrupt_timeout_without_effect::CHECK,
    limit_leaves_methods_open::CHECK,
    listen_overlaps::CHECK,
    location_lifts_restriction::CHECK,
    location_never_matches::CHECK,
    location_overridden::CHECK,
    memory_too_small_for_python::CHECK,
    missing_listen::CHECK,
    module_loaded_twice::CHECK,
    mount_behind_proxy::CHECK,
    mount_behind_redirect::CHECK,
    mpm_limits_contradict::CHECK,
    name_virtual_host::CHECK,
    process_group_defined_later::CHECK,
    process_group_forbidden::CHECK,
    process_group_has_no_effect::CHECK,
    process_group_named_like_option::CHECK,
    process_group_out_of_reach::CHECK,
    process_group_without_display_name::CHECK,
    process_group_without_locale::CHECK,
    process_group_without_threads::CHECK,
    process_group_without_time_limit::CHECK,
    proxy_header_unknown::CHECK,
    python_home_not_a_prefix::CHECK,
    python_path_not_a_list::CHECK,
    python_path_relative::CHECK,
    python_path_repeats::CHECK,
    relative_path::CHECK,
    requirement_without_effect::CHECK,
    rewrite_bypasses_mount::CHECK,
    rewrite_engine_off::CHECK,
    root_directory_granted::CHECK,
    runs_as_root::CHECK,
    satisfy_any_opens::CHECK,
    script_in_document_root::CHECK,
    script_not_granted::CHECK,
    script_outside_chroot::CHECK,
    script_under_alias::CHECK,
    secret_under_served_folder::CHECK,
    served_folder_too_wide::CHECK,
    server_name_missing::CHECK,
    setting_repeated::CHECK,
    several_mpms::CHECK,
    shadowed_alias::CHECK,
    shadowed_mount::CHECK,
    single_process_counts_as_several::CHECK,
    site_packages_instead_of_home::CHECK,
    slash_mismatch::CHECK,
    status_page_open::CHECK,
    threads_beyond_front::CHECK,
    timeout_after_answer_was_given_up::CHECK,
    timers_never_run::CHECK,
    tls_on_port_80::CHECK,
    tls_without_certificate::CHECK,
    trusted_proxies_without_headers::CHECK,
    umask_opens_files::CHECK,
    unknown_handler::CHECK,
    unknown_log_format::CHECK,
    unknown_process_group::CHECK,
    unknown_token::CHECK,
    unused_process_group::CHECK,
    url_path_never_matches::CHECK,
    user_without_group::CHECK,
    virtual_host_port_not_listened::CHECK,
    virtual_host_unreachable::CHECK,
    virtual_host_without_name::CHECK,
];

/// Looks for everything.
pub fn check(server: &Server, report: &mut Report) {
    for check in CHECKS {
        (check.run)(server, report);
    }
}
