//! The last changes: of backends' states with their effect on clients, of strategies, weights and stickiness. Kept apart
//! from the log, which drops its oldest lines quickly under load.

mod change;

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{
    BackendId, Change as Setting, Event, Notice, Outcome, PoolChange, PoolView, RequestEvent, State, UpdateEvent,
};

use crate::screen::failed::failed;
pub(crate) use change::{Change, Evenness, Harm};

/// Changes kept.
const KEPT: usize = 64;

/// Changes within this time are one, as the engine counts them.
const TOGETHER: Duration = Duration::from_secs(2);

/// How far a baseline may be from the notice of its change: that is told a moment later, and is one of several at most.
const NEAR: Duration = Duration::from_millis(2_500);

/// The last changes, the latest last.
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
            Event::Update(update) => self.step(event, update),
            Event::Notice(Notice { change: Some(change), .. }) => self.set(event, change),
            _ => {}
        }
    }

    fn step(&mut self, event: &Arc<Event>, update: &UpdateEvent) {
        let ahead = self.ahead.remove(&update.backend.id);
        let before = self.kept.iter_mut().rev().find(|change| change.is_of(update.backend.id));
        if let Some(open) = before.filter(|change| change.is_open()) {
            return open.go_on(event);
        }
        // A first check that passes is not shown as a change.
        if update.from == State::Starting && update.to == State::Up {
            return;
        }
        self.keep(Change::new(event, ahead.filter(|_| update.to != State::Up).unwrap_or_default()));
    }

    /// A change of a setting. While a person steps through values it is one, from the first to the last of them.
    fn set(&mut self, event: &Arc<Event>, now: &PoolChange) {
        let is_next = |before: &&mut Change| {
            before.setting().is_some_and(|(time, before)| {
                let is_same = before.pool == now.pool && is_same_setting(&before.change, &now.change);
                is_same && apart(time, event.time()) < TOGETHER
            })
        };
        match self.kept.back_mut().filter(is_next) {
            Some(before) => before.go_on(event),
            None => self.keep(Change::new(event, Harm::default())),
        }
    }

    fn keep(&mut self, change: Change) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(change);
    }

    fn count(&mut self, request: &RequestEvent) {
        let decision = &request.decision;
        // Fast path for nearly every request: not moved and no failed attempt.
        if decision.moved_from.is_none() && decision.attempts.iter().all(|a| a.outcome == Outcome::Answered) {
            return;
        }
        let answered = decision.attempts.last().is_some_and(|a| a.outcome == Outcome::Answered);
        let mut moved = u64::from(decision.moves_a_client());
        for attempt in failed(&decision.attempts) {
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
                self.kept.iter_mut().rev().find(|c| c.first().is_some_and(|u| u.backend.name == *name))
        {
            change.harm.moved += moved;
        }
    }

    /// The counters for a backend: those of its last change, or of the next one if it is UP since.
    fn harm_of(&mut self, id: BackendId) -> &mut Harm {
        match self.kept.iter_mut().rev().find(|change| change.is_of(id)) {
            Some(change) if change.is_open() => &mut change.harm,
            _ => self.ahead.entry(id).or_default(),
        }
    }

    /// Notes what came of the last change of each pool's settings, as far as its fairness is counted since then.
    pub(crate) fn measure(&mut self, pools: &[PoolView]) {
        for pool in pools {
            let Some(before) = pool.fairness.before.as_deref() else { continue };
            let is_last = |change: &&mut Change| {
                let at = change.setting().filter(|(_, setting)| setting.pool == pool.name).map(|(time, _)| time);
                at.is_some_and(|at| apart(at, pool.fairness.since) <= NEAR)
            };
            if let Some(change) = self.kept.iter_mut().rev().find(is_last) {
                change.evenness = Some([Evenness::of(before), Evenness::of(&pool.fairness)]);
            }
        }
    }

    /// The changes before `moment`, with all harm counted so far.
    pub(crate) fn before(&self, moment: SystemTime) -> Changes {
        let earlier = |change: &Change| {
            let updates: Vec<_> = change.updates.iter().filter(|event| event.time() < moment).cloned().collect();
            (!updates.is_empty()).then(|| Change { updates, ..change.clone() })
        };
        Changes { kept: self.kept.iter().filter_map(earlier).collect(), ahead: HashMap::new() }
    }

    /// The last `most` changes, the latest last; what lasts still goes before what is past.
    pub(crate) fn last(&self, most: usize) -> impl Iterator<Item = &Change> {
        let mut places: Vec<usize> = (0..self.kept.len()).collect();
        places.sort_by_key(|place| (!self.kept[*place].is_open(), Reverse(*place)));
        places.truncate(most);
        places.sort_unstable();
        places.into_iter().map(|place| &self.kept[place])
    }

    /// The changes of one backend, the latest first.
    pub(crate) fn of(&self, id: BackendId) -> impl Iterator<Item = &Change> {
        self.kept.iter().rev().filter(move |change| change.is_of(id))
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|earlier| earlier.duration())
}

/// Whether both change the same setting.
fn is_same_setting(one: &Setting, other: &Setting) -> bool {
    match (one, other) {
        (Setting::Weight { backend: one, .. }, Setting::Weight { backend: other, .. }) => one == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::change::STEPS;
    use super::*;
    use stickylb::api::{Attempt, CookieAction, Decision, Identity, Strategy};

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
        // On a kept connection, and then on a new one.
        changes.follow(&request(&[(4, Outcome::ClosedIdle), (4, Outcome::NoAnswer)], CookieAction::None));
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
        assert_eq!(retried, [0, 1]);
    }

    #[test]
    fn what_is_over_is_one_change_with_its_time_and_what_lasts_is_told_before_it() {
        let mut changes = Changes::default();
        for (id, from, to) in [
            (1, State::Up, State::Drain),
            (2, State::Up, State::Down),
            (2, State::Down, State::Starting),
            (2, State::Starting, State::Up),
            (3, State::Up, State::Maint),
            (3, State::Maint, State::Up),
        ] {
            changes.follow(&change(id, from, to));
        }
        let told = |most| -> Vec<(u32, bool)> {
            let of = |change: &Change| change.first().expect("one").backend.id.get();
            changes.last(most).map(|change| (of(change), change.over_after().is_some())).collect()
        };
        assert_eq!(told(9), [(1, false), (2, true), (3, true)]);
        assert_eq!(told(2), [(1, false), (3, true)]);
        let second = changes.of(2.into()).next().expect("one");
        assert_eq!(second.first().expect("one").to, State::Down);
    }

    #[test]
    fn a_program_that_crashes_at_each_start_is_one_change_of_bounded_size() {
        let mut changes = Changes::default();
        changes.follow(&change(1, State::Up, State::Down));
        for _ in 0..100 {
            changes.follow(&change(1, State::Down, State::Starting));
            changes.follow(&change(1, State::Starting, State::Down));
        }
        let one = changes.last(9).next().expect("one");
        assert_eq!((changes.len(), one.updates.len()), (1, STEPS));
        assert_eq!((one.first().expect("one").from, one.last().expect("one").to), (State::Up, State::Down));
    }

    #[test]
    fn a_first_check_that_passes_is_no_news() {
        let mut changes = Changes::default();
        changes.follow(&change(1, State::Starting, State::Up));
        assert_eq!(changes.len(), 0);
        for _ in 0..KEPT + 5 {
            changes.follow(&change(1, State::Up, State::Maint));
            changes.follow(&change(1, State::Maint, State::Up));
        }
        assert_eq!(changes.len(), KEPT);
    }
}
