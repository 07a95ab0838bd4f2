//! What is written for.

use super::engine::Engine;
pub(super) use super::nginx_version::NginxVersion;

/// An engine, and its version where that decides what can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The engine.
    pub engine: Engine,
    /// The version of nginx that is to read it, where it is nginx.
    pub nginx_version: NginxVersion,
}

impl Target {
    /// The newest version of an engine.
    pub fn new(engine: Engine) -> Self {
        Target { engine, nginx_version: NginxVersion::default() }
    }
}
