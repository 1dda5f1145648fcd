//! What is made from the declaration of the arguments: completions and the manual page.

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::could_not_run;

pub(crate) fn completions(shell: Shell) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "wsgi-check", &mut text);
    print(&text)
}

pub(crate) fn man() -> ExitCode {
    let mut text = Vec::new();
    match clap_mangen::Man::new(Arguments::command()).render(&mut text) {
        Ok(()) => print(&text),
        Err(error) => could_not_run(error),
    }
}

/// A reader who has seen enough is no mistake.
fn print(text: &[u8]) -> ExitCode {
    let _gone = std::io::stdout().write_all(text);
    ExitCode::SUCCESS
}
