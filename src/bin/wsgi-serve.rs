//! `wsgi-serve`: runs a configuration, with httpd's own flags.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::source::Disk;
use wsgi_httpd::compiler::{self, Compiled, Judge, Options};
use wsgi_httpd::plan::Plan;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::parent::{self, Launch};
use wsgi_httpd::runtime::{child, inherited, overview};

/// The configuration has errors.
const WRONG: u8 = 1;
/// The server, or its check, could not start.
const FAILED: u8 = 2;

/// Runs an Apache httpd configuration with mod_wsgi directives, without Apache.
#[derive(Debug, Parser)]
#[command(name = "wsgi-serve", disable_version_flag = true)]
struct Arguments {
    /// The configuration.
    #[arg(value_name = "FILE", conflicts_with = "conf")]
    file: Option<PathBuf>,
    /// The configuration, as httpd wants it: relative to -d.
    #[arg(short = 'f', value_name = "FILE")]
    conf: Option<PathBuf>,
    /// ServerRoot, unless the configuration sets it.
    #[arg(short = 'd', value_name = "ROOT")]
    root: Option<PathBuf>,
    /// Defines NAME for `<IfDefine>`. FOREGROUND is accepted: the server stays there anyway.
    #[arg(short = 'D', value_name = "NAME")]
    define: Vec<String>,
    /// A directive to read before the configuration.
    #[arg(short = 'C', value_name = "DIRECTIVE")]
    before: Vec<String>,
    /// A directive to read after the configuration.
    #[arg(short = 'c', value_name = "DIRECTIVE")]
    after: Vec<String>,
    /// The log level, whatever the configuration says.
    #[arg(short = 'e', value_name = "LEVEL")]
    level: Option<Level>,
    /// Checks the configuration and leaves.
    #[arg(short = 't')]
    test: bool,
    /// Shows virtual hosts, mounts and groups, and leaves.
    #[arg(short = 'S')]
    settings: bool,
    /// Shows the version, and leaves.
    #[arg(short = 'v')]
    version: bool,
    /// Shows the version and how this was built, and leaves.
    #[arg(short = 'V')]
    build: bool,
    /// For debugging: one process of each group.
    #[arg(short = 'X')]
    single: bool,
    /// Speaks to the server whose PidFile the configuration names.
    #[arg(short = 'k', value_name = "ACTION")]
    action: Option<Action>,
    /// Starts although directives are not supported.
    #[arg(long)]
    ignore_unsupported: bool,
    /// Lets root stay root where no User is given.
    #[arg(long)]
    allow_root: bool,
    /// Set by `-k start` for the process that stays.
    #[arg(long, hide = true)]
    detached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Starts in the background.
    Start,
    /// Finishes the requests under way, and ends.
    Stop,
    /// The same.
    GracefulStop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Emerg,
    Alert,
    Crit,
    Error,
    Warn,
    Notice,
    Info,
    Debug,
    Trace1,
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == parent::CHILD) {
        return ExitCode::from(child::run().unwrap_or(WRONG));
    }
    inherited::close();
    ExitCode::from(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> u8 {
    if arguments.version || arguments.build {
        print(&version(arguments.build));
        return 0;
    }
    let Some(file) = configuration(arguments) else {
        complain("no configuration: name one, as in `wsgi-serve httpd.conf`");
        return FAILED;
    };
    let compiled = match compiler::compile(&Disk, &file, &options(arguments)) {
        Ok(compiled) => compiled,
        Err(error) => {
            complain(&error.to_string());
            return FAILED;
        }
    };
    report(&compiled);
    let Some(plan) = &compiled.plan else { return WRONG };
    if arguments.test {
        eprint("Syntax OK\n");
        return 0;
    }
    if arguments.settings {
        print(&overview::settings(plan));
        return 0;
    }
    match arguments.action {
        None => serve(plan.clone(), &file, arguments),
        Some(Action::Start) => start_detached(plan),
        Some(Action::Stop | Action::GracefulStop) => stop(plan),
    }
}

/// httpd looks for `-f FILE` in the folder that `-d` names.
fn configuration(arguments: &Arguments) -> Option<PathBuf> {
    match (&arguments.file, &arguments.conf, &arguments.root) {
        (Some(file), _, _) | (None, Some(file), None) => Some(file.clone()),
        (None, Some(file), Some(root)) => Some(root.join(file)),
        (None, None, _) => None,
    }
}

fn options(arguments: &Arguments) -> Options {
    Options {
        judge: Judge::WsgiServe,
        server_root: arguments.root.clone(),
        defines: arguments.define.clone(),
        before: arguments.before.clone(),
        after: arguments.after.clone(),
        log_level: arguments.level.map(Level::plain),
        environment: environment(),
        ignore_unsupported: arguments.ignore_unsupported,
        hears_no_ignores: true,
        // A server that starts says itself what the machine lacks, and starts with what is there.
        no_files: !arguments.test,
        ..Options::default()
    }
}

/// The variables that are text: a configuration can name no others.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Level {
    fn plain(self) -> LogLevel {
        match self {
            Self::Emerg => LogLevel::Emerg,
            Self::Alert => LogLevel::Alert,
            Self::Crit => LogLevel::Crit,
            Self::Error => LogLevel::Error,
            Self::Warn => LogLevel::Warn,
            Self::Notice => LogLevel::Notice,
            Self::Info => LogLevel::Info,
            Self::Debug => LogLevel::Debug,
            Self::Trace1 => LogLevel::Trace,
        }
    }
}

