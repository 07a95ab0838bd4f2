//! The engine without a screen: one line for each request and each change, on standard output, in a file, or both.
//!
//! Each output has a thread of its own, because writing may wait for ever. Whatever an output does, it costs lines and
//! nothing else: they are dropped and counted, and come again when it takes them.

mod account;
mod format;
mod line;
mod log;
mod output;

pub(crate) use format::LogFormat;
pub(crate) use log::{Log, LogFile, finish};
