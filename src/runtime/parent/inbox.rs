//! What a child says to the parent. The child's application runs as another user, and can write to the socket what it likes: the
//! parent never waits for the rest of a message, keeps little of it, takes no descriptors, and listens for so long.

use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::runtime::handoff::{NUMBERS, Report, length_and_descriptors};

/// The longest report, bytes.
const LONGEST: usize = 256 << 10;
/// So many reports may come within [`WINDOW`].
const MOST: u32 = 2000;
const WINDOW: Duration = Duration::from_secs(10);

/// The parent's end of what one child sends.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    since: Instant,
    reports: u32,
}

/// What has been heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// A report.
    Report(Report),
    /// Nothing more for now.
    Nothing,
    /// The child has closed its side.
    End,
    /// What no child of ours says, in words for the error log.
    Nonsense(String),
}

impl Inbox {
    /// Nothing has been heard yet.
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), since: Instant::now(), reports: 0 }
    }

    /// The next report, without waiting for one.
    pub(super) fn next(&mut self, socket: &impl AsFd) -> Heard {
        loop {
            match self.take() {
                Ok(Some(report)) => return Heard::Report(report),
                Ok(None) => {}
                Err(why) => return Heard::Nonsense(why),
            }
            let mut block = [MaybeUninit::uninit(); 4096];
            // Descriptors that came with it are closed by the kernel.
            match recv(socket, &mut block[..], RecvFlags::DONTWAIT) {
                Ok((([], _), _)) | Err(Errno::CONNRESET) => return Heard::End,
                Ok(((read, _), _)) => self.bytes.extend_from_slice(read),
                Err(Errno::AGAIN) => return Heard::Nothing,
                Err(Errno::INTR) => {}
                Err(error) => return Heard::Nonsense(error.to_string()),
            }
        }
    }

    fn take(&mut self) -> Result<Option<Report>, String> {
        let Some(header) = self.bytes.first_chunk::<NUMBERS>() else { return Ok(None) };
        let (length, descriptors) = length_and_descriptors(*header);
        if descriptors > 0 {
            return Err(format!("a report with {descriptors} descriptors"));
        }
        if length > LONGEST {
            return Err(format!("a report of {length} bytes"));
        }
        let Some(message) = self.bytes.get(NUMBERS..NUMBERS + length) else { return Ok(None) };
        let report =
            serde_json::from_slice(message).map_err(|error| format!("a report that cannot be read: {error}"))?;
        self.bytes.drain(..NUMBERS + length);
        if self.since.elapsed() > WINDOW {
            (self.since, self.reports) = (Instant::now(), 0);
        }
        self.reports += 1;
        if self.reports > MOST {
            return Err(format!("more than {MOST} reports within {} seconds", WINDOW.as_secs()));
        }
        Ok(Some(report))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::runtime::handoff::Control;

    fn pair() -> (UnixStream, UnixStream, Inbox) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (ours, theirs, Inbox::new())
    }

    #[test]
    fn reports_are_heard_when_they_are_whole() {
        let (ours, theirs, mut inbox) = pair();
        assert!(matches!(inbox.next(&ours), Heard::Nothing));
        let control = Control::new(theirs.try_clone().unwrap());
        control.send(&Report::Unconnected, &[]).unwrap();
        control.send(&Report::Leaving { reason: "x".repeat(9000) }, &[]).unwrap();
        assert!(matches!(inbox.next(&ours), Heard::Report(Report::Unconnected)));
        assert!(matches!(inbox.next(&ours), Heard::Report(Report::Leaving { reason }) if reason.len() == 9000));
        (&theirs).write_all(&[13, 0]).unwrap();
        assert!(matches!(inbox.next(&ours), Heard::Nothing));
        (&theirs).write_all(b"\0\0\0\0\0\0\"Unconnected\"").unwrap();
        assert!(matches!(inbox.next(&ours), Heard::Report(Report::Unconnected)));
        drop((control, theirs));
        assert!(matches!(inbox.next(&ours), Heard::End));
    }

    #[test]
    fn nonsense_is_told_from_reports() {
        let said: [&[u8]; 5] = [
            b"\xff\xff\xff\xff\0\0\0\0",
            b"\x02\0\0\0\0\0\0\0{}",
            b"\x01\0\0\0\0\0\0\0\xff",
            b"\0\0\0\0\0\0\0\0",
            b"\x0d\0\0\0\x01\0\0\0\"Unconnected\"",
        ];
        for bytes in said {
            let (ours, theirs, mut inbox) = pair();
            (&theirs).write_all(bytes).unwrap();
            assert!(matches!(inbox.next(&ours), Heard::Nonsense(_)), "{bytes:?}");
        }
        let (ours, theirs, mut inbox) = pair();
        let control = Control::new(theirs);
        for _ in 0..MOST {
            control.send(&Report::Unconnected, &[]).unwrap();
            assert!(matches!(inbox.next(&ours), Heard::Report(_)));
        }
        control.send(&Report::Unconnected, &[]).unwrap();
        assert!(matches!(inbox.next(&ours), Heard::Nonsense(_)));
    }
}
