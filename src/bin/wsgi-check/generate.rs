//! What is made from tables: completions and the manual page from the arguments, the reference from the compiler's.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;
use wsgi_httpd::compiler::explain;

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

/// Writes the pages anew, and takes away those of what is no more.
pub(crate) fn reference(folder: &Path) -> io::Result<()> {
    for part in ["checks", "directives"] {
        let part = folder.join(part);
        if part.is_dir() {
            std::fs::remove_dir_all(&part)?;
        }
        std::fs::create_dir_all(part)?;
    }
    for (name, text) in explain::reference() {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// A reader who has seen enough is no mistake.
fn print(text: &[u8]) -> ExitCode {
    let _gone = std::io::stdout().write_all(text);
    ExitCode::SUCCESS
}
