//! Who has been here, and how often: a session that one backend alone knows, as apps keep them in their memory.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How many sessions are kept; the oldest is forgotten for a new one.
const MOST: usize = 10_000;

/// The sessions of one backend.
pub(crate) struct Visits(Mutex<Known>);

#[derive(Default)]
struct Known {
    visits: HashMap<u64, u64>,
    /// The sessions, the oldest first.
    order: VecDeque<u64>,
}

/// One visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The session it belongs to.
    pub(crate) session: u64,
    /// Which visit of that session it is, from 1.
    pub(crate) number: u64,
}

impl Visits {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Counts a visit of the session. One that is not known here, because it is another backend's or from before a restart,
    /// gets a new session, as in most apps: another backend's would be taken over by its number alone otherwise.
    pub(crate) fn count(&self, session: Option<u64>) -> Visit {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = session
            && let Some(number) = known.visits.get_mut(&session)
        {
            *number += 1;
            return Visit { session, number: *number };
        }
        // Each state has keys of its own, drawn at random, so that nobody guesses another's session.
        let session = RandomState::new().hash_one(known.order.len());
        if known.order.len() == MOST
            && let Some(oldest) = known.order.pop_front()
        {
            known.visits.remove(&oldest);
        }
        known.order.push_back(session);
        known.visits.insert(session, 1);
        Visit { session, number: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_is_counted_by_itself() {
        let visits = Visits::new();
        let ann = visits.count(None);
        let ben = visits.count(None);
        assert_ne!(ann.session, ben.session);
        assert_eq!((ann.number, visits.count(Some(ann.session)).number), (1, 2));
        assert_eq!(visits.count(Some(ben.session)).number, 2);
    }

    #[test]
    fn what_is_not_known_begins_anew() {
        let visits = Visits::new();
        let stranger = visits.count(Some(7));
        assert_eq!(stranger.number, 1);
        assert_ne!(stranger.session, 7);
    }

    #[test]
    fn the_oldest_is_forgotten_and_no_more_is_kept() {
        let visits = Visits::new();
        let first = visits.count(None);
        let second = visits.count(None);
        for _ in 0..MOST - 1 {
            visits.count(None);
        }
        assert_eq!(visits.count(Some(second.session)).number, 2);
        assert_eq!(visits.count(Some(first.session)).number, 1);
        assert_eq!(visits.0.lock().expect("no panic").visits.len(), MOST);
    }
}
