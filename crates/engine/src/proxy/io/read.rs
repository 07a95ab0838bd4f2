//! Reading from a socket inside a poll.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// Pieces of a body that go by before others get their turn: a fast pair must not hold the worker.
pub(crate) const ROUNDS: usize = 16;

/// Reads once into a buffer; the part that was filled, empty at the end.
pub(crate) fn poll_read<'b, R: AsyncRead + Unpin>(
    from: &mut R,
    buffer: &'b mut [u8],
    cx: &mut Context<'_>,
) -> Poll<io::Result<&'b [u8]>> {
    let mut read = ReadBuf::new(&mut *buffer);
    ready!(Pin::new(from).poll_read(cx, &mut read))?;
    let filled = read.filled().len();
    Poll::Ready(Ok(&buffer[..filled]))
}
