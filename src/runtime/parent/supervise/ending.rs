//! How a process has ended, in words for the log.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// `ended with exit status 3`, `was ended by signal 9 (SIGKILL)`.
pub(super) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => {
            let name = signal_hook::low_level::signal_name(signal).unwrap_or("a signal");
            format!("was ended by signal {signal} ({name})")
        }
        (None, None) => "ended".to_owned(),
    }
}
