//! A backend as the strategy saw it, in the strategy's own terms.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

use super::exclusion::Exclusion;
use super::identity::Identity;

/// One backend as the strategy saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Candidate {
    /// Who.
    pub backend: Arc<Identity>,
    /// Its weight in force.
    pub weight: u32,
    /// Its active requests.
    pub active: u32,
    /// What the strategy compares.
    pub score: Score,
    /// Why it could not be chosen, if it could not.
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
    /// Its share of the turns, or of the chances: its weight, in hundredths.
    Share {
        /// Hundredths of a weight.
        weight: u32,
    },
    /// What it has to do, for its weight.
    Load {
        /// Active requests.
        active: u32,
        /// Hundredths of a weight.
        weight: u32,
    },
    /// What one more request would take, for its weight.
    Wait {
        /// What its answers took lately, in microseconds; `None` without any.
        micros: Option<u32>,
        /// Active requests.
        active: u32,
        /// Hundredths of a weight.
        weight: u32,
    },
    /// How well it suits the key: the highest has it.
    Hash {
        /// Ten-thousandths.
        value: u32,
    },
    /// Its place in the configuration's order, from 1.
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
