//! What choices leave behind for the next ones.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use super::keys_seen::KeysSeen;
use super::learned::LearnedTable;
use super::moves::Moves;
use super::recorder::Recorder;
use super::traits::Traits;

/// What choices leave behind for the next ones; successive pools share it.
#[derive(Default)]
pub(crate) struct Memory {
    /// Counter for round robin and for rotating ties.
    turn: AtomicUsize,
    /// Where clients that lost their backend went.
    pub(crate) moves: Moves,
    /// The keys that were hashed.
    pub(crate) keys: KeysSeen,
    /// The ids that backends gave out.
    pub(crate) learned: Arc<LearnedTable>,
    /// The ids that backends were seen to make, where ids are hashed.
    pub(crate) made: Arc<LearnedTable>,
    /// What was chosen, while somebody watches.
    pub(crate) recorder: Arc<Recorder>,
}

impl Memory {
    pub(super) fn next_turn(&self) -> usize {
        self.turn.fetch_add(1, Relaxed)
    }

    pub(super) fn turn(&self) -> usize {
        self.turn.load(Relaxed)
    }

    pub(super) fn set_turn(&self, turn: usize) {
        self.turn.store(turn, Relaxed);
    }

    /// A copy, as far as it concerns this client, of which something is known once it has lost its backend.
    pub(super) fn of(&self, client: Option<&Traits>) -> Self {
        Memory {
            turn: AtomicUsize::new(self.turn.load(Relaxed)),
            moves: client.map(|client| self.moves.of(client)).unwrap_or_default(),
            keys: KeysSeen::default(),
            learned: Arc::clone(&self.learned),
            made: Arc::clone(&self.made),
            recorder: Arc::default(),
        }
    }
}
