//! The backends at one moment, and the choice among them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use compact_str::CompactString;
use http::HeaderValue;

use super::decision::{Candidate, Decision, Exclusion, Rule, StickyKey};
use super::{Backend, CookieSticky};
use crate::config::Strategy;

/// The backends, strategy and stickiness in force at one moment.
///
/// Built anew whenever a state, a weight or the set of backends changes, so that a choice costs the same
/// with three backends as with three hundred (least-connections looks at each, as does a client that lost its own).
pub(crate) struct Pool {
    /// All backends, in the order of the configuration.
    pub(crate) backends: Vec<Arc<Backend>>,
    /// How a client without a sticky key gets its backend.
    pub(crate) strategy: Strategy,
    /// The sticky cookie; `None` is off.
    pub(crate) sticky: Option<CookieSticky>,
    /// Each backend's `Set-Cookie`, made once.
    set_cookies: Vec<Option<HeaderValue>>,
    by_id: HashMap<u32, usize>,
    /// Those that take new clients, each with the sum of the weights up to and with its own.
    pub(super) eligible: Vec<(usize, usize)>,
    /// Where round robin stands and ties are broken from; successive pools go on from it.
    pub(super) turn: Arc<AtomicUsize>,
}

/// The backend chosen for one attempt.
#[derive(Clone)]
pub(crate) struct Choice {
    /// Who.
    pub(crate) backend: Arc<Backend>,
    /// The `Set-Cookie` that binds the client to it, where stickiness is on.
    pub(crate) set_cookie: Option<HeaderValue>,
}

/// What is known of the client for whom a backend is chosen.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bound {
    /// The id in its sticky cookie.
    pub(crate) key: Option<u32>,
    /// The same for all requests of one client, as far as can be told.
    pub(crate) fingerprint: u64,
}

/// No backend takes the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no backend is up")]
pub(crate) struct NoBackend;

impl Pool {
    /// The pool of these backends as they are now.
    pub(crate) fn new(
        backends: Vec<Arc<Backend>>,
        strategy: Strategy,
        sticky: Option<CookieSticky>,
        turn: Arc<AtomicUsize>,
    ) -> Self {
        let mut sum = 0;
        let mut eligible = Vec::new();
        for (index, backend) in backends.iter().enumerate() {
            if exclusion(backend).is_none() {
                sum += backend.weight() as usize;
                eligible.push((index, sum));
            }
        }
        let set_cookies = backends.iter().map(|b| sticky.as_ref().map(|s| s.set_cookie(b.id()))).collect();
        let by_id = backends.iter().enumerate().map(|(index, b)| (b.id(), index)).collect();
        Pool { backends, strategy, sticky, set_cookies, by_id, eligible, turn }
    }

    /// The same, as its backends are now.
    #[must_use]
    pub(crate) fn refreshed(&self) -> Self {
        Pool::new(self.backends.clone(), self.strategy, self.sticky.clone(), Arc::clone(&self.turn))
    }

    /// The same with one more backend.
    #[must_use]
    pub(crate) fn with(&self, backend: Arc<Backend>) -> Self {
        let mut backends = self.backends.clone();
        backends.push(backend);
        Pool::new(backends, self.strategy, self.sticky.clone(), Arc::clone(&self.turn))
    }

    /// The same with another strategy.
    #[must_use]
    pub(crate) fn with_strategy(&self, strategy: Strategy) -> Self {
        Pool::new(self.backends.clone(), strategy, self.sticky.clone(), Arc::clone(&self.turn))
    }

    /// The same with another stickiness.
    #[must_use]
    pub(crate) fn with_sticky(&self, sticky: Option<CookieSticky>) -> Self {
        Pool::new(self.backends.clone(), self.strategy, sticky, Arc::clone(&self.turn))
    }

    /// The backend with this id.
    pub(crate) fn get(&self, id: u32) -> Option<&Arc<Backend>> {
        self.by_id.get(&id).map(|index| &self.backends[*index])
    }

    /// The share of new clients each backend should get, in the order of `backends`.
    pub(crate) fn expected_shares(&self) -> Vec<f64> {
        let total = self.total_weight();
        let mut shares = vec![0.0; self.backends.len()];
        let mut before = 0;
        for (index, sum) in &self.eligible {
            shares[*index] = (sum - before) as f64 / total as f64;
            before = *sum;
        }
        shares
    }

