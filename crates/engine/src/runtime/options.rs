//! What the engine is given beside its configuration.

use std::path::PathBuf;

use super::source::Source;
use crate::access::Admission;
use crate::balancer::KeyFunction;
use crate::process::Copies;
use crate::state::Checks;

/// What [`Balancer::start`](crate::Balancer::start) is given beside a configuration. The default has no processes, and one
/// thread for each processor.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The `stickylb-tui` program, which is started as the supervisor of each process and as each demo backend; `None` where no
    /// processes can be started.
    pub program: Option<PathBuf>,
    /// Demo backends to start at once.
    pub demo_backends: usize,
    /// Copies of a program to start at once; their ids are their numbers, from 0, or the next free ones
    /// where backends of the configuration have those.
    pub copies: Option<Copies>,
    /// Threads that serve clients; `None` is one for each processor.
    pub workers: Option<usize>,
    /// An access rule of this program's own, asked for each connection before anything is read from it.
    pub admission: Option<Admission>,
    /// Checks of this program's own, made in place of those configured.
    pub checks: Checks,
    /// A sticky key of this program's own, for pools that bind their clients by
    /// [`StickyBy::Own`](crate::api::StickyBy::Own).
    pub sticky_key: Option<KeyFunction>,
    /// Where [`Command::Reload`](crate::api::Command::Reload) reads the configuration from; `None` where there is nothing to
    /// read again.
    pub source: Option<Source>,
}
