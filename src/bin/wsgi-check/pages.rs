//! Pages about findings and directives.

use std::process::ExitCode;

use wsgi_httpd::compiler::explain;

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

pub(crate) fn list() -> ExitCode {
    print!("{}", explain::list());
    ExitCode::SUCCESS
}