    /// Chooses a backend: the sticky key's, where it keeps its clients and was not tried. A client whose backend cannot
    /// have it goes where all its requests go, so that those of one page move together. Others by strategy.
    ///
    /// `decision` is told what decided; `random` is used by the strategy of that name alone.
    pub(crate) fn choose(
        &self,
        client: Bound,
        tried: &[u32],
        random: &mut fastrand::Rng,
        decision: &mut Decision,
    ) -> Result<Choice, NoBackend> {
        let mut moves = false;
        if let (Some(id), Some(sticky)) = (client.key, &self.sticky)
            && let Some(index) = self.by_id.get(&id)
        {
            let backend = &self.backends[*index];
            if decision.key.is_none() {
                decision.key = Some(StickyKey { name: Arc::clone(&sticky.name), id });
            }
            let state = backend.state();
            if state.keeps_its_clients() {
                if !tried.contains(&id) {
                    decision.rule = Rule::Sticky;
                    return Ok(self.choice(*index));
                }
            } else if decision.moved_from.is_none() {
                decision.moved_from = Some((CompactString::new(backend.name()), state));
            }
            moves = true;
        }
        if moves && let Some(index) = self.together(client.fingerprint, tried) {
            decision.rule = Rule::Together;
            return Ok(self.choice(index));
        }
        let Some(start) = self.pick(random) else {
            decision.rule = Rule::Nobody;
            return Err(NoBackend);
        };
        // From the strategy's pick on, the first that was not tried: with nothing tried, the pick itself.
        let of = self.eligible.len();
        for step in 0..of {
            let place = (start + step) % of;
            let index = self.eligible[place].0;
            if !tried.contains(&self.backends[index].id()) {
                decision.rule = Rule::Strategy { place: narrow(place + 1), of: narrow(of) };
                return Ok(self.choice(index));
            }
        }
        decision.rule = Rule::Nobody;
        Err(NoBackend)
    }

    /// Whether a backend takes new clients that was not tried.
    pub(crate) fn has_another(&self, tried: &[u32]) -> bool {
        self.eligible.iter().any(|(index, _)| !tried.contains(&self.backends[*index].id()))
    }

    /// Every backend as the strategy sees it now.
    pub(crate) fn candidates(&self, tried: &[u32]) -> Vec<Candidate> {
        let candidate = |backend: &Arc<Backend>| Candidate {
            backend: Arc::clone(&backend.identity),
            weight: backend.weight(),
            active: backend.active(),
            excluded: exclusion(backend).or_else(|| tried.contains(&backend.id()).then_some(Exclusion::Tried)),
        };
        self.backends.iter().map(candidate).collect()
    }

    pub(super) fn total_weight(&self) -> usize {
        self.eligible.last().map_or(0, |(_, sum)| *sum)
    }

    fn choice(&self, index: usize) -> Choice {
        Choice { backend: Arc::clone(&self.backends[index]), set_cookie: self.set_cookies[index].clone() }
    }
}

