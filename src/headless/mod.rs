//! The engine without a screen: one line for each request and each change, on standard output, in a file, or both.
//!
//! Each output has a thread of its own, because writing may wait for ever. Whatever an output does, it costs lines and
//! nothing else: they are dropped and counted, and come again when it takes them.

mod account;
mod line;
mod log;
mod output;

pub(crate) use log::{Log, LogFile, finish};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
