//! A running backend, split into parts so that each user takes only what it needs.

mod at_work;
mod chaos;
mod concurrency;
mod counters;
mod early_close;
mod endpoint;
mod in_flight;
mod in_use;
mod settings;
mod signals;
mod status;
mod weight;

pub(crate) use at_work::Backend;
pub(crate) use early_close::TRUSTED;
pub(crate) use endpoint::Endpoint;
pub(crate) use in_flight::Integral;
pub(crate) use in_use::{Active, Tunnelling};
