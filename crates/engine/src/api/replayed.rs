//! What came of a request that was sent again.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

use super::event::Event;
use super::heads::Heads;

/// The longest that sending a request again may take, whatever `timeouts.response` is.
pub const LONGEST: Duration = Duration::from_mins(2);

/// What came of a request that was sent again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Replayed {
    /// How it went: an [`Event::Request`].
    pub event: Arc<Event>,
    /// The heads of the request it repeats.
    pub before: Heads,
    /// Its own heads.
    pub after: Heads,
    /// How the bodies of the two responses compare.
    pub bodies: Bodies,
}

impl Replayed {
    /// What came of it.
    pub fn new(event: Arc<Event>, [before, after]: [Heads; 2], bodies: Bodies) -> Self {
        Replayed { event, before, after, bodies }
    }
}

/// How the bodies of two responses compare, of which at most 16 KiB are kept, and 4 KiB where bodies are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "two bodies are the same or differ")]
pub enum Bodies {
    /// What is kept of both is the same: so many bytes.
    Same(usize),
    /// So many bytes are the same, and the next differ.
    DifferAt(usize),
}

impl Bodies {
    pub(crate) fn of(before: &[u8], after: &[u8]) -> Self {
        let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        if same == before.len().min(after.len()) { Bodies::Same(same) } else { Bodies::DifferAt(same) }
    }
}
