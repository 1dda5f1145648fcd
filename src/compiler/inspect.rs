//! The inspections, one file each: what is wrong on the machine that a configuration is for, though every line is right.

mod access;
mod alias_target_not_found;
mod callable_not_found;
mod callable_only_in_program;
mod certificate_not_found;
mod configuration_world_writable;
mod copied_environment;
mod deployment;
mod directory_section_behind_link;
mod directory_section_not_found;
mod django_settings_not_found;
mod document_root_not_found;
mod empty_script;
mod environment;
mod extension_in_two_interpreters;
mod extension_needs_main_interpreter;
mod extension_of_another_python;
mod extension_refuses_own_gil;
mod folder_mounted_as_script;
mod home_not_found;
mod home_out_of_reach;
mod import_script_not_found;
mod locale_not_installed;
mod log_folder_not_found;
mod log_folder_writable;
mod module_not_found;
mod packages;
mod private_key_readable;
mod python_home_not_a_folder;
mod python_home_not_found;
mod python_home_of_lost_python;
mod python_home_out_of_reach;
mod python_home_without_python;
mod python_keeps_its_gil;
mod python_path_not_found;
mod python_path_of_another_version;
mod python_source;
mod python_versions_differ;
mod required_path_not_found;
mod script_does_not_compile;
mod script_not_found;
mod script_not_readable;
mod script_not_utf8;
mod script_out_of_reach;
mod script_user_differs;
mod script_world_writable;
mod secrets_in_served_folder;
mod served;
mod set_env_not_in_os_environ;
mod slash_after_file;
mod socket_folder_not_found;
mod static_files_out_of_reach;
mod unknown_account;

use super::diagnostic::{Code, Report, Severity};
use super::expand::LoadedModule;
use super::model::{Judge, Server};
use super::source::{Machine, Sources};

pub use deployment::Deployment;

/// One inspection.
pub struct Inspection {
    /// What it finds.
    pub code: &'static Code,
    /// Looks for it.
    pub run: fn(&Deployment<'_>, &mut Report),
}

/// Every inspection.
pub const INSPECTIONS: &[Inspection] = &[
    alias_target_not_found::INSPECTION,
    callable_not_found::INSPECTION,
    callable_only_in_program::INSPECTION,
    certificate_not_found::INSPECTION,
    configuration_world_writable::INSPECTION,
    directory_section_behind_link::INSPECTION,
    directory_section_not_found::INSPECTION,
    django_settings_not_found::INSPECTION,
    document_root_not_found::INSPECTION,
    empty_script::INSPECTION,
    extension_in_two_interpreters::INSPECTION,
    extension_needs_main_interpreter::INSPECTION,
    extension_of_another_python::INSPECTION,
    extension_refuses_own_gil::INSPECTION,
    folder_mounted_as_script::INSPECTION,
    home_not_found::INSPECTION,
    home_out_of_reach::INSPECTION,
    import_script_not_found::INSPECTION,
    locale_not_installed::INSPECTION,
    log_folder_not_found::INSPECTION,
    log_folder_writable::INSPECTION,
    module_not_found::INSPECTION,
    private_key_readable::INSPECTION,
    python_home_not_a_folder::INSPECTION,
    python_home_not_found::INSPECTION,
    python_home_of_lost_python::INSPECTION,
    python_home_out_of_reach::INSPECTION,
    python_home_without_python::INSPECTION,
    python_keeps_its_gil::INSPECTION,
    python_path_not_found::INSPECTION,
    python_path_of_another_version::INSPECTION,
    python_versions_differ::INSPECTION,
    required_path_not_found::INSPECTION,
    script_does_not_compile::INSPECTION,
    script_not_found::INSPECTION,
    script_not_readable::INSPECTION,
    script_not_utf8::INSPECTION,
    script_out_of_reach::INSPECTION,
    script_user_differs::INSPECTION,
    script_world_writable::INSPECTION,
    secrets_in_served_folder::INSPECTION,
    set_env_not_in_os_environ::INSPECTION,
    slash_after_file::INSPECTION,
    socket_folder_not_found::INSPECTION,
    static_files_out_of_reach::INSPECTION,
    unknown_account::INSPECTION,
];

/// Said instead of everything else where the deployment is not on this machine.
pub const FILES_NOT_HERE: &Code = &NOT_HERE;

static NOT_HERE: Code = Code::info(
    "files-not-here",
    "what the configuration is for is not on this machine, so its files were not looked at",
    include_str!("inspect/files_not_here.md"),
);

/// Looks for everything. What our own runtime starts with all the same is no error for it.
pub fn inspect(
    server: &Server,
    machine: &dyn Machine,
    modules: &[LoadedModule],
    sources: &mut Sources,
    report: &mut Report,
) {
    let deployment = Deployment::new(server, machine, modules, sources);
    if let Some(first) = deployment.is_elsewhere() {
        let found = NOT_HERE.at(first.span, "not here, nor its folder");
        report.push(found.help("`--no-files` leaves out all that looks at files"));
        return;
    }
    copied_environment::forgive(&deployment, report);
    let mut found = Report::default();
    for inspection in INSPECTIONS {
        (inspection.run)(&deployment, &mut found);
    }
    for one in found {
        let severity =
            if server.judge == Judge::WsgiServe { one.severity.min(Severity::Warning) } else { one.severity };
        report.push(one.graded(severity));
    }
}
