//! The model: gives the requests of a window to one strategy again.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::clients::Clients;
use super::load::Load;
use super::window::{Happened, Request, What, Window};
use crate::api::{Decision, Fairness, StickyBy, Strategy, WhatIfOptions};
use crate::balancer::{Active, Backend, Moment, NoBackend, Pool, Slot, Sticky, Verdict};
use crate::config::StickyConfig;

/// Where draws and turns come from.
pub(super) enum Draws {
    /// From those of each request, as they were recorded: the strategy in use then chooses as it did.
    Recorded,
    /// From those of the first request on: for the strategy in use where something is different from how it was, so that others
    /// draw than did.
    FromFirst,
    /// From a generator of this seed.
    Seeded(u64),
}

/// One strategy over copies of the pool's backends.
pub(super) struct Model<'w> {
    window: &'w Window,
    pool: Pool,
    sticky_off: bool,
    in_use: bool,
}

/// What came of it.
pub(super) struct Outcome {
    /// Requests by backend.
    pub(super) picks: Vec<u64>,
    pub(super) jain: f64,
    pub(super) most: u32,
    pub(super) mean: f64,
    pub(super) moved: u64,
    /// How many requests went where they really went.
    same: u64,
}

impl Outcome {
    /// The share of the requests that went where they really went.
    pub(super) fn same(&self, window: &Window) -> f64 {
        self.same as f64 / (window.requests.len() as f64).max(1.0)
    }
}

impl<'w> Model<'w> {
    pub(super) fn new(pool: &Pool, window: &'w Window, strategy: Strategy, options: &WhatIfOptions) -> Self {
        let averages = window.requests.first().map(|first| &first.asked.averages);
        let average = |index: usize| averages.filter(|_| strategy == pool.strategy).and_then(|all| all.get(index));
        let copy = |(index, backend): (usize, &Arc<Backend>)| {
            let copy = backend.unused(average(index).copied().unwrap_or_default());
            if options.without == Some(copy.id()) {
                copy.status.set_verdict(Verdict::Unhealthy);
            }
            if let Some((_, weight)) = options.weight.filter(|(id, _)| *id == copy.id()) {
                copy.weight.set(weight);
            }
            Arc::new(copy)
        };
        let sticky = if options.sticky_off {
            Sticky::new(&StickyConfig::default(), &StickyBy::Off, None)
        } else {
            pool.sticky.clone()
        };
        let backends = pool.backends.iter().enumerate().map(copy).collect();
        let in_use = strategy == pool.strategy;
        let pool = Pool::new(backends, strategy, sticky, Arc::default());
        Model { window, pool, sticky_off: options.sticky_off, in_use }
    }

    /// Gives it all requests once.
    pub(super) fn run(&mut self, draws: &Draws) -> Outcome {
        self.pool = self.pool.anew();
        Run { in_use: self.in_use, ..Run::new(self.window, &self.pool, self.sticky_off, draws) }.whole()
    }
}

/// One run of a model.
struct Run<'m> {
    window: &'m Window,
    pool: &'m Pool,
    /// Whether the strategy is the one in use.
    in_use: bool,
    recorded: bool,
    random: fastrand::Rng,
    clients: Clients,
    load: Load,
    requests: Vec<InModel>,
    beside: Vec<Option<Active>>,
    /// Requests that wait for a place.
    waiting: VecDeque<usize>,
    /// What happens at another time than it really did, to requests that wait here or waited there.
    shifted: BinaryHeap<Reverse<Happened>>,
}

/// A request in the model.
#[derive(Default)]
struct InModel {
    to: Option<usize>,
    active: Option<Active>,
    slot: Option<Slot>,
    /// It waits, or waited in reality: what happens to it does so when its turn in the model says.
    is_shifted: bool,
}

impl<'m> Run<'m> {
    fn new(window: &'m Window, pool: &'m Pool, sticky_off: bool, draws: &Draws) -> Self {
        let first = window.requests.first().map(|first| (first.asked.seed, first.asked.turn));
        let (first_seed, turn) = first.unwrap_or_default();
        pool.set_turn(turn);
        let seed = if let Draws::Seeded(seed) = draws { *seed } else { first_seed };
        let start = window.span.map_or_else(Instant::now, |(start, _)| start);
        Run {
            window,
            pool,
            in_use: false,
            recorded: matches!(draws, Draws::Recorded),
            random: fastrand::Rng::with_seed(seed),
            clients: Clients::new(sticky_off),
            load: Load::new(pool.backends.len(), start),
            requests: window.requests.iter().map(|_| InModel::default()).collect(),
            beside: window.beside.iter().map(|_| None).collect(),
            waiting: VecDeque::new(),
            shifted: BinaryHeap::new(),
        }
    }

    fn whole(mut self) -> Outcome {
        let window = self.window;
        for happened in &window.happened {
            while let Some(Reverse(first)) = self.shifted.peek().copied().filter(|Reverse(first)| first < happened) {
                self.shifted.pop();
                self.happen(first);
            }
            let is_shifted = |index: usize| self.requests[index].is_shifted;
            match happened.what {
                What::Begun(index) | What::Answered(index) | What::Ended(index) if is_shifted(index) => {}
                _ => self.happen(*happened),
            }
        }
        if let Some((_, until)) = window.span {
            while let Some(Reverse(next)) = self.shifted.pop().filter(|Reverse(next)| next.at <= until) {
                self.happen(next);
            }
            self.load.until(until);
        }
        self.outcome()
    }

