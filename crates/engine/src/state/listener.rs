//! The listeners at work, and where each leads.

use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::live_pool::LivePool;
use crate::api::{Mode, RouteTaken};
use crate::config::{ListenerConfig, RouteConfig};

/// A listener at work.
pub(crate) struct Listener {
    /// The address it was configured with.
    pub(crate) configured: SocketAddr,
    /// The address it has, where the system chose the port.
    pub(crate) address: SocketAddr,
    pub(crate) mode: Mode,
    /// Where its requests go, which a changed configuration replaces.
    pub(crate) routing: ArcSwap<Routing>,
}

/// Where the requests of a listener go.
pub(crate) struct Routing {
    pub(crate) routes: Vec<Route>,
    /// The pool of what takes no route.
    pub(crate) pool: Arc<LivePool>,
    /// Whether each connection begins with a PROXY header.
    pub(crate) proxy_protocol: bool,
}

/// A route at work.
pub(crate) struct Route {
    pub(crate) matches: RouteConfig,
    /// What is told of a request that takes it.
    pub(crate) taken: Arc<RouteTaken>,
    pub(crate) pool: Arc<LivePool>,
}

impl Routing {
    /// Where a listener leads among these pools.
    ///
    /// # Panics
    /// Where it names a pool that is not there, which [`Config::problems`](crate::config::Config::problems) tells.
    pub(crate) fn new(config: &ListenerConfig, pools: &[Arc<LivePool>]) -> Self {
        let named = |name: &str| {
            let pool = pools.iter().find(|pool| pool.name() == name);
            Arc::clone(pool.expect("a configuration without problems names pools that are there"))
        };
        let route = |matches: &RouteConfig| {
            let taken = Arc::new(RouteTaken { matched: matches.matched().into(), pool: matches.pool.clone().into() });
            Route { matches: matches.clone(), taken, pool: named(&matches.pool) }
        };
        Routing {
            routes: config.routes.iter().map(route).collect(),
            pool: named(&config.pool),
            proxy_protocol: config.proxy_protocol,
        }
    }

    /// The other pools it leads to, for some more than once.
    pub(crate) fn others<'l>(&'l self, than: &'l Arc<LivePool>) -> impl Iterator<Item = &'l Arc<LivePool>> {
        let all = self.routes.iter().map(|route| &route.pool).chain([&self.pool]);
        all.filter(move |pool| !Arc::ptr_eq(pool, than))
    }
}

impl Listener {
    pub(crate) fn new(config: &ListenerConfig, address: SocketAddr, routing: Routing) -> Self {
        Listener { configured: config.address(), address, mode: config.mode, routing: ArcSwap::from_pointee(routing) }
    }

    /// Whether this is where a configuration wants one.
    pub(crate) fn is(&self, config: &ListenerConfig) -> bool {
        (self.configured, self.mode) == (config.address(), config.mode)
    }

    /// The URL to open: a name people can type where the address is one of this machine.
    pub(crate) fn url(&self) -> String {
        let (scheme, ip) = (self.mode.name(), self.address.ip());
        if ip.is_loopback() || ip.is_unspecified() {
            format!("{scheme}://localhost:{}", self.address.port())
        } else {
            format!("{scheme}://{}", self.address)
        }
    }
}
