//! The last changes: states of backends with the effect of each on clients, strategies, weights, stickiness. Kept apart from the log, which drops its
//! oldest lines quickly under load.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{
    BackendId, Change as Setting, Event, Fairness, Notice, Outcome, PoolChange, PoolView, RequestEvent, State,
    UpdateEvent,
};

/// Changes kept.
const KEPT: usize = 64;

/// Changes within this time are one, as the engine counts them.
const TOGETHER: Duration = Duration::from_secs(2);

/// How far a baseline may be from the notice of its change: that is told a moment later, and is one of several at most.
const NEAR: Duration = Duration::from_millis(2_500);

/// Steps kept of one change, such as of a program that crashes at each start.
const STEPS: usize = 8;

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

/// How evenly a pool shared out over a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Evenness {
    /// Jain's index; `None` without requests.
    pub(crate) jain: Option<f64>,
    /// The most requests that one backend had in flight.
    pub(crate) most: u32,
    /// How many the busiest backend had in flight on average.
    pub(crate) mean: f64,
}

impl Evenness {
    fn of(fairness: &Fairness) -> Self {
        Evenness {
            jain: fairness.jain,
            most: fairness.backends.iter().map(|one| one.most_in_flight).max().unwrap_or(0),
            mean: fairness.backends.iter().map(|one| one.mean_in_flight).fold(0.0, f64::max),
        }
    }
}

/// What happened to one backend from leaving a state until it is UP, and its effect: DOWN, say, then STARTING, then UP. Or one
/// change of a setting, of which a notice tells.
#[derive(Clone)]
pub(crate) struct Change {
    /// Never empty; the first and the latest are always kept.
    updates: Vec<Arc<Event>>,
    pub(crate) harm: Harm,
    /// Before and after the change of a setting, until the next change of its pool.
    pub(crate) evenness: Option<[Evenness; 2]>,
}

impl Change {
    fn new(event: &Arc<Event>, harm: Harm) -> Self {
        Change { updates: vec![Arc::clone(event)], harm, evenness: None }
    }

    /// The change of a setting, from where its first step began to where its last led; `None` of a state.
    pub(crate) fn setting(&self) -> Option<(SystemTime, PoolChange)> {
        let (_, first) = setting(self.updates.first()?)?;
        let (time, last) = setting(self.updates.last()?)?;
        Some((time, PoolChange::new(last.pool.clone(), from_to(&first.change, &last.change))))
    }

    /// What it began with; `None` of a setting.
    pub(crate) fn first(&self) -> Option<&UpdateEvent> {
        self.updates.first().and_then(|event| update(event))
    }

    /// What it has come to; `None` of a setting.
    pub(crate) fn last(&self) -> Option<&UpdateEvent> {
        self.updates.last().and_then(|event| update(event))
    }

    /// After what time the backend was UP again; `None` while it is not, and for a change that was to UP itself.
    pub(crate) fn over_after(&self) -> Option<Duration> {
        let (first, last) = (self.first()?, self.last()?);
        let is_over = self.updates.len() > 1 && last.to == State::Up;
        is_over.then(|| last.time.duration_since(first.time).unwrap_or_default())
    }

    fn is_of(&self, id: BackendId) -> bool {
        self.first().is_some_and(|update| update.backend.id == id)
    }

    fn is_open(&self) -> bool {
        self.last().is_some_and(|update| update.to != State::Up)
    }

    fn go_on(&mut self, event: &Arc<Event>) {
        if self.updates.len() == STEPS {
            self.updates.remove(1);
        }
        self.updates.push(Arc::clone(event));
    }
}

fn setting(event: &Event) -> Option<(SystemTime, &PoolChange)> {
    let Event::Notice(notice) = event else { return None };
    Some((notice.time, notice.change.as_deref()?))
}

/// The way from where the first change of a setting began to where the last led.
fn from_to(first: &Setting, last: &Setting) -> Setting {
    match (first, last.clone()) {
        (Setting::Strategy { from, .. }, Setting::Strategy { to, .. }) => Setting::Strategy { from: *from, to },
        (Setting::Sticky { from, .. }, Setting::Sticky { to, .. }) => Setting::Sticky { from: from.clone(), to },
        (Setting::Weight { from, .. }, Setting::Weight { backend, to, .. }) => {
            Setting::Weight { backend, from: *from, to }
        }
        (_, last) => last,
    }
}

fn update(event: &Event) -> Option<&UpdateEvent> {
    if let Event::Update(update) = event { Some(update) } else { None }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
