//! `wsgi-check`: says everything that is wrong with a configuration. `wsgi-check FILE` checks; whatever else it can do is a
//! subcommand of `arguments::Command`, with a module of its own here.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]

mod arguments;
mod check;
mod decide;
mod generate;
mod lsp;
mod pages;
mod texts;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

/// The configuration is wrong.
const WRONG: u8 = 1;
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Explain(question)) => decide::decide(question),
        Some(Command::Completions { shell }) => generate::completions(*shell),
        Some(Command::Man) => generate::man(),
        Some(Command::Reference { folder }) => generate::reference(folder).map_or_else(could_not_run, |()| 0.into()),
        Some(Command::Lsp { compile, .. }) => lsp::serve_editor(compile),
        None => plain(&arguments),
    }
}

/// Without a subcommand.
fn plain(arguments: &Arguments) -> ExitCode {
    if let Some(name) = &arguments.explain {
        return pages::explain(name);
    }
    if arguments.list_checks {
        return pages::list(arguments.check.format);
    }
    check::check(&arguments.check)
}

/// Ends the command with a word about why it could not do its work.
fn could_not_run(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("wsgi-check: {why}");
    ExitCode::from(COULD_NOT_RUN)
}
