//! How a pool is put together.

use stickylb::api::{Mode, ResolvedBackend, ResolvedConfig, ResolvedPool, Strategy};

use super::super::transports::Transports;
use crate::export::local::sees_own_host;

/// A pool, and what decides how it is put together.
pub(super) struct Plan<'a> {
    pub(super) config: &'a ResolvedConfig,
    pub(super) pool: &'a ResolvedPool,
    pub(super) transports: &'a Transports,
    /// Every backend has an active check, which services of services need to learn who is down.
    pub(super) is_checked: bool,
    /// Clients are bound by a cookie.
    pub(super) by_cookie: bool,
    /// Clients are bound by their address.
    pub(super) by_address: bool,
}

impl Plan<'_> {
    /// Whether the backends have to be services of their own: for the names that cookies have, or for what servers of one
    /// service share. Without checks clients would stay with one that is down: then they get a cookie that names a server.
    pub(super) fn is_of_services(&self, backends: &[&ResolvedBackend]) -> bool {
        let Some((first, others)) = backends.split_first() else { return false };
        let is_alike = |other: &&ResolvedBackend| {
            self.transport(first) == self.transport(other)
                && self.passes_host(first) == self.passes_host(other)
                && (!self.is_checked || first.check == other.check)
        };
        let is_limited = backends.iter().any(|backend| backend.max_connections > 0);
        (self.by_cookie && self.is_checked) || is_limited || !others.iter().all(is_alike)
    }

    /// How a server of one service is chosen.
    pub(super) fn strategy(&self) -> &'static str {
        match self.pool.strategy {
            _ if self.by_address => "hrw",
            Strategy::LeastConnections | Strategy::PowerOfTwo => "p2c",
            Strategy::LeastLatency => "leasttime",
            _ => "wrr",
        }
    }

    /// Whether a backend sees the host that the client asked for: for `auto`, where it is on this machine.
    pub(super) fn passes_host(&self, backend: &ResolvedBackend) -> bool {
        !sees_own_host(self.config.host_header, backend)
    }

    /// Whether each backend is asked only when those before it are down. A cookie leads past that, and needs them in a row.
    pub(super) fn is_chain(&self) -> bool {
        self.pool.strategy == Strategy::First && self.is_checked && !self.by_cookie && !self.by_address
    }

    /// The name of a backend's way to be connected to.
    pub(super) fn transport(&self, backend: &ResolvedBackend) -> String {
        self.transports.name(self.config, backend, Mode::Http)
    }
}
