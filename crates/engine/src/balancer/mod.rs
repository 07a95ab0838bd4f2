//! Who gets a request, and why. Knows no socket.
//!
//! A pool is a value: the backends, their strategy and their stickiness at one moment. Workers read
//! the pool in force without a lock; whoever changes anything builds the next one. What changes with every
//! request (counts, latencies) lives in the backends, which successive pools share.

mod backend;
mod by_status;
mod candidates;
mod choose;
mod cookie;
mod ejection;
mod eligible;
mod ewma;
mod key_cache;
mod key_function;
mod latency;
mod pool;
mod rendezvous;
mod slots;
mod state;
mod stick;
mod sticky;
mod strategy;

pub(crate) use backend::{Active, Backend, Endpoint, Tunnelling};
pub(crate) use by_status::ByStatus;
pub(crate) use choose::NoBackend;
pub(crate) use cookie::CookieSticky;
pub use key_function::{Asking, KeyFunction};
pub(crate) use latency::Counts;
pub(crate) use pool::{Choice, Pool};
pub(crate) use slots::{Slot, Slots};
pub(crate) use state::{AgentWord, Verdict};
pub(crate) use stick::{StickTable, Stuck, StuckConnection};
pub(crate) use sticky::{Bound, Sticky};
