//! A pool: its backends, strategy and stickiness at one moment.

use foldhash::HashMap;
use http::HeaderValue;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use stickylb_http1::{RequestHead, ResponseHead};

use super::backend::Backend;
use super::eligible::{Eligible, smooth_row};
use super::key_cache::KeyCache;
use super::learned::{AnsweredBy, Learner, Taught, Watch};
use super::memory::Memory;
use super::recorder::Ticket;
use super::slots::Slot;
use super::sticky::{Bound, Sticky};
use crate::api::{BackendId, StickyKey, Strategy};

/// Approximate limit for the sum of the scaled weights while any weight is reduced, which bounds the round-robin
/// sequence.
const MOST_PARTS: u32 = 4096;

/// Number of pools' values so far.
static POOLS: AtomicU64 = AtomicU64::new(0);

/// The backends, strategy and stickiness that are current at one moment.
///
/// Rebuilt whenever a state, a weight or the set of backends changes, so that a choice needs no preparation; `strategy`
/// lists what a choice costs.
pub(crate) struct Pool {
    /// Unique within this process: what was chosen from another value would not be chosen from this one.
    pub(crate) number: u64,
    /// All backends, in the order of the configuration.
    pub(crate) backends: Arc<[Arc<Backend>]>,
    /// How a backend is chosen for a client that is not bound to one.
    pub(crate) strategy: Strategy,
    /// What binds clients to backends.
    pub(crate) sticky: Sticky,
    /// Each backend's `Set-Cookie` value, formatted once.
    set_cookies: Arc<[Option<HeaderValue>]>,
    by_id: Arc<HashMap<BackendId, usize>>,
    /// Those that take new clients, in the order of `backends`: the backups only if no other backend does.
    pub(crate) eligible: Vec<Eligible>,
    /// Backups that are up while other backends are, for requests that failed or found no slot on all of those.
    pub(crate) backups: Vec<usize>,
    /// The backends that client keys are hashed over, whatever their state: all with a weight above zero, the backups
    /// only if there are no others.
    pub(crate) hash_candidates: Vec<usize>,
    /// Indices into `eligible` in serving order, for smooth round robin, and for round robin while a weight is reduced.
    pub(crate) smooth: Box<[usize]>,
    /// What choices leave behind; successive pools share it.
    pub(crate) memory: Arc<Memory>,
}

/// What a change of a state leaves as it was, so that it is shared: states change once for each backend.
struct Members {
    backends: Arc<[Arc<Backend>]>,
    set_cookies: Arc<[Option<HeaderValue>]>,
    by_id: Arc<HashMap<BackendId, usize>>,
}

/// The backend chosen for one attempt.
pub(crate) struct Choice {
    pub(crate) backend: Arc<Backend>,
    /// The `Set-Cookie` that binds the client to it; `None` if the client needs none.
    pub(crate) set_cookie: Option<HeaderValue>,
    /// The request's slot, if the backend has a connection limit.
    pub(crate) slot: Option<Slot>,
    /// Its record, while somebody watches.
    pub(crate) ticket: Option<Ticket>,
}

impl Pool {
    /// Builds a pool from the current states and weights of these backends.
    pub(crate) fn new(backends: Vec<Arc<Backend>>, strategy: Strategy, sticky: Sticky, memory: Arc<Memory>) -> Self {
        let set_cookies = backends.iter().map(|b| sticky.cookie().map(|cookie| cookie.set_cookie(b.id()))).collect();
        let by_id = Arc::new(backends.iter().enumerate().map(|(index, b)| (b.id(), index)).collect());
        Pool::of(Members { backends: backends.into(), set_cookies, by_id }, strategy, sticky, memory)
    }

    /// Builds a pool from the current states and weights of these members.
    fn of(members: Members, strategy: Strategy, sticky: Sticky, memory: Arc<Memory>) -> Self {
        let Members { backends, set_cookies, by_id } = members;
        let up = |backup: bool| {
            let indices = (0..backends.len())
                .filter(|n| backends[*n].settings.backup == backup && backends[*n].takes_new_clients());
            indices.collect::<Vec<usize>>()
        };
        let (mut taking, mut backups) = (up(false), up(true));
        if taking.is_empty() {
            std::mem::swap(&mut taking, &mut backups);
        }
        let weighty = |backup: bool| {
            let indices =
                (0..backends.len()).filter(|n| backends[*n].settings.backup == backup && backends[*n].weight.get() > 0);
            indices.collect::<Vec<usize>>()
        };
        let hash_candidates =
            Some(weighty(false)).filter(|hash_candidates| !hash_candidates.is_empty()).unwrap_or_else(|| weighty(true));
        let eligible = weighed(&backends, &taking);
        let whole = taking.iter().all(|index| backends[*index].weight.percent() == 100);
        let smooth = match strategy {
            Strategy::SmoothRoundRobin => smooth_row(&eligible),
            // Plain round robin over weights in hundredths would send long runs of requests to one backend.
            Strategy::RoundRobin if !whole => smooth_row(&eligible),
            _ => Box::default(),
        };
        let number = POOLS.fetch_add(1, Relaxed);
        Pool {
            number,
            backends,
            strategy,
            sticky,
            set_cookies,
            by_id,
            eligible,
            backups,
            hash_candidates,
            smooth,
            memory,
        }
    }

