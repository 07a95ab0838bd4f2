//! Options for the engine besides its configuration.

use std::path::PathBuf;

use super::source::Source;
use crate::access::Admission;
use crate::balancer::KeyFunction;
use crate::config::BackendLimits;
use crate::process::Copies;
use crate::state::Checks;

/// Options for [`Balancer::start`](crate::Balancer::start) besides the configuration. By default, no processes are
/// started, and there is one worker thread per processor.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The path of the `stickylb-tui` program, which is run as each process's supervisor and as each demo backend.
    /// Without it, no processes can be started.
    pub program: Option<PathBuf>,
    /// The number of demo backends to start with.
    pub demo_backends: usize,
    /// How much each demo backend takes, those that are started later included.
    pub demo_limits: BackendLimits,
    /// Copies of a program to start with. A copy's id is its number, counted from 0, or the next free id if a backend
    /// of the configuration has that one.
    pub copies: Option<Copies>,
    /// The number of threads that serve clients; `None` means one per processor.
    pub workers: Option<usize>,
    /// The embedding program's access rule, asked for each connection before anything is read from it.
    pub admission: Option<Admission>,
    /// The embedding program's health checks, which replace the configured ones.
    pub checks: Checks,
    /// The embedding program's sticky key function, for pools that bind their clients by
    /// [`StickyBy::Custom`](crate::api::StickyBy::Custom).
    pub sticky_key: Option<KeyFunction>,
    /// Where [`Command::Reload`](crate::api::Command::Reload) reads the configuration from; with `None`, that command
    /// fails.
    pub source: Option<Source>,
    /// Whether nothing of it goes to the program's log: it is a balancer for tests inside another one.
    pub(crate) quiet: bool,
}
