//! Pages about findings and directives.

use std::process::ExitCode;

use serde_json::{Value, json};
use wsgi_httpd::compiler::diagnostic::Code;
use wsgi_httpd::compiler::explain;

use crate::arguments::Format;
use crate::could_not_run;

pub(crate) fn explain(name: &str) -> ExitCode {
    match explain::explain(name) {
        Ok(page) => {
            println!("{}", page.trim_end());
            ExitCode::SUCCESS
        }
        Err(near) => {
            let help = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
            could_not_run(format!("there is no finding and no directive named `{name}`.{help}"))
        }
    }
}

pub(crate) fn list(format: Format) -> ExitCode {
    match format {
        Format::Json => println!("{:#}", explain::codes().into_iter().map(entry).collect::<Value>()),
        _ => print!("{}", explain::list()),
    }
    ExitCode::SUCCESS
}

fn entry(code: &Code) -> Value {
    json!({
        "code": code.name,
        "severity": code.severity.name(),
        "summary": code.summary,
        "predicts": code.predicts,
        "pedantic": code.pedantic,
    })
}
