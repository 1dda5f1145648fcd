//! Checks files and hands on what was found.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use wsgi_httpd::compiler::diagnostic::Severity;
use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::{Compiled, Judge, Options, explain};
use wsgi_httpd::findings::baseline::Baseline;
use wsgi_httpd::findings::selection::Selection;
use wsgi_httpd::findings::{Run, checkstyle, github, gitlab, json, junit, sarif, statistics};

use crate::arguments::{Check, Colour, Compile, Emit, FailLevel, For, Format};
use crate::texts::Texts;
use crate::{COULD_NOT_RUN, WRONG, could_not_run};

/// Stands for standard input.
pub(crate) const STDIN: &str = "-";

/// Why nothing more can be done.
pub(crate) type Trouble = Box<dyn std::error::Error>;

pub(crate) fn check(arguments: &Check) -> ExitCode {
    checked(arguments).unwrap_or_else(could_not_run)
}

fn checked(arguments: &Check) -> Result<ExitCode, Trouble> {
    let codes = explain::codes();
    let selection = Selection::new(&codes, &arguments.select, &arguments.ignore)?;
    let mut options = arguments.compile.options();
    options.no_plan = arguments.emit.is_none();
    options.pedantic |= selection.names_pedantic(&codes);
    let mut texts = Texts::new(arguments)?;
    let mut all = Vec::new();
    for file in arguments.files() {
        match texts.compile(file, &options, &selection) {
            Ok(compiled) => all.push(compiled),
            Err(error) => eprintln!("wsgi-check: {error}"),
        }
    }
    let unreadable = all.len() < arguments.files.len();
    let status = |wrong: bool| {
        ExitCode::from(match () {
            () if unreadable => COULD_NOT_RUN,
            () if wrong => WRONG,
            () => 0,
        })
    };
    if arguments.diff {
        let diff = texts.diff();
        say(io::stdout(), &diff)?;
        return Ok(status(!diff.is_empty()));
    }
    texts.save()?;
    let mut run = Run::new(&all, arguments.names(), arguments.fail_level.severity());
    run.findings.retain(|finding| selection.wants(finding.code));
    if let Some(path) = &arguments.write_baseline {
        write(path, &Baseline::of(&run).text())?;
        return Ok(status(false));
    }
    if let Some(path) = &arguments.baseline {
        apply_baseline(path, &mut run, &all)?;
    }
    run.narrow(&mut all);
    hand_on(&run, &all, arguments)?;
    Ok(status(run.fails()))
}

/// Takes out what is accepted, and names what is accepted for nothing.
fn apply_baseline(path: &Path, run: &mut Run, all: &[Compiled]) -> Result<(), Trouble> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let baseline = Baseline::read(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let read: BTreeSet<String> =
        all.iter().flat_map(|one| one.sources.iter()).map(|source| source.path.display().to_string()).collect();
    for stale in baseline.apply(run, &read) {
        eprintln!(
            "wsgi-check: {}: accepts {} in {}, which is found no more (--write-baseline makes it anew)",
            path.display(),
            stale.code,
            stale.file
        );
    }
    Ok(())
}

fn hand_on(run: &Run, all: &[Compiled], arguments: &Check) -> Result<(), Trouble> {
    // Standard output is for the plan, or the text that was put right.
    let beside = arguments.emit.is_some() || arguments.fix && arguments.reads_stdin();
    match &arguments.output {
        Some(path) => write(path, &printed(run, all, arguments, false))?,
        None if arguments.quiet => {}
        None if beside => say(io::stderr(), printed(run, all, arguments, arguments.colours(&io::stderr())))?,
        None => say(io::stdout(), printed(run, all, arguments, arguments.colours(&io::stdout())))?,
    }
    if let Some(Emit::Plan) = arguments.emit {
        for plan in all.iter().filter_map(|compiled| compiled.plan.as_ref()) {
            say(io::stdout(), format!("{}\n", serde_json::to_string_pretty(plan)?))?;
        }
    }
    Ok(())
}

/// What was found, in the form that was asked for.
fn printed(run: &Run, all: &[Compiled], arguments: &Check, colour: bool) -> String {
    let pretty = |value: Value| format!("{value:#}\n");
    match arguments.format {
        Format::Json if arguments.statistics => pretty(statistics::json(run)),
        _ if arguments.statistics => statistics::text(run),
        Format::Full => all.iter().map(|compiled| compiled.full(Style { colour, ..Style::PLAIN })).collect(),
        Format::Concise => all.iter().map(Compiled::concise).collect(),
        Format::Json => pretty(json::json(run)),
        Format::Sarif => pretty(sarif::sarif(run)),
        Format::Github => github::github(run),
        Format::Gitlab => pretty(gitlab::gitlab(run)),
        Format::Junit => junit::junit(run),
        Format::Checkstyle => checkstyle::checkstyle(run),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    Ok(std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// A reader who has seen enough is no mistake.
pub(crate) fn say(mut to: impl io::Write, text: impl AsRef<[u8]>) -> Result<(), Trouble> {
    match to.write_all(text.as_ref()).and_then(|()| to.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

impl Check {
    /// The files, standard input by its name.
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| if file == STDIN { self.stdin_filename.as_path() } else { file.as_path() })
    }

    pub(crate) fn reads_stdin(&self) -> bool {
        self.files.iter().any(|file| file == STDIN)
    }

    /// The files, as the reports name them.
    fn names(&self) -> Vec<String> {
        let here = std::env::current_dir().unwrap_or_default();
        self.files().map(|file| file.strip_prefix(&here).unwrap_or(file).display().to_string()).collect()
    }

    fn colours(&self, to: &impl IsTerminal) -> bool {
        match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => to.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

impl FailLevel {
    fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Info => Severity::Info,
        }
    }
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
            strict_modules: self.strict_modules,
            pedantic: self.pedantic,
            no_plan: true,
            access_file: self.htaccess,
            no_files: self.no_files,
            target: self.target,
            hears_no_ignores: false,
        }
    }
}
