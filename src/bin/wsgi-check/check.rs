//! Checks files and prints what was found. Exit status 0 clean, 1 errors, 2 could not run.

use std::io::IsTerminal;
use std::process::ExitCode;

use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::source::Disk;
use wsgi_httpd::compiler::{Compiled, Judge, Options, compile};

use crate::arguments::{Check, Compile, Emit, For, Format};
use crate::{COULD_NOT_RUN, WRONG};

pub(crate) fn check(arguments: &Check) -> ExitCode {
    let options = arguments.compile.options();
    let mut status = 0;
    let mut findings = Vec::new();
    for file in &arguments.files {
        match compile(&Disk, file, &options) {
            Ok(compiled) => {
                print(&compiled, arguments);
                findings.extend(compiled.json().as_array().into_iter().flatten().cloned());
                status = status.max(if compiled.report.has_errors() { WRONG } else { 0 });
            }
            Err(error) => {
                eprintln!("wsgi-check: {error}");
                status = COULD_NOT_RUN;
            }
        }
    }
    if matches!(arguments.format, Format::Json) {
        // One array for all files: each finding names its own.
        print_beside(&format!("{:#}\n", serde_json::Value::from(findings)), arguments.emit.is_some());
    }
    ExitCode::from(status)
}

impl Compile {
    /// With the environment of this process, as Apache sees its own.
    pub(crate) fn options(&self) -> Options {
        Options {
            judge: match self.judge {
                For::Apache => Judge::Apache,
                For::WsgiServe => Judge::WsgiServe,
            },
            server_root: self.server_root.clone(),
            defines: self.defines.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            log_level: None,
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            ignore_unsupported: self.ignore_unsupported,
            pedantic: self.pedantic,
        }
    }
}

/// Findings go where the terminal is: to standard output, or beside a plan to standard error.
fn print(compiled: &Compiled, arguments: &Check) {
    let beside = arguments.emit.is_some();
    let terminal = if beside { std::io::stderr().is_terminal() } else { std::io::stdout().is_terminal() };
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let found = match arguments.format {
        Format::Full => compiled.full(Style { colour, ..Style::PLAIN }),
        Format::Concise => compiled.concise(),
        Format::Json => String::new(),
    };
    print_beside(&found, beside);
    if let (Some(Emit::Plan), Some(plan)) = (arguments.emit, &compiled.plan) {
        println!("{}", serde_json::to_string_pretty(plan).expect("a plan has no keys that JSON cannot write"));
    }
}

fn print_beside(found: &str, beside: bool) {
    if beside {
        eprint!("{found}");
    } else {
        print!("{found}");
    }
}
