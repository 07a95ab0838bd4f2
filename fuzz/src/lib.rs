//! Fuzz targets for everything that stickylb-tui reads from others: each is a function of bytes that panics where a promise
//! is broken. `README.md` beside this tells how they are run.

#![expect(clippy::missing_panics_doc, reason = "to panic is how a target tells that a promise is broken")]

pub mod chunks;
pub mod configuration;
#[cfg(unix)]
pub mod control;
pub mod filter;
pub mod heads;
mod mutate;
mod pieces;
pub mod proxy_protocol;

pub use mutate::mutated;
