//! Where clients that lost their backend went a moment ago, so that a page's requests at once move together.
//!
//! Asked only for clients without a backend, by all workers: a page's requests arrive on several of them.

use foldhash::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::rendezvous::Fingerprint;
use crate::api::BackendId;

/// How long requests that cannot be told apart go where the first of them went. By then a browser has its new cookie.
const TOGETHER: Duration = Duration::from_secs(2);

/// Most clients that are remembered (40 bytes each). Others move one request at a time.
const MOST: usize = 1 << 14;

/// The table, which successive pools share.
#[derive(Default)]
pub(crate) struct Moves(Mutex<Table>);

/// The table while it is locked.
#[derive(Clone, Default)]
pub(super) struct Table(HashMap<u64, Move>);

#[derive(Clone, Copy)]
struct Move {
    to: BackendId,
    began: Instant,
    last: Instant,
}

/// How a request of a client without a backend goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is the first one: by strategy.
    First,
    /// Where the one before it went.
    After(BackendId),
    /// By strategy, like each that comes so long after the first one.
    Late,
}

impl Moves {
    /// Locked, so that of two requests at the same time one is the first.
    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        // Ignoring poison is safe: each change is a single insertion.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of what concerns this client.
    pub(super) fn of(&self, client: Fingerprint) -> Self {
        let only = self.table().0.get(&client.bits()).map(|known| (client.bits(), *known));
        Moves(Mutex::new(Table(only.into_iter().collect())))
    }

    /// Removes what is over. To be called once a second.
    pub(crate) fn forget(&self, now: Instant) {
        self.table().forget(now);
    }
}

impl Table {
    /// How a request of this client goes now.
    pub(super) fn way(&self, client: Fingerprint, now: Instant) -> Way {
        match self.0.get(&client.bits()) {
            Some(known) if known.is_over(now) => Way::First,
            Some(known) if now.saturating_duration_since(known.began) < TOGETHER => Way::After(known.to),
            Some(_) => Way::Late,
            None => Way::First,
        }
    }

    /// Notes where a request of this client went.
    pub(super) fn note(&mut self, client: Fingerprint, to: BackendId, now: Instant) {
        if self.0.len() >= MOST {
            self.forget(now);
        }
        let before = self.0.get(&client.bits()).filter(|known| !known.is_over(now));
        let began = before.map_or(now, |known| known.began);
        if before.is_some() || self.0.len() < MOST {
            self.0.insert(client.bits(), Move { to, began, last: now });
        }
    }

    fn forget(&mut self, now: Instant) {
        self.0.retain(|_, known| !known.is_over(now));
    }
}

impl Move {
    /// A client that paused for so long may load another page: its requests move together anew.
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= TOGETHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Fingerprint = Fingerprint::new(1);
    const TO: BackendId = BackendId::new(3);

    #[test]
    fn requests_follow_the_first_for_two_seconds_then_go_by_strategy_until_there_was_a_pause() {
        let moves = Moves::default();
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        assert_eq!(moves.table().way(ONE, at(0)), Way::First);
        for (millis, way) in [(10, Way::After(TO)), (1_500, Way::After(TO)), (2_001, Way::Late), (3_900, Way::Late)] {
            moves.table().note(ONE, TO, at(millis - 10));
            assert_eq!(moves.table().way(ONE, at(millis)), way, "{millis}");
        }
        assert_eq!(moves.table().way(ONE, at(5_900)), Way::First);
        moves.forget(at(5_900));
        assert!(moves.table().0.is_empty());
    }

    #[test]
    fn the_table_is_bounded_and_takes_others_once_the_first_are_over() {
        let moves = Moves::default();
        let start = Instant::now();
        for n in 0..2 * MOST as u64 {
            moves.table().note(Fingerprint::new(n), TO, start);
        }
        assert_eq!(moves.table().0.len(), MOST);
        moves.table().note(Fingerprint::new(u64::MAX), TO, start + TOGETHER);
        assert_eq!(moves.table().0.len(), 1);
    }
}
