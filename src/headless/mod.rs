//! The engine without a screen: one line for each request and each change, on standard output, in a file, or both.
//!
//! Each output has its own thread, because a write can block for ever. Trouble with an output only costs lines: they
//! are dropped and counted until it takes lines again.

mod account;
mod format;
mod line;
mod log;
mod output;

pub(crate) use format::LogFormat;
#[cfg(feature = "tui")]
pub(crate) use line::Lines;
pub(crate) use log::{Log, LogFile, finish};
