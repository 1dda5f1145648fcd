//! The whole compiler, and what is printed of it.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wsgi_httpd::compiler::compile;
use wsgi_httpd::compiler::diagnostic::Severity;
use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::findings::Run;
use wsgi_httpd_fuzz::{MAIN, points_into, read};

fuzz_target!(|input: &[u8]| {
    let (files, options) = read(input);
    let Ok(compiled) = compile(&files, Path::new(MAIN), &options) else { return };
    points_into(&compiled.report, &compiled.sources);
    assert!(compiled.plan.is_none() || !compiled.report.has_errors(), "what is wrong is not run");
    compiled.full(Style::PLAIN);
    compiled.concise();
    Run::new(&[compiled], vec![MAIN.to_owned()], Severity::Error);
});
