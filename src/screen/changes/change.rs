//! One change, and what came of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{BackendId, Change as Setting, Event, Fairness, PoolChange, State, UpdateEvent};

/// Steps kept of one change, such as of a program that crashes at each start.
pub(super) const STEPS: usize = 8;

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
    pub(super) fn of(fairness: &Fairness) -> Self {
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
    pub(super) updates: Vec<Arc<Event>>,
    pub(crate) harm: Harm,
    /// Before and after the change of a setting, until the next change of its pool.
    pub(crate) evenness: Option<[Evenness; 2]>,
}

impl Change {
    pub(super) fn new(event: &Arc<Event>, harm: Harm) -> Self {
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

    pub(super) fn is_of(&self, id: BackendId) -> bool {
        self.first().is_some_and(|update| update.backend.id == id)
    }

    pub(super) fn is_open(&self) -> bool {
        self.last().is_some_and(|update| update.to != State::Up)
    }

    pub(super) fn go_on(&mut self, event: &Arc<Event>) {
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
