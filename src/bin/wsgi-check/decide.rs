//! `wsgi-check explain URL FILE`: what Apache would do with one request.

use std::io::{self, Write};
use std::process::ExitCode;

use wsgi_httpd::compiler::decide::Request;
use wsgi_httpd::compiler::source::Disk;

use crate::arguments::Question;
use crate::{WRONG, could_not_run};

pub(crate) fn decide(question: &Question) -> ExitCode {
    decided(question).unwrap_or_else(could_not_run)
}

fn decided(question: &Question) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut request = Request::new(&question.url)?;
    question.method.clone_into(&mut request.method);
    request.from = question.from;
    request.to = question.to.or(request.to);
    for field in &question.header {
        request.add_header(field)?;
    }
    let options = question.compile.options();
    let (decision, compiled) = wsgi_httpd::compiler::decide(&Disk, &question.file, &options, &request)?;
    let wrong = compiled.report.has_errors();
    if wrong {
        // The answer is that of a server which starts all the same.
        eprint!("{}", compiled.concise());
    }
    let text = if question.json { format!("{}\n", serde_json::to_string_pretty(&decision)?) } else { decision.text() };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::from(if wrong { WRONG } else { 0 })),
    }
}
