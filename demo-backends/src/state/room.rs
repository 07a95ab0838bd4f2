//! The chat room: everyone who joined it receives each message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How many messages a slow reader may fall behind before it misses some.
const BACKLOG: usize = 64;

/// The room of one backend; clones are the same room.
#[derive(Clone)]
pub(crate) struct Room(Arc<Shared>);

struct Shared {
    // A clone of such a text shares its memory, however many read it.
    messages: broadcast::Sender<Utf8Bytes>,
    posted: AtomicU64,
    guests: AtomicU64,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            messages: broadcast::Sender::new(BACKLOG),
            posted: AtomicU64::new(0),
            guests: AtomicU64::new(0),
        }))
    }

    /// Receives every message posted from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Utf8Bytes> {
        self.0.messages.subscribe()
    }

    /// The number of the next participant who gave no name, from 1.
    pub(crate) fn next_guest(&self) -> u64 {
        self.0.guests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of the next message, from 1.
    pub(crate) fn next_message(&self) -> u64 {
        self.0.posted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends a text to every subscriber.
    pub(crate) fn post(&self, text: Utf8Bytes) {
        // It fails only when nobody subscribes, and then nobody misses it.
        let _ = self.0.messages.send(text);
    }
}
