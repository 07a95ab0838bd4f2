//! Chooses the backend for a request and records why. Does no I/O.
//!
//! A pool is an immutable value: backends, strategy and stickiness at one moment. Workers read the current pool without
//! a lock; every change builds a new one. Data that changes with every request (counts, latencies) is in the backends,
//! which successive pools share.

mod backend;
mod by_status;
mod candidates;
mod chaos;
mod choose;
mod cookie;
mod ejection;
mod eligible;
mod ewma;
mod key_cache;
mod key_function;
mod keys_seen;
mod latency;
mod learned;
mod memory;
mod moves;
mod noted;
mod pool;
mod recorder;
mod rendezvous;
mod slots;
mod state;
mod stick;
mod sticky;
mod strategy;
mod traits;

pub(crate) use backend::{Active, Backend, Endpoint, Integral, TRUSTED, Tunnelling};
pub(crate) use by_status::ByStatus;
pub(crate) use chaos::{Asks, Burning, Touch};
pub(crate) use choose::NoBackend;
pub(crate) use cookie::CookieSticky;
pub(crate) use key_cache::KeyCache;
pub use key_function::{Asking, KeyFunction};
pub(crate) use latency::{Counts, Latencies};
pub(crate) use learned::{AnsweredBy, Learning, OpenId, Taught, Watch};
pub(crate) use pool::{Choice, Pool};
pub(crate) use recorder::{Asked, Moment, Record, Recorded, Sample, Ticket};
#[cfg(test)]
pub(crate) use rendezvous::Fingerprint;
pub(crate) use slots::{Slot, Slots};
pub(crate) use state::{AgentWord, Verdict};
pub(crate) use stick::{StickTable, Stuck, StuckConnection};
pub(crate) use sticky::{Affinity, Asker, Bound, Sticky};
pub(crate) use traits::Traits;