    fn happen(&mut self, Happened { at, what, .. }: Happened) {
        let window = self.window;
        match what {
            What::Chosen(index) => self.arrive(index, at),
            What::Begun(index) => self.requests[index].active = self.begin(self.requests[index].to, at),
            What::Answered(index) => self.answered(self.requests[index].to, &window.requests[index]),
            What::Ended(index) => {
                let active = self.requests[index].active.take();
                self.end(active, self.requests[index].to, at);
                self.requests[index].slot = None;
                self.next_in_queue(at);
            }
            What::BegunBeside(index) => self.beside[index] = self.begin(self.is_beside(index), at),
            What::AnsweredBeside(index) => self.answered_beside(&window.beside[index]),
            What::EndedBeside(index) => {
                let active = self.beside[index].take();
                self.end(active, self.is_beside(index), at);
            }
        }
    }

    fn is_beside(&self, index: usize) -> Option<usize> {
        self.pool.index_of(self.window.beside[index].to)
    }

    fn begin(&mut self, to: Option<usize>, at: Instant) -> Option<Active> {
        let to = to?;
        self.load.begin(to, at);
        Some(Active::new(Arc::clone(&self.pool.backends[to]), at))
    }

    fn end(&mut self, active: Option<Active>, to: Option<usize>, at: Instant) {
        if let (Some(active), Some(to)) = (active, to) {
            active.end(at);
            self.load.end(to, at);
        }
    }

    /// The backend that a request went to in the model takes as long as the one that it really went to.
    fn answered(&self, to: Option<usize>, request: &Request) {
        if let (Strategy::LeastLatency, Some(to), Some(sample)) = (self.pool.strategy, to, request.sample) {
            self.pool.backends[to].counters.ewma.record(sample.took, sample.at);
        }
    }

    /// The same for one beside the model's: the average of the strategy in use does not follow one that another had chosen.
    fn answered_beside(&self, request: &Request) {
        let counts = request.sample.is_some_and(|sample| sample.counts);
        if counts || !self.in_use {
            self.answered(self.pool.index_of(request.to), request);
        }
    }

    fn arrive(&mut self, index: usize, at: Instant) {
        let asked = &self.window.requests[index].asked;
        match self.choose(index, asked.now) {
            Err(NoBackend::Full) => {
                self.requests[index].is_shifted = true;
                self.waiting.push_back(index);
            }
            _ if asked.has_waited => self.shift(index, at),
            _ => {}
        }
    }

    /// The one that has waited longest has the place that is free now.
    fn next_in_queue(&mut self, at: Instant) {
        while let Some(index) = self.waiting.front().copied() {
            if self.choose(index, at) == Err(NoBackend::Full) {
                return;
            }
            self.waiting.pop_front();
            self.shift(index, at);
        }
    }

    /// What happened to a request after it was chosen for happens now that it is.
    fn shift(&mut self, index: usize, now: Instant) {
        self.requests[index].is_shifted = true;
        let request = &self.window.requests[index];
        let parts = [
            (request.begun, What::Begun(index)),
            (request.sample.map(|sample| sample.noted), What::Answered(index)),
            (request.ended, What::Ended(index)),
        ];
        for (moment, what) in parts {
            let shifted = |Moment { at, order }: Moment| {
                let at = now + at.saturating_duration_since(request.chosen.at);
                Reverse(Happened { at, order, what })
            };
            self.shifted.extend(moment.map(shifted));
        }
    }

    /// Chooses for a request by the strategy's own code.
    fn choose(&mut self, index: usize, now: Instant) -> Result<(), NoBackend> {
        let request = &self.window.requests[index];
        let asked = &request.asked;
        if self.recorded {
            self.random = fastrand::Rng::with_seed(asked.seed);
            self.pool.set_turn(asked.turn);
        }
        let bound = self.clients.bound(request);
        let mut decision = Decision::new(self.pool.strategy);
        let chosen = self.pool.choose(&bound, &asked.tried, &mut self.random, &mut decision, now);
        if let Err(NoBackend::Full) = chosen {
            return Err(NoBackend::Full);
        }
        let chosen = chosen.ok();
        let to = chosen.as_ref().map(|choice| choice.backend.id());
        self.clients.went(request, to);
        let in_model = &mut self.requests[index];
        in_model.to = to.and_then(|id| self.pool.index_of(id));
        in_model.slot = chosen.and_then(|choice| choice.slot);
        Ok(())
    }

    fn outcome(self) -> Outcome {
        let went: Vec<Option<usize>> = self.requests.iter().map(|request| request.to).collect();
        let mut picks = vec![0; self.pool.backends.len()];
        went.iter().flatten().for_each(|to| picks[*to] += 1);
        let really = self.window.requests.iter().map(|request| self.pool.index_of(request.to));
        let same = really.zip(&went).filter(|(really, went)| really == *went).count() as u64;
        let share = |index: usize| picks[index] as f64 / f64::from(self.pool.backends[index].weight.get().max(1));
        let shares: Vec<f64> = self.pool.eligible.iter().map(|one| share(one.index)).collect();
        Outcome {
            jain: Fairness::index(&shares).unwrap_or_default(),
            most: self.load.most(),
            mean: self.load.mean(),
            moved: self.clients.moved(),
            same,
            picks,
        }
    }
}
