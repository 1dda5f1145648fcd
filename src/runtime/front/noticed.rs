//! A client's stream whose [`Watched`] hears of the bytes that come in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::watch::Watched;

/// Up to so many bytes a head and its body are copied together: the kernel takes one block for less than it takes two.
const SMALL: usize = 1024;

/// The stream.
pub(super) struct Noticed {
    stream: TokioIo<TcpStream>,
    watched: Arc<Watched>,
}

impl Noticed {
    /// Has `watched` hear of what comes in on `stream`.
    pub(super) fn new(stream: TcpStream, watched: Arc<Watched>) -> Self {
        Self { stream: TokioIo::new(stream), watched }
    }

    /// The stream alone.
    pub(super) fn into_inner(self) -> TcpStream {
        self.stream.into_inner()
    }

    fn stream(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.stream)
    }
}

impl Read for Noticed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.stream().poll_read(context, buffer);
        if read.is_ready() {
            self.watched.receives();
        }
        read
    }
}

impl Write for Noticed {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream().poll_write(context, bytes);
        self.watched.writes(written.is_pending());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        blocks: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length: usize = blocks.iter().map(|block| block.len()).sum();
        if length > SMALL {
            let written = self.stream().poll_write_vectored(context, blocks);
            self.watched.writes(written.is_pending());
            return written;
        }
        let mut buffer = [0; SMALL];
        let mut rest = &mut buffer[..];
        for block in blocks {
            let (place, behind) = rest.split_at_mut(block.len());
            place.copy_from_slice(block);
            rest = behind;
        }
        let written = self.stream().poll_write(context, &buffer[..length]);
        self.watched.writes(written.is_pending());
        written
    }
}
