//! `wsgi.file_wrapper`'s fast path: a regular file is read by its descriptor, without Python.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

use pyo3_ffi as ffi;
use wsgi_httpd::runtime::exchange::{Exchange, Gone, Head};

use super::response::Failure;
use super::{Request, meter};
use crate::module::Holder;
use crate::object::{Attached, Exception, Object, Raised, Result};

/// Bytes read at a time.
const BLOCK: usize = 256 << 10;

/// Whether the result is a `mod_wsgi.FileWrapper`.
pub(super) fn is_file(_attached: Attached<'_>, holder: &Holder, result: &Object) -> Result<bool> {
    // SAFETY: both objects are valid.
    match unsafe { ffi::PyObject_IsInstance(result.as_ptr(), holder.file_wrapper.as_ptr()) } {
        -1 => Err(Raised),
        answer => Ok(answer == 1),
    }
}

/// A regular file, from where it stands to its end.
pub(super) struct File {
    descriptor: BorrowedFd<'static>,
    offset: u64,
    length: u64,
}

impl File {
    /// The file of a wrapper; `None` when it has to be iterated.
    pub(super) fn of(attached: Attached<'_>, holder: &Holder, wrapper: &Object) -> Option<Self> {
        let arguments = Object::tuple(attached, [wrapper.share(attached)]).ok()?;
        let place = holder.place_of_file.call_tuple(attached, &arguments);
        let Ok(place) = place else {
            attached.clear_raised();
            return None;
        };
        if !place.is_tuple() {
            return None;
        }
        // SAFETY: a tuple of two; what it gives is borrowed and shared at once.
        let get = |place_in| unsafe { Object::borrowed(ffi::PyTuple_GetItem(place.as_ptr(), place_in)) };
        let descriptor = i32::try_from(get(0).as_integer(attached)?).ok().filter(|descriptor| *descriptor >= 0)?;
        let offset = u64::try_from(get(1).as_integer(attached)?).ok()?;
        // SAFETY: the wrapper keeps the file open while we send it; should the application close it in another thread,
        // reading fails or reads another file of the same process, as it would in Python.
        let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
        let status = rustix::fs::fstat(descriptor).ok()?;
        let is_regular = rustix::fs::FileType::from_raw_mode(status.st_mode).is_file();
        is_regular.then(|| Self { descriptor, offset, length: (status.st_size as u64).saturating_sub(offset) })
    }

    /// Sends the file, which becomes the whole answer. `pread` leaves the descriptor where it was.
    pub(super) fn send(self, attached: Attached<'_>, request: &Arc<Request>) -> Result<(), Failure> {
        let Some(start) = request.answer.with(attached, |answer| answer.start_file(self.length)) else {
            return Err(attached.raise(Exception::Runtime, "start_response() has not been called").into());
        };
        let total = start.total;
        let since = request.meter.as_ref().map(|_| Instant::now());
        let mut channel = request.channel(attached);
        let sent = meter::detached(attached, request.meter.as_ref(), || match channel.exchange() {
            Some(exchange) => self.copy(exchange, start),
            None => Err(Gone),
        });
        drop(channel);
        if let Some(meter) = &request.meter {
            let bytes = sent.as_ref().map_or(0, |sent| *sent as usize);
            meter.count(|counts| counts.output.add(bytes, since));
        }
        request.answer.with(attached, |answer| {
            let sent = sent.map_err(|Gone| answer.set_gone())?;
            answer.count(sent, sent == total);
            Ok(())
        })
    }

    /// Sends what there is of the file, and gives how much that was.
    fn copy(&self, exchange: &mut dyn Exchange, start: FileStart) -> Result<u64, Gone> {
        let mut head = Some(start.head);
        let mut buffer = vec![0; BLOCK.min(start.wanted as usize)];
        let mut sent = 0;
        loop {
            let most = buffer.len().min((start.wanted - sent) as usize);
            let block = self.read(&mut buffer[..most], self.offset + sent);
            sent += block.len() as u64;
            let complete = sent == start.total;
            match head.take() {
                Some(head) => exchange.start(head, block.into(), complete)?,
                None => exchange.send(block)?,
            }
            if complete && sent > BLOCK as u64 {
                exchange.finish();
            }
            if sent == start.wanted || block.is_empty() {
                return Ok(sent);
            }
        }
    }

    /// Fills the buffer; less is the end of the file, which may have become shorter, or an error.
    fn read<'a>(&self, buffer: &'a mut [u8], offset: u64) -> &'a [u8] {
        let mut filled = 0;
        while filled < buffer.len() {
            match rustix::io::pread(self.descriptor, &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
        &buffer[..filled]
    }
}

/// The head that goes with a file.
pub(crate) struct FileStart {
    /// With a `Content-Length`.
    pub(crate) head: Head,
    /// Bytes of the file that are wanted.
    pub(crate) wanted: u64,
    /// Bytes that make the answer whole; more than `wanted` when the file is too short.
    pub(crate) total: u64,
}
