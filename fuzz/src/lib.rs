//! Fuzz targets for everything that stickylb-tui reads from others. Each takes bytes, and panics if a promise is
//! broken. `README.md` in this folder says how to run them.

#![expect(clippy::missing_panics_doc, reason = "to panic is how a target tells that a promise is broken")]

pub mod answers;
pub mod chunks;
pub mod configuration;
#[cfg(unix)]
pub mod control;
pub mod filter;
pub mod har;
pub mod heads;
pub mod import;
mod mutate;
mod pieces;
pub mod proxy_protocol;

pub use mutate::mutated;
