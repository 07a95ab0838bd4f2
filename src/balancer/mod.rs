//! Who gets a request, and why. Knows no socket.
//!
//! A [`Pool`] is a value: the backends, their strategy and their stickiness at one moment. Workers read
//! the pool in force without a lock; whoever changes anything builds the next one. What changes with every
//! request (counts, latencies) lives in the [`Backend`]s, which successive pools share.

mod backend;
mod decision;
mod latency;
mod pool;
mod state;
mod sticky;

pub(crate) use backend::{Active, Tunnelling};
pub use backend::{Backend, Identity};
pub use decision::{Attempt, Candidate, CookieAction, Decision, Exclusion, Outcome, Rule, StickyKey};
pub(crate) use latency::Counts;
pub use latency::{Latencies, Percentiles};
pub use pool::{Choice, NoBackend, Pool};
pub use state::{Intent, State, Verdict};
pub use sticky::CookieSticky;
