//! The candidates of a decision: every backend with the score that the strategy compares.

use std::sync::Arc;
use std::time::Instant;

use super::backend::Backend;
use super::pool::Pool;
use super::rendezvous::Fingerprint;
use super::sticky::{Affinity, Bound};
use crate::api::{BackendId, Candidate, Exclusion, Rule, Score, Strategy};

impl Pool {
    /// Every backend with its score: the hash of the client's key if that decided, else the strategy's measure. Read
    /// after the choice, so loads may have changed since.
    pub(crate) fn candidates(&self, client: &Bound, rule: &Rule, tried: &[BackendId]) -> Vec<Candidate> {
        let now = Instant::now();
        let by_key = match client.own {
            Affinity::Suited => rule.is_sticky() || *rule == Rule::Together,
            Affinity::Learned(_) => *rule == Rule::Together,
            Affinity::Nobody | Affinity::Id(_) => false,
        };
        let candidate = |(index, backend): (usize, &Arc<Backend>)| Candidate {
            backend: Arc::clone(&backend.identity),
            weight: backend.weight.get(),
            active: backend.counters.active(),
            score: self.score(index, client.fingerprint, by_key, now),
            excluded: self.exclusion(index).or_else(|| tried.contains(&backend.id()).then_some(Exclusion::Tried)),
        };
        self.backends.iter().enumerate().map(candidate).collect()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "microseconds and parts of one")]
    fn score(&self, index: usize, key: Fingerprint, by_key: bool, now: Instant) -> Score {
        let backend = &self.backends[index];
        let (active, weight) = (backend.counters.active(), backend.weight.get() * backend.weight.percent());
        match self.strategy {
            Strategy::Hash => Score::Hash { value: (key.score(backend.id(), weight).value() * 10_000.0) as u32 },
            _ if by_key => Score::Hash { value: (key.score(backend.id(), weight).value() * 10_000.0) as u32 },
            Strategy::RoundRobin | Strategy::SmoothRoundRobin | Strategy::Random => Score::Share { weight },
            Strategy::LeastConnections | Strategy::PowerOfTwo => Score::Load { active, weight },
            Strategy::LeastLatency => {
                Score::Wait { micros: backend.counters.ewma.micros(now).map(|micros| micros as u32), active, weight }
            }
            Strategy::First => Score::Place { place: index as u32 + 1 },
        }
    }

    /// Why a backend takes no new clients; `None` if it does.
    fn exclusion(&self, index: usize) -> Option<Exclusion> {
        let backend = &self.backends[index];
        let state = backend.state();
        if !state.takes_new_clients() {
            Some(Exclusion::State(state))
        } else if backend.weight.get() == 0 {
            Some(Exclusion::NoWeight)
        } else if self.does_without(index) {
            Some(Exclusion::Backup)
        } else if backend.slots.as_ref().is_some_and(|slots| slots.taken() == slots.most) {
            Some(Exclusion::Full)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_speaks_in_its_own_terms() {
        for (score, words) in [
            (Score::Share { weight: 200 }, "weight 2"),
            (Score::Share { weight: 40 }, "weight 0.4"),
            (Score::Load { active: 3, weight: 200 }, "3 active / weight 2 = 1.5"),
            (Score::Wait { micros: Some(12_000), active: 2, weight: 100 }, "ewma 12 ms × (2+1) / weight 1 = 36 ms"),
            (Score::Wait { micros: None, active: 0, weight: 100 }, "no answer known yet: tried first"),
            (Score::Hash { value: 8300 }, "hash 0.8300"),
            (Score::Place { place: 2 }, "number 2 in order"),
        ] {
            assert_eq!(score.to_string(), words);
        }
    }
}
