//! Bytes on their way into one socket: written at once as far as it takes them, else buffered.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

use super::scratch::READ_FOR_SLOW;

/// What a socket did not take yet. Its filler reads no more until it is empty (backpressure), so that it never holds more than
/// one read.
#[derive(Default)]
pub(crate) struct WriteBuffer {
    kept: Vec<u8>,
    /// How much of what is kept has been written.
    at: usize,
    /// Something was written and not flushed: TLS buffers records that only a flush sends.
    unflushed: bool,
    /// Something was written at all.
    written: bool,
    /// The socket did not take everything at once before.
    slow: bool,
}

impl WriteBuffer {
    /// Whether not one byte has been written.
    pub(crate) fn is_untouched(&self) -> bool {
        !self.written
    }

    /// How much of a buffer to read into: less for a slow receiver, since what it does not take is kept.
    pub(crate) fn share<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        let share = if self.slow { buffer.len().min(READ_FOR_SLOW) } else { buffer.len() };
        &mut buffer[..share]
    }

    /// Another message begins: whether its receiver keeps up is judged anew.
    pub(crate) fn begin(&mut self) {
        self.slow = false;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty() && !self.unflushed
    }

    /// Bytes that are buffered.
    pub(crate) fn left(&self) -> usize {
        self.kept.len() - self.at
    }

    /// Discards what is buffered: nobody will take it.
    pub(crate) fn clear(&mut self) {
        self.kept = Vec::new();
        self.at = 0;
        self.unflushed = false;
    }

    /// Writes what the socket takes now, and keeps the rest.
    pub(crate) fn send<W>(&mut self, to: &mut W, mut bytes: &[u8], cx: &mut Context<'_>) -> io::Result<()>
    where
        W: AsyncWrite + Unpin,
    {
        while self.kept.is_empty() && !bytes.is_empty() {
            match self.poll_write(to, bytes, cx) {
                Poll::Ready(written) => bytes = &bytes[written?..],
                Poll::Pending => break,
            }
        }
        self.slow |= !bytes.is_empty();
        self.kept.extend_from_slice(bytes);
        if self.kept.is_empty() && self.unflushed {
            let _: Poll<()> = self.poll_flush(to, cx)?;
        }
        Ok(())
    }

    /// Writes what is kept, until there is nothing more.
    pub(crate) fn poll_flush<W>(&mut self, to: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        W: AsyncWrite + Unpin,
    {
        while self.at < self.kept.len() {
            let kept = std::mem::take(&mut self.kept);
            let result = self.poll_write(to, &kept[self.at..], cx);
            self.kept = kept;
            self.at += ready!(result)?;
        }
        if self.at > 0 {
            self.kept = Vec::new();
            self.at = 0;
        }
        if self.unflushed {
            ready!(Pin::new(to).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write<W>(&mut self, to: &mut W, bytes: &[u8], cx: &mut Context<'_>) -> Poll<io::Result<usize>>
    where
        W: AsyncWrite + Unpin,
    {
        let written = ready!(Pin::new(to).poll_write(cx, bytes))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.unflushed = true;
        self.written = true;
        Poll::Ready(Ok(written))
    }
}
