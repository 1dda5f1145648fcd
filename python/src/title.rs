//! What `ps` and `top` show of the process, instead of the command that started it.

use std::ffi::CString;
use std::fs;
use std::ops::Range;

/// What the kernel keeps of a thread's name.
const NAME: usize = 15;

/// Shows `title`, cut to the room that there is: what the arguments took when the process was started.
pub(crate) fn set(title: &str) {
    if let Ok(name) = CString::new(&title[..fitting(title, NAME)]) {
        // The main thread's name is the process's. Without it `top` shows `python3`, which is no failure.
        let _ = rustix::thread::set_name(&name);
    }
    let Some(arguments) = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| arguments(&stat)) else { return };
    // SAFETY: this is the part of the stack where the kernel put the arguments when the process was started, writable and
    // there until it ends. We are its only user: CPython works with copies, which it made before it ran us (Py_BytesMain), and
    // libc's pointer to the first argument finds a string that ends, since the last byte stays NUL.
    let area = unsafe {
        let start = std::ptr::with_exposed_provenance_mut::<u8>(arguments.start);
        std::slice::from_raw_parts_mut(start, arguments.len())
    };
    write(title, area);
}

fn write(title: &str, area: &mut [u8]) {
    let shown = fitting(title, area.len().saturating_sub(1));
    area.fill(0);
    area[..shown].copy_from_slice(&title.as_bytes()[..shown]);
}

/// Where the arguments are: fields 48 and 49 of `/proc/self/stat` (proc(5)).
fn arguments(stat: &str) -> Option<Range<usize>> {
    // The name, field 2, stands in parentheses and may hold anything.
    let numbers = &stat[stat.rfind(')')? + 1..];
    let mut fields = numbers.split_ascii_whitespace().skip(48 - 3).map(str::parse);
    let (from, to) = (fields.next()?.ok()?, fields.next()?.ok()?);
    (from != 0 && from < to).then_some(from..to)
}

/// The greatest length up to `room` at which no character is cut.
fn fitting(title: &str, room: usize) -> usize {
    (0..=room.min(title.len())).rfind(|at| title.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_fits_and_ends() {
        for (title, room, shown) in [("abc", 6, "abc"), ("abcdef", 4, "abc"), ("ab\u{e4}", 4, "ab"), ("abc", 0, "")] {
            let mut area = vec![b'x'; room];
            write(title, &mut area);
            assert_eq!(String::from_utf8_lossy(&area).trim_end_matches('\0'), shown);
            assert_eq!(area.last().copied().unwrap_or(0), 0);
        }
    }

    #[test]
    fn the_fields_are_counted_behind_the_name() {
        let numbers: Vec<String> = (4..=52).map(|field| field.to_string()).collect();
        let stat = format!("7 (a) b) S {}\n", numbers.join(" "));
        assert_eq!(arguments(&stat), Some(48..49));
        assert_eq!(arguments("7 (a) S 1 2"), None);
    }
}