fn exclusion(backend: &Backend) -> Option<Exclusion> {
    let state = backend.state();
    if !state.takes_new_clients() {
        Some(Exclusion::State(state))
    } else if backend.weight() == 0 {
        Some(Exclusion::NoWeight)
    } else {
        None
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balancer::backend::Active;
    use crate::balancer::{Intent, Verdict};
    use crate::config::{Address, BackendConfig, BackendTls, CookieConfig, HealthCheck};

    fn backends(weights: &[u32]) -> Vec<Arc<Backend>> {
        let backend = |(index, weight): (usize, &u32)| {
            let id = u32::try_from(index).expect("few");
            let backend = Backend::new(
                &BackendConfig {
                    id,
                    name: format!("b{id}"),
                    address: Address::local(5000),
                    weight: *weight,
                    tls: BackendTls::default(),
                    owner: None,
                    health: HealthCheck::default(),
                },
                None,
            );
            backend.set_verdict(Verdict::Healthy);
            Arc::new(backend)
        };
        weights.iter().enumerate().map(backend).collect()
    }

    fn pool(backends: Vec<Arc<Backend>>, strategy: Strategy) -> Pool {
        let sticky = CookieSticky::new(&CookieConfig::default());
        Pool::new(backends, strategy, Some(sticky), Arc::default())
    }

    fn choose(pool: &Pool, key: Option<u32>, tried: &[u32]) -> Result<(u32, Decision), NoBackend> {
        let mut decision = Decision::new(pool.strategy);
        let mut random = fastrand::Rng::with_seed(7);
        pool.choose(Bound { key, fingerprint: 9 }, tried, &mut random, &mut decision)
            .map(|c| (c.backend.id(), decision))
    }

    fn series(pool: &Pool, n: usize) -> Vec<u32> {
        (0..n).map(|_| choose(pool, None, &[]).expect("a backend").0).collect()
    }

    #[test]
    fn round_robin_runs_a_a_b_for_weights_2_and_1() {
        let pool = pool(backends(&[2, 1]), Strategy::RoundRobin);
        assert_eq!(series(&pool, 6), [0, 0, 1, 0, 0, 1]);
    }

    #[test]
    fn random_follows_the_weights() {
        let pool = pool(backends(&[3, 1, 0]), Strategy::Random);
        let mut random = fastrand::Rng::with_seed(1);
        let mut counts = [0; 3];
        for _ in 0..4000 {
            let mut decision = Decision::new(pool.strategy);
            let choice = pool.choose(Bound::default(), &[], &mut random, &mut decision).expect("a backend");
            counts[choice.backend.id() as usize] += 1;
        }
        assert!((2800..3200).contains(&counts[0]), "{counts:?}");
        assert_eq!(counts[2], 0, "weight 0 gets nobody");
    }

    #[test]
    fn least_connections_weighs_and_rotates_ties() {
        let pool = pool(backends(&[1, 1, 1]), Strategy::LeastConnections);
        let mut seen = series(&pool, 3);
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2], "idle ties rotate");
        let held: Vec<Active> = pool.backends[..2].iter().map(|b| Active::new(Arc::clone(b))).collect();
        assert_eq!(series(&pool, 2), [2, 2]);
        drop(held);
        let pool = self::pool(backends(&[2, 1]), Strategy::LeastConnections);
        let one_each: Vec<Active> = pool.backends.iter().map(|b| Active::new(Arc::clone(b))).collect();
        assert_eq!(series(&pool, 2), [0, 0], "1 of 2 is less than 1 of 1");
        drop(one_each);
    }

    #[test]
    fn stickiness_comes_before_strategy() {
        let pool = pool(backends(&[1, 1, 1]), Strategy::RoundRobin);
        for _ in 0..5 {
            let (id, decision) = choose(&pool, Some(2), &[]).expect("a backend");
            assert_eq!((id, decision.rule), (2, Rule::Sticky));
        }
        assert!(choose(&pool, Some(9), &[]).expect("unknown id").1.key.is_none());
    }

    #[test]
    fn a_draining_backend_keeps_its_clients_and_gets_no_new_ones() {
        let all = backends(&[1, 1]);
        all[0].set_intent(Intent::Drain);
        let pool = pool(all, Strategy::RoundRobin);
        assert_eq!(series(&pool, 3), [1, 1, 1]);
        assert_eq!(choose(&pool, Some(0), &[]).expect("kept").0, 0);
    }

    #[test]
    fn clients_of_a_backend_taken_out_move_and_the_reason_names_its_state() {
        let all = backends(&[1, 1]);
        all[0].set_intent(Intent::Maint);
        let pool = pool(all, Strategy::RoundRobin);
        let (id, decision) = choose(&pool, Some(0), &[]).expect("moved");
        assert_eq!(id, 1);
        assert!(decision.reason().starts_with("b0 is MAINT, moved"), "{decision}");
    }

    #[test]
    fn a_client_that_moves_moves_to_one_place_and_the_clients_of_one_backend_to_many() {
        let all = backends(&[1, 2, 1, 1]);
        all[0].set_intent(Intent::Maint);
        let pool = pool(all, Strategy::RoundRobin);
        let mut counts = [0; 4];
        for fingerprint in 0..4000 {
            let client = Bound { key: Some(0), fingerprint };
            let mut places = (0..3).map(|_| {
                let mut decision = Decision::new(pool.strategy);
                let choice = pool.choose(client, &[], &mut fastrand::Rng::new(), &mut decision).expect("moved");
                assert_eq!(decision.rule, Rule::Together);
                choice.backend.id()
            });
            let first = places.next().expect("three");
            assert!(places.all(|place| place == first));
            counts[first as usize] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!((1800..2200).contains(&counts[1]) && (850..1150).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn those_already_tried_are_left_out() {
        let pool = pool(backends(&[5, 1, 1]), Strategy::RoundRobin);
        for _ in 0..7 {
            assert_eq!(choose(&pool, Some(0), &[0, 1]).expect("the third").0, 2);
        }
        assert_eq!(choose(&pool, None, &[0, 1, 2]).err(), Some(NoBackend));
    }

    #[test]
    fn with_nobody_up_nobody_is_chosen() {
        let all = backends(&[1]);
        all[0].set_verdict(Verdict::Unhealthy);
        assert!(choose(&pool(all, Strategy::LeastConnections), None, &[]).is_err());
        assert!(choose(&pool(Vec::new(), Strategy::RoundRobin), None, &[]).is_err());
    }

    #[test]
    fn a_changed_pool_goes_on_where_the_last_one_stood() {
        let first = pool(backends(&[1, 1, 1]), Strategy::RoundRobin);
        assert_eq!(series(&first, 2), [0, 1]);
        assert_eq!(series(&first.refreshed(), 2), [2, 0]);
    }
}
