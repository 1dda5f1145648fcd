//! Several files that include one another, with variables, conditions and macros.

#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use wsgi_httpd::compiler::diagnostic::Report;
use wsgi_httpd::compiler::directive;
use wsgi_httpd::compiler::expand::{Expander, Surroundings};
use wsgi_httpd::compiler::source::Sources;
use wsgi_httpd_fuzz::{MAIN, points_into, read};

fuzz_target!(|input: &[u8]| {
    let (files, options) = read(input);
    let mut sources = Sources::default();
    let mut report = Report::default();
    let surroundings = Surroundings {
        files: &files,
        defines: &options.defines,
        environment: &options.environment,
        server_root: PathBuf::from("/etc/apache2"),
        own_runtime: false,
        is_known: directive::is_known,
    };
    let mut expander = Expander::new(surroundings, &mut sources, &mut report);
    let nodes = expander.main_file(Path::new(MAIN)).map(|(nodes, _)| nodes);
    drop(nodes);
    points_into(&report, &sources);
});
