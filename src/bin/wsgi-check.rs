//! `wsgi-check`: says everything that is wrong with a configuration. Exit status 0 clean, 1 errors, 2 could not run.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::source::Disk;
use wsgi_httpd::compiler::{Compiled, Judge, Options, compile, explain};

/// Says everything that is wrong with an httpd.conf that runs WSGI applications.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    /// The configurations to check, each on its own.
    #[arg(value_name = "FILE", required_unless_present_any = ["explain", "list_checks"])]
    files: Vec<PathBuf>,
    /// For whom to judge.
    #[arg(long = "for", value_enum, default_value = "apache")]
    judge: For,
    /// Print what the configuration amounts to.
    #[arg(long, value_enum)]
    emit: Option<Emit>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "full")]
    format: Format,
    /// Make `<IfDefine NAME>` true.
    #[arg(short = 'D', value_name = "NAME")]
    defines: Vec<String>,
    /// `ServerRoot`, until the configuration sets it.
    #[arg(short = 'd', value_name = "ROOT")]
    server_root: Option<PathBuf>,
    /// A line before the configuration.
    #[arg(short = 'C', value_name = "DIRECTIVE")]
    before: Vec<String>,
    /// A line after the configuration.
    #[arg(short = 'c', value_name = "DIRECTIVE")]
    after: Vec<String>,
    /// Only warn about what wsgi-serve does not carry out.
    #[arg(long)]
    ignore_unsupported: bool,
    /// Look for matters of taste too.
    #[arg(long)]
    pedantic: bool,
    /// Do not look at the machine: its files, its Pythons, its accounts.
    #[arg(long)]
    no_files: bool,
    /// Print the page of a finding or a directive.
    #[arg(long, value_name = "NAME", exclusive = true)]
    explain: Option<String>,
    /// List everything that may be found.
    #[arg(long, exclusive = true)]
    list_checks: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum For {
    /// Apache with mod_wsgi.
    Apache,
    /// Our own server.
    WsgiServe,
}

#[derive(Clone, Copy, ValueEnum)]
enum Emit {
    /// The plan, as JSON.
    Plan,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// With the lines that each finding speaks of.
    Full,
    /// One line for each finding.
    Concise,
    /// A JSON array.
    Json,
}

const ERRORS: u8 = 1;
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = &arguments.explain {
        return print_page(name);
    }
    if arguments.list_checks {
        print!("{}", explain::list());
        return ExitCode::SUCCESS;
    }
    let options = options(&arguments);
    let mut status = 0;
    let mut findings = Vec::new();
    for file in &arguments.files {
        match compile(&Disk, file, &options) {
            Ok(compiled) => {
                print(&compiled, &arguments);
                findings.extend(compiled.json().as_array().into_iter().flatten().cloned());
                status = status.max(if compiled.report.has_errors() { ERRORS } else { 0 });
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

fn options(arguments: &Arguments) -> Options {
    Options {
        judge: match arguments.judge {
            For::Apache => Judge::Apache,
            For::WsgiServe => Judge::WsgiServe,
        },
        server_root: arguments.server_root.clone(),
        defines: arguments.defines.clone(),
        before: arguments.before.clone(),
        after: arguments.after.clone(),
        log_level: None,
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        ignore_unsupported: arguments.ignore_unsupported,
        pedantic: arguments.pedantic,
        no_files: arguments.no_files,
    }
}

/// Findings go where the terminal is: to standard output, or beside a plan to standard error.
fn print(compiled: &Compiled, arguments: &Arguments) {
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

fn print_page(name: &str) -> ExitCode {
    match explain::explain(name) {
        Ok(page) => {
            println!("{}", page.trim_end());
            ExitCode::SUCCESS
        }
        Err(near) => {
            let help = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
            eprintln!("wsgi-check: there is no finding and no directive named `{name}`.{help}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}
