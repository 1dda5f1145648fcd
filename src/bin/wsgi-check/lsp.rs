//! `wsgi-check lsp`: serves an editor until it says `exit`.

use std::io::{BufReader, stdin, stdout};
use std::process::ExitCode;

use wsgi_httpd::language_server::{End, serve};

use crate::arguments::Compile;
use crate::{WRONG, could_not_run};

/// Exit status 0 if the editor said `shutdown` first, as the protocol wants it, else 1.
pub(crate) fn serve_editor(compile: &Compile) -> ExitCode {
    match serve(BufReader::new(stdin()), stdout().lock(), compile.options()) {
        Ok(End::Orderly) => ExitCode::SUCCESS,
        Ok(End::Abrupt) => ExitCode::from(WRONG),
        Err(error) => could_not_run(error),
    }
}
