//! How evenly a pool shared its requests out since a baseline.

use serde::{Deserialize, Serialize};
use std::time::SystemTime;

use super::ids::BackendId;
use crate::untrusted::Untrusted;

/// How evenly a pool shared its requests out since its baseline.
///
/// A baseline is set by [`Command::Baseline`](super::Command::Baseline), and by every [`Change`](super::Change) of a strategy, a
/// weight, a stickiness, a state or the set of backends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Fairness {
    /// When the baseline was set.
    #[serde(with = "crate::api::timestamp")]
    pub since: SystemTime,
    /// For how long it was counted, in microseconds.
    pub micros: u64,
    /// Of that, the time in which anything was in flight, by the second, in microseconds: the means are over it.
    #[serde(default)]
    pub busy_micros: u64,
    /// What set it: `strategy round-robin → random`, `bravo DOWN`, `baseline`, `start`.
    pub label: Untrusted<String>,
    /// Requests that ended on its backends.
    pub requests: u64,
    /// Jain's fairness index of requests ÷ weight, over the backends that take new clients: 1 is perfectly fair, 1/n where one
    /// of n had everything. `None` without requests.
    pub jain: Option<f64>,
    /// The most requests one after the other that went to one backend.
    pub longest_run: u32,
    /// How many backends a client was sent to on average, while somebody watched: a front end that shows requests, or who asked
    /// for what-if once. Clients are told apart by their number in the balancer's own traffic, by the key that binds them, else by
    /// address and `User-Agent`; the first 4096 of them count. `None` where nobody watched, or without requests.
    #[serde(default)]
    pub backends_per_client: Option<f64>,
    /// Clients that left the backend they were bound to for another.
    pub moved: u64,
    /// Requests that were tried on another backend after they had failed on one.
    pub retried: u64,
    /// Requests that the balancer answered itself with 502, 503 or 504.
    pub lost: u64,
    /// Its backends, in the order of the configuration.
    pub backends: Vec<BackendFairness>,
    /// The time before the baseline; it has none itself. A change within two seconds of another is part of that, and a time in
    /// which nothing was counted is left out.
    #[serde(default)]
    pub before: Option<Box<Fairness>>,
}

/// What one backend had of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackendFairness {
    /// Its id.
    pub id: BackendId,
    /// Its name.
    pub name: Untrusted<String>,
    /// Its weight.
    pub weight: u32,
    /// Whether it takes new clients, so that it counts in Jain's index.
    pub counts: bool,
    /// Requests that ended on it.
    pub requests: u64,
    /// The most requests and tunnels it had at one time.
    pub most_in_flight: u32,
    /// How many it had on average while anything was in flight: the time integral of their number, not an average of samples.
    pub mean_in_flight: f64,
}

impl Default for Fairness {
    fn default() -> Self {
        Fairness {
            since: SystemTime::UNIX_EPOCH,
            micros: 0,
            busy_micros: 0,
            label: Untrusted::default(),
            requests: 0,
            jain: None,
            longest_run: 0,
            backends_per_client: None,
            moved: 0,
            retried: 0,
            lost: 0,
            backends: Vec::new(),
            before: None,
        }
    }
}

impl Fairness {
    /// Whether nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.requests == 0 && self.moved == 0 && self.retried == 0 && self.lost == 0
    }

    /// Jain's index of these shares: the square of their sum, by their number times the sum of their squares.
    pub(crate) fn index(shares: &[f64]) -> Option<f64> {
        let sum: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|share| share * share).sum();
        (squares > 0.0).then(|| sum * sum / (shares.len() as f64 * squares))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_one_where_all_have_the_same_and_one_by_n_where_one_has_all() {
        assert_eq!(Fairness::index(&[5.0, 5.0, 5.0]), Some(1.0));
        assert_eq!(Fairness::index(&[9.0, 0.0]), Some(0.5));
        assert_eq!(Fairness::index(&[0.0, 0.0]), None);
        assert_eq!(Fairness::index(&[]), None);
    }
}
