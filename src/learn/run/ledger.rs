//! What was measured: every request that ended, and how much each backend had at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use stickylb::api::{Ended, Event, Outcome, RequestEvent, Rule, State};

use super::sample::Sample;

/// The most requests that are remembered: more than ten minutes of the most traffic there is.
const MOST: usize = 300_000;

/// Peaks of so short a time are one.
const TOGETHER: Duration = Duration::from_millis(100);

/// The most peaks that are remembered: an hour of them.
const PEAKS: usize = 36_000;

/// A request that ended.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// When it was told.
    pub(super) at: Instant,
    /// When it began.
    pub(super) began: SystemTime,
    /// Which backend it ended on.
    pub(super) backend: Option<Arc<str>>,
    pub(super) client: Arc<str>,
    pub(super) method: Arc<str>,
    pub(super) status: u16,
    /// The balancer answered it itself with 502, 503 or 504, or its answer was cut by the backend.
    pub(super) lost: bool,
    pub(super) retried: bool,
    /// Whether it became a tunnel.
    pub(super) is_tunnel: bool,
}

/// How much each backend had at most, in a short time.
#[derive(Clone, Debug)]
struct Peak {
    from: Instant,
    to: Instant,
    of: Vec<(Arc<str>, u32)>,
}

/// What was measured since the lesson began.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) endings: VecDeque<Ending>,
    peaks: VecDeque<Peak>,
    /// Where each client was last.
    pub(super) homes: HashMap<Arc<str>, Arc<str>>,
    /// How often each client asked.
    pub(super) asked: HashMap<Arc<str>, u64>,
    /// Each change of a state, and how many the backend had before it.
    pub(super) states: Vec<(Instant, Arc<str>, State, u32)>,
    /// How many tunnels were cut, each time that a backend was taken out: a tunnel's event is told when it begins.
    pub(super) cuts: Vec<(Instant, Arc<str>, u32)>,
    pub(super) last: Option<Sample>,
    /// Requests of which the runner was not told, because they came too fast.
    pub(super) missed: u64,
    names: HashMap<String, Arc<str>>,
}

impl Ledger {
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.names.insert(name.to_owned(), Arc::clone(&new));
        new
    }

    /// Takes in what happened.
    pub(super) fn take(&mut self, now: Instant, events: &[Arc<Event>], missed: u64) {
        self.missed += missed;
        for event in events {
            match &**event {
                Event::Request(request) if request.decision.rule != Rule::LocalReply => self.end(now, request),
                Event::Update(update) => self.change(now, update.backend.name.raw(), update.to),
                _ => {}
            }
        }
    }

    fn end(&mut self, now: Instant, request: &RequestEvent) {
        let client = match request.decision.traffic {
            Some(number) => self.name(&format!("u{number}")),
            None => self.name(&request.ip.to_string()),
        };
        let backend = request.to.as_ref().map(|to| self.name(to.name.raw()));
        let attempts = &request.decision.attempts;
        let answered = attempts.last().is_some_and(|last| last.outcome == Outcome::Answered);
        let is_own = matches!(request.status, 502..=504) && !answered;
        let is_tunnel = request.status == 101;
        let elsewhere = attempts.iter().any(|one| request.to.as_ref().is_some_and(|to| to.id != one.backend.id));
        if !is_tunnel {
            *self.asked.entry(Arc::clone(&client)).or_default() += 1;
            if let Some(backend) = &backend {
                self.homes.insert(Arc::clone(&client), Arc::clone(backend));
            }
        }
        if self.endings.len() == MOST {
            self.endings.pop_front();
        }
        let method = self.name(&request.method.to_string());
        self.endings.push_back(Ending {
            at: now,
            began: request.time,
            backend,
            client,
            method,
            status: request.status,
            lost: is_own || (!is_tunnel && request.ended == Ended::CutByBackend),
            retried: elsewhere,
            is_tunnel,
        });
    }

    fn change(&mut self, now: Instant, name: &str, to: State) {
        let before = self.states.iter().rev().find(|(_, one, ..)| **one == *name).map(|(_, _, state, _)| *state);
        if before != Some(to) {
            let before = self.last.as_ref().and_then(|last| last.backend(name));
            let (active, tunnels) = before.map_or((0, 0), |one| (one.active, one.tunnels));
            let name = self.name(name);
            if to == State::Maint && tunnels > 0 {
                self.cuts.push((now, Arc::clone(&name), tunnels));
            }
            self.states.push((now, name, to, active));
        }
    }

    /// Takes in how things stand.
    pub(super) fn look(&mut self, now: Instant, sample: Sample) {
        let mut of = Vec::new();
        for one in &sample.backends {
            let before = self.last.as_ref().and_then(|last| last.backend(&one.name));
            // A count that grew since the last look, or that began since, had its most between the two.
            let grew = before.is_none_or(|before| before.since != one.since || one.most > before.most);
            let most = if grew { one.most.max(one.active) } else { one.active };
            of.push((self.name(&one.name), most));
            self.change(now, &one.name, one.state);
        }
        match self.peaks.back_mut() {
            Some(last) if now.saturating_duration_since(last.from) < TOGETHER => {
                last.to = now;
                for (name, most) in of {
                    match last.of.iter_mut().find(|(one, _)| *one == name) {
                        Some((_, known)) => *known = most.max(*known),
                        None => last.of.push((name, most)),
                    }
                }
            }
            _ => {
                let from = self.peaks.back().map_or(now, |last| last.to);
                self.peaks.push_back(Peak { from, to: now, of });
            }
        }
        if self.peaks.len() > PEAKS {
            self.peaks.pop_front();
        }
        self.last = Some(sample);
    }

    /// The requests that ended since then, without tunnels.
    pub(super) fn requests(&self, since: Instant) -> impl DoubleEndedIterator<Item = &Ending> {
        self.since(since).filter(|ending| !ending.is_tunnel)
    }

    /// All that ended since then.
    pub(super) fn since(&self, since: Instant) -> impl DoubleEndedIterator<Item = &Ending> {
        let first = self.endings.partition_point(|ending| ending.at < since);
        self.endings.range(first..)
    }

    /// The most a backend had at one time since then; `None` before the first look at it.
    pub(super) fn most(&self, backend: &str, since: Instant) -> Option<u32> {
        // What was looked at first after the moment may have been before it, and counts as it stood then.
        let peaks = self.peaks.iter().rev().take_while(|peak| peak.to >= since);
        peaks.filter_map(|peak| peak.of.iter().find(|(name, _)| **name == *backend)).map(|(_, most)| *most).max()
    }

    /// The states that a backend was in since then, the one at that moment first.
    pub(super) fn states_since(&self, backend: &str, since: Instant) -> Vec<State> {
        let all: Vec<_> = self.states.iter().filter(|(_, name, ..)| **name == *backend).collect();
        let first = all.iter().rposition(|(at, ..)| *at <= since).unwrap_or(0);
        all[first..].iter().map(|(_, _, state, _)| *state).collect()
    }

    /// How many a backend had just before its state changed last.
    pub(super) fn before_change(&self, backend: &str, since: Instant) -> Option<u32> {
        let last = self.states.iter().rev().find(|(_, name, ..)| **name == *backend)?;
        (last.0 >= since).then_some(last.3)
    }
}
