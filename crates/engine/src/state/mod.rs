//! What workers, checkers and front ends share while the engine runs.

mod check_function;
mod check_history;
mod connected;
mod counters;
mod head_store;
mod journal;
mod listener;
mod live_pool;
mod moments;
mod phase;
mod retry_budget;
mod shared;
mod slow_start;
mod states;
mod statistics;
mod time_of_day;
mod topology;
mod view;
mod warnings;

pub use check_function::{CheckFunction, Checks};
pub(crate) use connected::Connected;
pub use head_store::HeadWatch;
pub(crate) use head_store::Shelf;
pub use journal::EventReader;
pub(crate) use journal::{EventRing, Journal, Slot};
pub(crate) use listener::{Listener, Routing};
pub(crate) use live_pool::LivePool;
pub(crate) use moments::{Moments, Tried};
pub(crate) use phase::Phase;
pub(crate) use shared::Shared;
pub(crate) use time_of_day::time_of_day;
pub(crate) use topology::{Open, Setup};
