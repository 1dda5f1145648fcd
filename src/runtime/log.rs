//! The error log: one line, one write, nothing in it that could forge a line or drive a terminal.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use crate::plan::log::LogLevel;

/// The longest line, bytes; the rest is cut.
const LONGEST: usize = 8192;

/// Where the error lines of a host go.
#[derive(Debug, Clone)]
pub struct ErrorLog {
    file: Arc<File>,
    level: LogLevel,
}

impl ErrorLog {
    /// Writes to a file that is already open for appending.
    #[must_use]
    pub fn new(file: Arc<File>, level: LogLevel) -> Self {
        Self { file, level }
    }

    /// Writes a line, if the level is wanted: `[time] [module:level] [pid N] message`. A log that cannot be written loses
    /// the line; requests go on.
    pub fn write(&self, module: &str, level: LogLevel, message: &str) {
        if level > self.level {
            return;
        }
        let time = chrono::Local::now().format("%a %b %d %H:%M:%S%.6f %Y");
        let mut line = format!("[{time}] [{module}:{}] [pid {}] ", level.name(), std::process::id()).into_bytes();
        escape(message, &mut line);
        line.truncate(LONGEST);
        line.push(b'\n');
        let _ = (&*self.file).write_all(&line);
    }
}

/// Appends a text in which control characters stand as `\xNN`.
fn escape(text: &str, line: &mut Vec<u8>) {
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                line.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
            }
        } else {
            let mut bytes = [0; 4];
            line.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_message_makes_a_second_line() {
        let mut line = Vec::new();
        super::escape("a\n[forged]\x1b[31m\u{9b}", &mut line);
        assert_eq!(line, b"a\\x0a[forged]\\x1b[31m\\xc2\\x9b");
    }
}
