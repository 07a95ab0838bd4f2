//! Splits bytes into pieces, as a network may deliver them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// Inputs of at most this many bytes are split at every position, longer ones at this many positions.
const PLACES: usize = 12;

/// Ways to split the bytes: one by one, in two pieces, and in many.
pub(crate) fn ways(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    // Seeded from the bytes alone, so that an input gives the same result everywhere.
    let mut random = fastrand::Rng::with_seed(hash(bytes));
    let places: Vec<usize> = if bytes.len() <= PLACES {
        (1..bytes.len()).collect()
    } else {
        (0..PLACES).map(|_| random.usize(1..bytes.len())).collect()
    };
    let in_two = places.into_iter().map(|place| vec![&bytes[..place], &bytes[place..]]);
    let mut rest = bytes;
    let in_many = std::iter::from_fn(move || {
        let (piece, after) = rest.split_at_checked(random.usize(1..30).min(rest.len()))?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    });
    [bytes.chunks(1).collect(), in_many.collect()].into_iter().chain(in_two)
}

/// The FNV-1a hash.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A connection that yields one piece per read, and then ends.
pub(crate) struct Connection<'b>(VecDeque<&'b [u8]>);

impl<'b> Connection<'b> {
    pub(crate) fn new(pieces: impl IntoIterator<Item = &'b [u8]>) -> Self {
        Connection(pieces.into_iter().collect())
    }

    /// How many bytes were not read.
    pub(crate) fn left(&self) -> usize {
        self.0.iter().map(|piece| piece.len()).sum()
    }
}

impl AsyncRead for Connection<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(piece) = self.0.front_mut() {
            let (now, later) = piece.split_at(piece.len().min(buffer.remaining()));
            buffer.put_slice(now);
            *piece = later;
            if later.is_empty() {
                self.0.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }
}
