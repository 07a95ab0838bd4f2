//! Where clients that lost their backend went a moment ago, so that a page's requests at once move together.
//!
//! Asked only for clients without a backend, by all workers: a page's requests arrive on several of them. The lock that they
//! share is held for a few look-ups: neither a choice nor the removal of what is over belongs below it.

use foldhash::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::traits::{Mark, Traits};
use crate::api::BackendId;

/// How long requests that cannot be told apart go where the first of them went. By then a browser has its new cookie.
const TOGETHER: Duration = Duration::from_secs(2);

/// How many requests at most go where the first of them went, of clients that nothing tells apart: as many as a browser
/// sends at once over HTTP/1.1. A whole class, or a load script, would all go to one backend else.
const AT_ONCE: u32 = 6;

/// Most marks that are remembered (64 bytes each, and those of a client once more). Others move one request at a time.
const MOST: usize = 1 << 15;

/// The table, which successive pools share.
#[derive(Default)]
pub(crate) struct Moves(Mutex<Table>);

/// The last move of the client with a mark, by that mark.
#[derive(Default)]
struct Table(HashMap<u64, Move>);

#[derive(Clone)]
struct Move {
    to: BackendId,
    began: Instant,
    last: Instant,
    /// How many requests went there.
    requests: u32,
    /// All that its request had.
    marks: Arc<[Mark]>,
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
    /// How a request of this client goes now.
    pub(super) fn way(&self, client: &Traits, now: Instant) -> Way {
        self.table().way(client, now)
    }

    /// Notes where a request of this client went.
    pub(super) fn note(&self, client: &Traits, to: BackendId, now: Instant) {
        if !client.is_replay {
            self.table().note(client, to, now);
        }
    }

    /// Notes where the first request of this client goes, and gives that backend: the one of another request where that was
    /// the first one meanwhile.
    pub(super) fn begin(&self, client: &Traits, to: BackendId, now: Instant) -> BackendId {
        let mut table = self.table();
        match table.way(client, now) {
            Way::After(id) => return id,
            Way::First | Way::Late if client.is_replay => {}
            Way::First | Way::Late => table.note(client, to, now),
        }
        to
    }

    /// A copy of what concerns this client.
    pub(super) fn of(&self, client: &Traits) -> Self {
        let table = self.table();
        let of = |mark: &Mark| Some((mark.whole, table.0.get(&mark.whole)?.clone()));
        Moves(Mutex::new(Table(client.marks.iter().filter_map(of).collect())))
    }

    /// Removes what is over. To be called once a second.
    pub(crate) fn forget(&self, now: Instant) {
        self.table().0.retain(|_, known| !known.is_over(now));
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Ignoring poison is safe: each mark stands alone.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The last move of this client, by the first of its marks that is its own.
    fn last(&self, client: &Traits, now: Instant) -> Option<&Move> {
        let known = client.marks.iter().filter_map(|mark| self.0.get(&mark.whole));
        known.filter(|known| !known.is_over(now)).find(|known| Mark::are_of_one_client(&client.marks, &known.marks))
    }

    fn way(&self, client: &Traits, now: Instant) -> Way {
        match self.last(client, now) {
            Some(known) if now.saturating_duration_since(known.began) >= TOGETHER => Way::Late,
            Some(known) if known.is_full(client) => Way::First,
            Some(known) => Way::After(known.to),
            None => Way::First,
        }
    }

    fn note(&mut self, client: &Traits, to: BackendId, now: Instant) {
        let known = self.last(client, now);
        let began = known.map_or(now, |known| known.began);
        let requests = known.filter(|known| !known.is_full(client)).map_or(0, |known| known.requests) + 1;
        let noted = Move { to, began, last: now, requests, marks: Arc::clone(&client.marks) };
        for mark in &*client.marks {
            if self.0.len() < MOST || self.0.contains_key(&mark.whole) {
                self.0.insert(mark.whole, noted.clone());
            }
        }
    }
}

impl Move {
    /// Whether the next request of clients like this one begins anew.
    fn is_full(&self, client: &Traits) -> bool {
        !client.told.is_personal() && self.requests >= AT_ONCE
    }

    /// A client that paused for so long may load another page: its requests move together anew.
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= TOGETHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: BackendId = BackendId::new(3);
    const ELSEWHERE: BackendId = BackendId::new(4);

    fn client(number: u32) -> Traits {
        Traits::of_address(number.to_be_bytes().into(), 0.into())
    }

    #[test]
    fn requests_follow_the_first_for_two_seconds_then_go_by_strategy_until_there_was_a_pause() {
        let (moves, one) = (Moves::default(), client(1));
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        assert_eq!(moves.way(&one, at(0)), Way::First);
        for (millis, way) in [(10, Way::After(TO)), (1_500, Way::After(TO)), (2_001, Way::Late), (3_900, Way::Late)] {
            moves.note(&one, TO, at(millis - 10));
            assert_eq!(moves.way(&one, at(millis)), way, "{millis}");
        }
        assert_eq!(moves.way(&one, at(5_900)), Way::First);
        moves.forget(at(5_900));
        assert!(moves.table().0.is_empty());
    }

    #[test]
    fn of_clients_that_nothing_tells_apart_six_requests_go_together_and_the_next_goes_by_strategy() {
        let (moves, class, now) = (Moves::default(), client(1), Instant::now());
        let ways: Vec<bool> = (0..14)
            .map(|_| {
                let way = moves.way(&class, now);
                moves.note(&class, TO, now);
                way == Way::First
            })
            .collect();
        let first: Vec<usize> = (0..14).filter(|n| ways[*n]).collect();
        assert_eq!(first, [0, 6, 12]);
    }

    #[test]
    fn of_two_requests_at_the_same_time_one_is_the_first() {
        let (moves, one, start) = (Moves::default(), client(1), Instant::now());
        assert_eq!(moves.begin(&one, TO, start), TO);
        assert_eq!(moves.begin(&one, ELSEWHERE, start), TO);
        assert_eq!(moves.begin(&client(2), ELSEWHERE, start), ELSEWHERE);
    }

    #[test]
    fn a_replay_follows_its_client_and_leaves_nothing_behind() {
        let (moves, one, start) = (Moves::default(), client(1), Instant::now());
        let replay = Traits { is_replay: true, ..client(1) };
        assert_eq!(moves.begin(&replay, TO, start), TO);
        moves.note(&replay, TO, start);
        assert_eq!(moves.way(&one, start), Way::First);
        moves.note(&one, ELSEWHERE, start);
        assert_eq!(moves.way(&replay, start), Way::After(ELSEWHERE));
    }

    #[test]
    fn the_table_is_bounded_and_takes_others_once_the_first_are_over() {
        let moves = Moves::default();
        let start = Instant::now();
        (0..).take(2 * MOST).for_each(|number| moves.note(&client(number), TO, start));
        assert_eq!(moves.table().0.len(), MOST);
        moves.forget(start + TOGETHER);
        moves.note(&client(u32::MAX), TO, start + TOGETHER);
        assert_eq!(moves.table().0.len(), 1);
    }
}
