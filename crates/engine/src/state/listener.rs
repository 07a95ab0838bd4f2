//! Running listeners and their routing.

use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::live_pool::LivePool;
use crate::api::{Mode, RouteTaken};
use crate::config::{ListenerConfig, RouteConfig};
use crate::tls::Termination;

/// A running listener.
pub(crate) struct Listener {
    /// The address it was configured with.
    pub(crate) configured: SocketAddr,
    /// The address it is bound to; differs if port 0 was configured.
    pub(crate) address: SocketAddr,
    pub(crate) mode: Mode,
    /// Its routing, replaced by a configuration reload.
    pub(crate) routing: ArcSwap<Routing>,
}

/// Which pool each request of a listener goes to.
pub(crate) struct Routing {
    pub(crate) routes: Vec<Route>,
    /// The pool for requests that match no route.
    pub(crate) pool: Arc<LivePool>,
    /// Whether each connection begins with a PROXY protocol header.
    pub(crate) proxy_protocol: bool,
    /// How it speaks TLS with its clients, if it does.
    pub(crate) tls: Option<Arc<Termination>>,
}

/// A running route.
pub(crate) struct Route {
    pub(crate) matches: RouteConfig,
    /// What events and decisions report of a request that takes this route.
    pub(crate) taken: Arc<RouteTaken>,
    pub(crate) pool: Arc<LivePool>,
}

impl Routing {
    /// The routing of a configured listener to these pools.
    ///
    /// # Panics
    /// If it names a missing pool, which [`Config::problems`](crate::config::Config::problems) rules out.
    pub(crate) fn new(config: &ListenerConfig, tls: Option<Arc<Termination>>, pools: &[Arc<LivePool>]) -> Self {
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
            tls,
        }
    }

    /// The pools it leads to, except `than`; may repeat a pool.
    pub(crate) fn others<'l>(&'l self, than: &'l Arc<LivePool>) -> impl Iterator<Item = &'l Arc<LivePool>> {
        let all = self.routes.iter().map(|route| &route.pool).chain([&self.pool]);
        all.filter(move |pool| !Arc::ptr_eq(pool, than))
    }
}

impl Listener {
    pub(crate) fn new(config: &ListenerConfig, address: SocketAddr, routing: Routing) -> Self {
        Listener { configured: config.address(), address, mode: config.mode, routing: ArcSwap::from_pointee(routing) }
    }

    /// Whether it has this configuration's address and mode, so that a reload keeps it.
    pub(crate) fn is(&self, config: &ListenerConfig) -> bool {
        (self.configured, self.mode) == (config.address(), config.mode)
    }

    /// Whether it speaks TLS with its clients.
    pub(crate) fn is_tls(&self) -> bool {
        self.routing.load().tls.is_some()
    }

    /// The URL to open in a browser: uses `localhost` if the address is loopback or unspecified.
    pub(crate) fn url(&self) -> String {
        let scheme = match (self.mode, self.is_tls()) {
            (Mode::Http, true) => "https",
            (Mode::Tcp, true) => "tls",
            (mode, false) => mode.name(),
        };
        let ip = self.address.ip();
        if ip.is_loopback() || ip.is_unspecified() {
            format!("{scheme}://localhost:{}", self.address.port())
        } else {
            format!("{scheme}://{}", self.address)
        }
    }
}
