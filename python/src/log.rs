//! Lines of the error log, which is the process's standard error, as Apache writes them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::pairs::Pairs;

/// A longer line is cut.
const LONGEST: usize = 8192;
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

static LEVEL: AtomicU8 = AtomicU8::new(LogLevel::Warn as u8);

/// Sets the level: graver lines and those of this level are written.
pub(crate) fn set_level(level: LogLevel) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Who asked: the request's part of `environ`, where there is a request.
pub(crate) type Client<'a> = Option<&'a Pairs>;

/// Writes a line for each line of `text`.
pub(crate) fn write(level: LogLevel, client: Client<'_>, text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    if level as u8 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    put(&head(level, client), text);
}

/// Writes a line for each line that a script has written during a request.
pub(crate) fn write_of_script(level: LogLevel, environ: &Pairs, script: &[u8], text: &[u8]) {
    if level as u8 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let head = head(level, Some(environ)) + &format!("[script {}] ", String::from_utf8_lossy(script));
    put(&head, text);
}

fn put(head: &str, text: &[u8]) {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        let mut out = Vec::with_capacity(head.len() + line.len() + 1);
        escape(&mut out, head.as_bytes());
        escape(&mut out, line.strip_suffix(b"\r").unwrap_or(line));
        cut(&mut out);
        out.push(b'\n');
        // One write for each line, so that lines of several processes do not mix. A log that cannot be written has nobody
        // to be told about it.
        let _ = rustix::io::write(rustix::stdio::stderr(), &out);
    }
}

fn head(level: LogLevel, client: Client<'_>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // SAFETY: tm is plain data, and localtime_r fills it in; both pointers are valid for the call.
    let time = unsafe {
        let seconds = now.as_secs() as libc::time_t;
        let mut time: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const seconds, &raw mut time);
        time
    };
    let mut head = format!(
        "[{} {} {:02} {:02}:{:02}:{:02}.{:06} {}] [wsgi:{}] [pid {}:tid {}] ",
        DAYS.get(time.tm_wday as usize).unwrap_or(&"?"),
        MONTHS.get(time.tm_mon as usize).unwrap_or(&"?"),
        time.tm_mday,
        time.tm_hour,
        time.tm_min,
        time.tm_sec,
        now.subsec_micros(),
        time.tm_year + 1900,
        level.name(),
        std::process::id(),
        rustix::thread::gettid(),
    );
    if let Some(client) = client {
        let find = |name: &[u8]| client.iter().find(|pair| pair.0 == name).map(|pair| String::from_utf8_lossy(pair.1));
        if let (Some(address), Some(port)) = (find(b"REMOTE_ADDR"), find(b"REMOTE_PORT")) {
            // Writing to a String cannot fail.
            let _ = write!(head, "[client {address}:{port}] ");
        }
    }
    head
}

/// Copies a line so that it can neither forge another nor drive a terminal: C0 but for tab, DEL, C1 and what is no UTF-8
/// become `\xNN`.
fn escape(out: &mut Vec<u8>, line: &[u8]) {
    for chunk in line.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() && character != '\t' {
                out.extend_from_slice(format!("\\x{:02x}", u32::from(character)).as_bytes());
            } else {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
}

/// Cuts between two characters.
fn cut(line: &mut Vec<u8>) {
    if line.len() <= LONGEST {
        return;
    }
    let mut length = LONGEST;
    while length > 0 && line[length] & 0xc0 == 0x80 {
        length -= 1;
    }
    line.truncate(length);
}
