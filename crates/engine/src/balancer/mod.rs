//! Who gets a request, and why. Knows no socket.
//!
//! A pool is a value: the backends, their strategy and their stickiness at one moment. Workers read
//! the pool in force without a lock; whoever changes anything builds the next one. What changes with every
//! request (counts, latencies) lives in the backends, which successive pools share.

mod backend;
mod candidates;
mod choose;
mod cookie;
mod decision;
mod ejection;
mod ewma;
mod latency;
mod places;
mod pool;
mod rendezvous;
mod seen;
mod state;
mod stick;
mod sticky;
mod strategy;
mod tally;

pub use backend::Identity;
pub use candidates::{Candidate, Score};
pub use decision::{Attempt, CookieAction, Decision, Exclusion, Fault, Outcome, RouteTaken, Rule, StickyKey, Stopped};
pub use latency::Percentiles;
pub use state::{Intent, State};
pub use tally::Tallied;

pub(crate) use backend::{Active, Backend, Tunnelling};
pub(crate) use choose::NoBackend;
pub(crate) use cookie::CookieSticky;
pub(crate) use latency::Counts;
pub(crate) use places::{Place, Places};
pub(crate) use pool::{Choice, Pool};
pub(crate) use rendezvous::Fingerprint;
pub(crate) use state::{AgentWord, Verdict};
pub(crate) use stick::{Held, StickTable, Stuck};
pub(crate) use sticky::{Bound, Sticky};
pub(crate) use tally::ByStatus;
