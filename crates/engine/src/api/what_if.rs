//! What each strategy would have done with the requests that came last.

use serde::{Deserialize, Serialize};

use super::ids::BackendId;
use super::strategy::Strategy;
use crate::untrusted::Untrusted;

/// What is to be different from how it was, beside the strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct WhatIfOptions {
    /// The pool; `None` is the first.
    pub pool: Option<String>,
    /// This backend is DOWN.
    pub without: Option<BackendId>,
    /// This backend has that weight.
    pub weight: Option<(BackendId, u32)>,
    /// Clients are bound to no backend.
    pub sticky_off: bool,
}

/// What each strategy would have done with the last requests of a pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WhatIf {
    /// The pool's name.
    pub pool: Untrusted<String>,
    /// How many requests were given to each strategy: at most 500; fewer than 50 are not.
    pub requests: u64,
    /// Over how long a time they came, in microseconds.
    pub micros: u64,
    /// The pool's backends, in the order of the configuration.
    pub backends: Vec<WhatIfBackend>,
    /// Which share of the requests the strategy in use sends where they really went, with nothing different from how it was: how
    /// good the model is. Between 0 and 1; 0 where nothing can be told.
    pub as_real: f64,
    /// Why it is less than 95 %, or why nothing can be told at all, as one sentence; `None` where the model holds.
    pub doubt: Option<Untrusted<String>>,
    /// One row for each strategy; empty where nothing can be told.
    pub rows: Vec<WhatIfRow>,
    /// What the model does not say, one sentence each, latency first.
    pub not_told: Vec<Untrusted<String>>,
}

/// A backend of what-if, and what really went to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WhatIfBackend {
    /// Its id.
    pub id: BackendId,
    /// Its name.
    pub name: Untrusted<String>,
    /// The weight it has in the model.
    pub weight: u32,
    /// Requests that really went to it.
    pub real: u64,
}

/// A figure over several seeds: all three are the same where nothing is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Spread {
    /// The 5th percentile.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub high: f64,
}

/// What one strategy would have done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WhatIfRow {
    /// The strategy.
    pub strategy: Strategy,
    /// Whether it is in use.
    pub current: bool,
    /// Over how many seeds: 200 where it draws, but 1 where nothing is drawn, or the draws are those of the strategy in use.
    pub seeds: u32,
    /// Requests by backend, in the order of [`WhatIf::backends`].
    pub picks: Vec<Spread>,
    /// Jain's fairness index of requests ÷ weight.
    pub jain: Spread,
    /// The most that any backend had in flight at a time.
    pub most_in_flight: Spread,
    /// How many a backend had in flight on average while anything was, for the backend with the most: a time integral.
    pub mean_in_flight: Spread,
    /// Which share of the requests goes where it really went.
    pub as_real: Spread,
    /// Clients whose first request goes elsewhere than it really went.
    pub moved: Spread,
}
