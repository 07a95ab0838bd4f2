//! The last state changes of backends and the effect of each on clients. Kept apart from the log, which drops its
//! oldest lines quickly under load.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{BackendId, CookieAction, Event, Outcome, RequestEvent, State, UpdateEvent};

/// State changes kept.
const KEPT: usize = 64;

/// The effect of a failing backend on its requests and clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Harm {
    /// Failed attempts of requests that another backend answered.
    pub(crate) retried: u64,
    /// Clients whose cookie was rewritten to another backend.
    pub(crate) moved: u64,
    /// Failed attempts of requests that no backend answered.
    pub(crate) lost: u64,
}

/// One state change and its effect.
#[derive(Clone)]
pub(crate) struct Change {
    event: Arc<Event>,
    pub(crate) harm: Harm,
}

impl Change {
    /// The state change; always `Some`, because only updates are kept.
    pub(crate) fn update(&self) -> Option<&UpdateEvent> {
        match &*self.event {
            Event::Update(update) => Some(update),
            _ => None,
        }
    }
}

/// The last state changes, the latest last.
#[derive(Default)]
pub(crate) struct Changes {
    kept: VecDeque<Change>,
    /// Harm before the state change it belongs to: requests fail before the health check does.
    ahead: HashMap<BackendId, Harm>,
}

impl Changes {
    pub(crate) fn follow(&mut self, event: &Arc<Event>) {
        match &**event {
            Event::Request(request) => self.count(request),
            // A first check that passes is not shown as a change.
            Event::Update(update) if update.from == State::Starting && update.to == State::Up => {
                self.ahead.remove(&update.backend.id);
            }
            Event::Update(update) => {
                let harm = self.ahead.remove(&update.backend.id).filter(|_| update.to != State::Up);
                if self.kept.len() == KEPT {
                    self.kept.pop_front();
                }
                self.kept.push_back(Change { event: Arc::clone(event), harm: harm.unwrap_or_default() });
            }
            _ => {}
        }
    }

    fn count(&mut self, request: &RequestEvent) {
        let decision = &request.decision;
        // Fast path for nearly every request: not moved and no failed attempt.
        if decision.moved_from.is_none() && decision.attempts.iter().all(|a| a.outcome == Outcome::Answered) {
            return;
        }
        let answered = decision.attempts.last().is_some_and(|a| a.outcome == Outcome::Answered);
        let mut moved = u64::from(decision.cookie == CookieAction::Rewritten);
        for attempt in decision.attempts.iter().filter(|a| a.outcome != Outcome::Answered) {
            let harm = self.harm_of(attempt.backend.id);
            harm.moved += std::mem::take(&mut moved);
            if answered {
                harm.retried += 1;
            } else {
                harm.lost += 1;
            }
        }
        if let Some((name, _)) = &decision.moved_from
            && let Some(change) =
                self.kept.iter_mut().rev().find(|c| c.update().is_some_and(|u| u.backend.name == *name))
        {
            change.harm.moved += moved;
        }
    }

    /// The counters for a backend: those of its last change, or of the next one if the last change was to UP.
    fn harm_of(&mut self, id: BackendId) -> &mut Harm {
        let last = self.kept.iter_mut().rev().find(|c| c.update().is_some_and(|u| u.backend.id == id));
        match last {
            Some(change) if change.update().is_some_and(|update| update.to != State::Up) => &mut change.harm,
            _ => self.ahead.entry(id).or_default(),
        }
    }

    /// The changes before `moment`, with all harm counted so far.
    pub(crate) fn before(&self, moment: SystemTime) -> Changes {
        let earlier = |change: &&Change| change.update().is_some_and(|update| update.time < moment);
        Changes { kept: self.kept.iter().filter(earlier).cloned().collect(), ahead: HashMap::new() }
    }

    /// The last `most` changes, the latest last.
    pub(crate) fn last(&self, most: usize) -> impl Iterator<Item = &Change> {
        self.kept.iter().skip(self.kept.len().saturating_sub(most))
    }

    /// The changes of one backend, the latest first.
    pub(crate) fn of(&self, id: BackendId) -> impl Iterator<Item = &Change> {
        self.kept.iter().rev().filter(move |change| change.update().is_some_and(|update| update.backend.id == id))
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use stickylb::api::Strategy;
    use stickylb::api::{Attempt, Decision, Identity};

    fn who(id: u32) -> Arc<Identity> {
        Arc::new(Identity::new(id, format!("b{id}"), ""))
    }

    fn change(id: u32, from: State, to: State) -> Arc<Event> {
        Arc::new(Event::Update(UpdateEvent::new(SystemTime::UNIX_EPOCH, who(id), [from, to], "")))
    }

    fn request(outcomes: &[(u32, Outcome)], cookie: CookieAction) -> Arc<Event> {
        let mut decision = Decision::new(Strategy::RoundRobin);
        decision.cookie = cookie;
        for (id, outcome) in outcomes {
            decision.attempts.push(Attempt::new(&who(*id), *outcome, Duration::ZERO));
        }
        Arc::new(Event::Request(RequestEvent::sample(decision)))
    }

    #[test]
    fn a_death_is_told_with_what_it_did_to_the_requests_before_and_after_it_was_seen() {
        let mut changes = Changes::default();
        changes.follow(&request(&[(4, Outcome::Refused), (1, Outcome::Answered)], CookieAction::Rewritten));
        changes.follow(&change(4, State::Up, State::Down));
        changes.follow(&request(&[(4, Outcome::NoAnswer)], CookieAction::None));
        changes.follow(&request(&[(1, Outcome::Answered)], CookieAction::None));
        let harm = changes.last(1).next().expect("one").harm;
        assert_eq!(harm, Harm { retried: 1, moved: 1, lost: 1 });
    }

    #[test]
    fn the_next_death_begins_to_count_anew() {
        let mut changes = Changes::default();
        changes.follow(&change(4, State::Up, State::Down));
        changes.follow(&change(4, State::Down, State::Up));
        changes.follow(&request(&[(4, Outcome::Refused), (1, Outcome::Answered)], CookieAction::None));
        changes.follow(&change(4, State::Up, State::Down));
        let retried: Vec<u64> = changes.last(3).map(|change| change.harm.retried).collect();
        assert_eq!(retried, [0, 0, 1]);
    }

    #[test]
    fn a_first_check_that_passes_is_no_news() {
        let mut changes = Changes::default();
        changes.follow(&change(1, State::Starting, State::Up));
        assert_eq!(changes.len(), 0);
        for _ in 0..KEPT + 5 {
            changes.follow(&change(1, State::Up, State::Maint));
        }
        assert_eq!(changes.len(), KEPT);
    }
}