    /// The same pool, rebuilt from its backends' current states and weights.
    #[must_use]
    pub(crate) fn refreshed(&self) -> Self {
        Pool::of(self.members(), self.strategy, self.sticky.clone(), Arc::clone(&self.memory))
    }

    /// The same pool with a memory of its own.
    pub(super) fn with_memory(&self, memory: Memory) -> Self {
        Pool::of(self.members(), self.strategy, self.sticky.clone(), Arc::new(memory))
    }

    fn members(&self) -> Members {
        Members {
            backends: Arc::clone(&self.backends),
            set_cookies: Arc::clone(&self.set_cookies),
            by_id: Arc::clone(&self.by_id),
        }
    }

    /// The same pool with one more backend.
    #[must_use]
    pub(crate) fn with(&self, backend: Arc<Backend>) -> Self {
        let backends = self.backends.iter().cloned().chain([backend]).collect();
        Pool::new(backends, self.strategy, self.sticky.clone(), Arc::clone(&self.memory))
    }

    /// The same pool after a change of its configuration.
    #[must_use]
    pub(crate) fn changed(&self, backends: Vec<Arc<Backend>>, strategy: Strategy, sticky: Sticky) -> Self {
        Pool::new(backends, strategy, sticky, Arc::clone(&self.memory))
    }

    /// The same pool with another strategy.
    #[must_use]
    pub(crate) fn with_strategy(&self, strategy: Strategy) -> Self {
        Pool::of(self.members(), strategy, self.sticky.clone(), Arc::clone(&self.memory))
    }

    /// The same pool with another stickiness.
    #[must_use]
    pub(crate) fn with_sticky(&self, sticky: Sticky) -> Self {
        Pool::new(self.backends.to_vec(), self.strategy, sticky, Arc::clone(&self.memory))
    }

    /// Reads what binds a request to a backend, and what it brought where ids are learned. `ip` is the client's address; `query`
    /// is without the question mark.
    #[inline]
    pub(crate) fn read(&self, head: &RequestHead, query: &[u8], ip: IpAddr, now: Instant) -> (Bound, Option<Watch>) {
        match self.sticky.learner() {
            None => (self.sticky.read(head, query, ip), None),
            Some(learner) => self.read_with(learner, head, query, ip, now),
        }
    }

    fn read_with(
        &self,
        learner: &Learner,
        head: &RequestHead,
        query: &[u8],
        ip: IpAddr,
        now: Instant,
    ) -> (Bound, Option<Watch>) {
        if learner.is_probing() {
            let brought = || learner.brought(&self.memory.made, head, query, now).0;
            return (self.sticky.read(head, query, ip), (!learner.has_said()).then(brought));
        }
        self.bound_by(learner.brought(&self.memory.learned, head, query, now), ip)
    }

    /// The same for a request that has no id in its head, of whose body as much is there.
    pub(crate) fn read_body(&self, text: &[u8], ip: IpAddr, now: Instant) -> (Bound, Option<Watch>) {
        match self.sticky.learner() {
            Some(learner) => self.bound_by(learner.brought_in_body(&self.memory.learned, text, now), ip),
            None => (self.sticky.without_key(ip), None),
        }
    }

    fn bound_by(&self, (watch, key): (Watch, Option<StickyKey>), ip: IpAddr) -> (Bound, Option<Watch>) {
        let bound = if watch.has_id() { Bound::by_id(watch, key, ip) } else { self.sticky.without_key(ip) };
        (bound, Some(watch))
    }

    /// Whether the id may be in the body of a request that brought this.
    pub(crate) fn looks_into_body(&self, watch: Watch) -> bool {
        !watch.has_id() && self.sticky.learner().is_some_and(|learner| learner.looks_into_requests)
    }

    /// Learns from the head of a response; `watch` is what its request brought.
    pub(crate) fn learn(&self, watch: Watch, head: &ResponseHead, by: AnsweredBy) -> Option<Taught> {
        let learner = self.sticky.learner()?;
        let table = if learner.is_probing() { &self.memory.made } else { &self.memory.learned };
        Some(learner.answered(table, watch, head, by))
    }

