//! The `stickylb-tui` program: a command line, a terminal screen, log lines and a control socket around the engine,
//! which is the library `stickylb`.

pub mod cli;
#[cfg(unix)]
mod control;
#[doc(hidden)]
pub mod fuzzing;
mod headless;
#[cfg(feature = "tui")]
#[doc(hidden)]
pub mod learn;
#[cfg(feature = "tui")]
mod plain;
#[cfg(feature = "tui")]
pub mod screen;
mod signals;
mod survive_report;
mod trust;
#[cfg(feature = "tui")]
mod user;
mod words;
mod writable;
