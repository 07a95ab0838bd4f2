//! A backend as the strategy saw it, in the strategy's own terms.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

use super::exclusion::Exclusion;
use super::identity::Identity;

/// One backend as the strategy saw it when it chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Candidate {
    /// Which backend.
    pub backend: Arc<Identity>,
    /// Its weight now, from 0 to [`MAX_WEIGHT`](super::MAX_WEIGHT).
    pub weight: u32,
    /// Requests and tunnels it had then.
    pub active: u32,
    /// What the strategy compares.
    pub score: Score,
    /// Why it could not be chosen; `None` where it could.
    pub excluded: Option<Exclusion>,
}

impl Candidate {
    /// A backend that could be chosen, and has nothing to do.
    pub fn new(backend: Arc<Identity>, weight: u32, score: Score) -> Self {
        Candidate { backend, weight, active: 0, score, excluded: None }
    }
}

/// What a strategy compares, shown in its own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[non_exhaustive]
pub enum Score {
    /// Its share of the turns, or of the chances, by the strategies that go by the weight alone.
    Share {
        /// Its weight in hundredths, less what slow start and its agent take of it.
        weight: u32,
    },
    /// What it has to do for its weight, by `least-connections` and `power-of-two`: the least has it.
    Load {
        /// Requests and tunnels it has.
        active: u32,
        /// Its weight in hundredths.
        weight: u32,
    },
    /// What one more request would wait for its weight, by `least-latency`: the least has it.
    Wait {
        /// Peak EWMA of its response times, in microseconds; `None` while it has given no answer.
        micros: Option<u32>,
        /// Requests and tunnels it has.
        active: u32,
        /// Its weight in hundredths.
        weight: u32,
    },
    /// How well it suits the key (rendezvous hashing): the highest has it.
    Hash {
        /// From 0 to 10,000.
        value: u32,
    },
    /// Its place in the order of the configuration, by `first`: the lowest that has room has it.
    Place {
        /// From 1.
        place: u32,
    },
}

/// The score in words: `3 active / weight 2 = 1.5`.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |n: f64| (n * 100.0).round() / 100.0;
        match *self {
            Score::Share { weight } => write!(f, "weight {}", number(f64::from(weight) / 100.0)),
            Score::Load { active, weight } => {
                let weight = f64::from(weight) / 100.0;
                write!(f, "{active} active / weight {} = {}", number(weight), number(f64::from(active) / weight))
            }
            Score::Wait { micros: None, active: 0, .. } => write!(f, "no answer known yet: tried first"),
            Score::Wait { micros: None, active, .. } => write!(f, "no answer known yet, {active} active"),
            Score::Wait { micros: Some(micros), active, weight } => {
                let (millis, weight) = (f64::from(micros) / 1000.0, f64::from(weight) / 100.0);
                let wait = number(millis * (f64::from(active) + 1.0) / weight);
                write!(f, "ewma {} ms × ({active}+1) / weight {} = {wait} ms", number(millis), number(weight))
            }
            Score::Hash { value } => write!(f, "hash {:.4}", f64::from(value) / 10_000.0),
            Score::Place { place } => write!(f, "number {place} in order"),
        }
    }
}