    /// The backend with this id.
    pub(crate) fn get(&self, id: BackendId) -> Option<&Arc<Backend>> {
        self.index_of(id).map(|index| &self.backends[index])
    }

    pub(crate) fn index_of(&self, id: BackendId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// The share of new clients that each backend should get (0 to 1), in the order of `backends`.
    pub(crate) fn expected_shares(&self) -> Vec<f64> {
        let total = self.total_weight() as f64;
        let mut shares = vec![0.0; self.backends.len()];
        for one in &self.eligible {
            shares[one.index] = match self.strategy {
                Strategy::First => 1.0,
                _ => f64::from(one.weight) / total,
            };
            if self.strategy == Strategy::First {
                break;
            }
        }
        shares
    }

    /// The number of clients bound to each backend: by the keys seen lately, by the ids learned, or by the cookies given out.
    pub(crate) fn sessions(&self) -> Vec<u64> {
        let learned = || self.sticky.learner().map(|_| self.memory.learned.counts());
        let by_key = self.sticky.key_cache().map(KeyCache::counts).or_else(learned);
        let of = |backend: &Arc<Backend>| match &by_key {
            Some(counts) => counts.get(&backend.id()).copied().unwrap_or_default(),
            None => backend.counters.sessions(),
        };
        self.backends.iter().map(of).collect()
    }

    /// How many different keys were hashed lately, where clients are chosen for by a hash.
    pub(crate) fn keys_seen(&self) -> Option<u32> {
        let is_hashed = self.strategy == Strategy::Hash || self.sticky.key_cache().is_some();
        is_hashed.then(|| self.memory.keys.count())
    }

    /// Whether this backend is a backup that is not used because other backends are up.
    pub(crate) fn does_without(&self, index: usize) -> bool {
        self.backends[index].settings.backup
            && self.eligible.first().is_some_and(|one| !one.backend(&self.backends).settings.backup)
    }

    pub(crate) fn total_weight(&self) -> usize {
        self.eligible.last().map_or(0, |one| one.sum)
    }

    /// Chooses this backend for a client not yet bound to it. `None` if all its slots are taken.
    pub(crate) fn choice(&self, index: usize) -> Option<Choice> {
        Some(Choice { set_cookie: self.set_cookies[index].clone(), ..self.kept(index)? })
    }

    /// Chooses this backend for a client bound to it already. `None` if all its slots are taken.
    pub(crate) fn kept(&self, index: usize) -> Option<Choice> {
        let backend = &self.backends[index];
        let slot = match &backend.slots {
            None => None,
            Some(slots) => Some(slots.try_take()?),
        };
        Some(Choice { backend: Arc::clone(backend), set_cookie: None, slot, ticket: None })
    }

    /// Chooses this backend for a client that got `slot` by queueing. `None` if the backend left the pool meanwhile.
    pub(crate) fn choice_of(&self, client: &Bound, backend: &Backend, slot: Slot) -> Option<Choice> {
        let index = self.index_of(backend.id())?;
        if let Some(traits) = client.traits.as_ref().filter(|_| client.named() != Some(backend.id())) {
            self.memory.moves.note(traits, backend.id(), Instant::now());
        }
        let backend = Arc::clone(&self.backends[index]);
        Some(Choice { backend, set_cookie: self.set_cookies[index].clone(), slot: Some(slot), ticket: None })
    }
}

/// These backends with their effective weights. If none is reduced, these are the configured weights, so that round
/// robin runs A A B for 2 and 1. Otherwise they are multiplied by their percentages, over the common divisor of those,
/// and scaled down to a sum of about `MOST_PARTS`, so that a smooth round-robin sequence of them is quickly built.
fn weighed(backends: &[Arc<Backend>], taking: &[usize]) -> Vec<Eligible> {
    let percents = || taking.iter().map(|index| backends[*index].weight.percent());
    let common = percents().fold(0, greatest_common_divisor).max(1);
    let hundredths = |index: &usize| backends[*index].weight.get() * (backends[*index].weight.percent() / common);
    let total: u32 = taking.iter().map(hundredths).sum();
    let smaller = if percents().all(|percent| percent == 100) { 1 } else { total.div_ceil(MOST_PARTS).max(1) };
    let mut sum = 0;
    let one = |index: &usize| {
        let weight = (hundredths(index) / smaller).max(1);
        sum += weight as usize;
        Eligible { index: *index, weight, sum }
    };
    taking.iter().map(one).collect()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