fn report(compiled: &Compiled) {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprint(&compiled.full(Style { colour, ..Style::PLAIN }));
}

fn serve(plan: Plan, file: &Path, arguments: &Arguments) -> u8 {
    let library = match std::env::current_exe() {
        Ok(command) => parent::library_beside(&command),
        Err(error) => {
            complain(&error.to_string());
            return FAILED;
        }
    };
    if arguments.detached {
        // Its own session: the terminal's end is not the server's.
        let _ = rustix::process::setsid();
    }
    let launch = Launch { allow_root: arguments.allow_root, single: arguments.single, library };
    let began = std::time::Instant::now();
    let started = parent::launch(plan, &launch, |plan, started| {
        print(&overview::started(file, plan, started, began.elapsed()));
    });
    match started {
        Ok(()) => 0,
        Err(error) => {
            complain(&error.to_string());
            FAILED
        }
    }
}

/// Starts this command again without `-k`, and waits until it serves or fails.
fn start_detached(plan: &Plan) -> u8 {
    if let Some(pid) = parent::running(&plan.pid_file) {
        complain(&format!("already running as process {}", pid.as_raw_nonzero()));
        return FAILED;
    }
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "-k") {
        arguments.drain(at..(at + 2).min(arguments.len()));
    } else {
        arguments.retain(|argument| argument != "-kstart");
    }
    let command = std::env::current_exe().and_then(|program| {
        std::process::Command::new(program)
            .args(arguments)
            .arg("--detached")
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .spawn()
    });
    let mut child = match command {
        Ok(child) => child,
        Err(error) => {
            complain(&error.to_string());
            return FAILED;
        }
    };
    // The first words are the announcement; the end without one is a failure, which has been told already.
    let mut first = [0; 4096];
    let read = child.stdout.as_mut().and_then(|output| std::io::Read::read(output, &mut first).ok()).unwrap_or(0);
    if read > 0 {
        let _ = std::io::stdout().write_all(&first[..read]);
        return 0;
    }
    match child.wait().ok().and_then(|status| status.code()) {
        Some(0) => {
            complain("a signal ended the server before it was up");
            FAILED
        }
        status => status.and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED),
    }
}

/// Asks the running server to end, and waits until it has.
fn stop(plan: &Plan) -> u8 {
    let Some(pid) = parent::running(&plan.pid_file) else {
        complain(&format!("no server runs: {} names none", plan.pid_file.display()));
        return FAILED;
    };
    if let Err(error) = rustix::process::kill_process(pid, rustix::process::Signal::TERM) {
        complain(&format!("process {}: {error}", pid.as_raw_nonzero()));
        return FAILED;
    }
    while parent::running(&plan.pid_file) == Some(pid) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    0
}

fn version(build: bool) -> String {
    let mut text = format!("wsgi-httpd {}\n", env!("CARGO_PKG_VERSION"));
    if build {
        let library = std::env::current_exe().map(|command| parent::library_beside(&command));
        let library = library.map_or_else(|error| error.to_string(), |path| path.display().to_string());
        text.extend(["Library for Python: ", &library, "\nPython: 3.9 or later, each process group its own\n"]);
    }
    text
}

fn complain(what: &str) {
    eprint(&format!("wsgi-serve: {what}\n"));
}

/// A terminal that has gone is no reason to fail.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn eprint(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
