//! Limits of memory are numbers of bytes.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &MEMORY_TOO_SMALL_FOR_PYTHON, run };

static MEMORY_TOO_SMALL_FOR_PYTHON: Code = Code::error(
    "memory-too-small-for-python",
    "a limit of memory leaves too little for Python to start",
    include_str!("memory_too_small_for_python.md"),
)
.predicts(&["WSGI0022", "WSGI0028"]);

/// What no Python starts with. Somebody meant kilobytes or megabytes.
const TOO_LITTLE: [(&str, u64); 3] =
    [("memory-limit", 4 << 20), ("virtual-memory-limit", 16 << 20), ("stack-size", 16 << 10)];

fn run(server: &Server, report: &mut Report) {
    for group in &server.process_groups {
        for (name, least) in TOO_LITTLE {
            if let Some(limit) = group.number(name).filter(|bytes| (1..least).contains(&bytes.value)) {
                let found = MEMORY_TOO_SMALL_FOR_PYTHON.at(limit.span, format!("{} bytes", limit.value));
                let megabytes = limit.value.saturating_mul(1 << 20);
                let help = match name {
                    "stack-size" => "write `stack-size=524288`, which is half a megabyte".to_owned(),
                    _ => format!("for {} megabytes write `{name}={megabytes}`", limit.value),
                };
                report.push(found.help(help));
            }
        }
    }
}
