//! Running listeners and their routing.

use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::live_pool::LivePool;
use crate::api::{Mode, RouteTaken, Strategy};
use crate::config::{Config, ListenerConfig, RouteConfig, name_url};
use crate::tls::Termination;

/// A running listener.
pub(crate) struct Listener {
    /// The address it was configured with.
    pub(crate) configured: SocketAddr,
    /// Whether it listens on the other loopback address as well.
    pub(crate) on_both: bool,
    /// The address it is bound to, the first of two; differs if port 0 was configured.
    pub(crate) address: SocketAddr,
    pub(crate) mode: Mode,
    /// Its routing, replaced by a configuration reload.
    pub(crate) routing: ArcSwap<Routing>,
}

/// Which pool each request of a listener goes to.
pub(crate) struct Routing {
    pub(crate) routes: Vec<Route>,
    /// The names that lead to pools, for requests that match no route; none where it is not the listener for names.
    pub(crate) names: Vec<NamedPool>,
    /// The pool for all others; `None` where they are answered 404.
    pub(crate) pool: Option<Arc<LivePool>>,
    /// Whether each connection begins with a PROXY protocol header.
    pub(crate) proxy_protocol: bool,
    /// How it speaks TLS with its clients, if it does.
    pub(crate) tls: Option<Arc<Termination>>,
    /// Whether its clients count as having come over TLS, although it speaks plainly.
    pub(crate) stands_for_tls: bool,
}

/// A running route.
pub(crate) struct Route {
    pub(crate) matches: RouteConfig,
    /// What events and decisions report of a request that takes this route.
    pub(crate) taken: Arc<RouteTaken>,
    pub(crate) pool: Arc<LivePool>,
}

/// A name that leads to a pool.
pub(crate) struct NamedPool {
    /// In lower case, without a dot at its end.
    pub(crate) name: String,
    /// What events and decisions report of a request for this name.
    pub(crate) taken: Arc<RouteTaken>,
    pub(crate) pool: Arc<LivePool>,
}

impl Routing {
    /// The routing of the listener with this number in a configuration to these pools.
    ///
    /// # Panics
    /// If it names a missing pool, which [`Config::problems`](crate::config::Config::problems) rules out.
    pub(crate) fn new(config: &Config, number: usize, tls: Option<Arc<Termination>>, pools: &[Arc<LivePool>]) -> Self {
        let listener = &config.listeners[number];
        let named = |name: &str| {
            let pool = pools.iter().find(|pool| pool.name() == name);
            Arc::clone(pool.expect("a configuration without problems names pools that are there"))
        };
        let route = |matches: &RouteConfig| {
            let taken = Arc::new(RouteTaken { matched: matches.matched().into(), pool: matches.pool.clone().into() });
            Route { matches: matches.clone(), taken, pool: named(&matches.pool) }
        };
        let has_names = config.named_listener() == Some(number);
        let by_name = config.pools.iter().filter(|_| has_names).flat_map(|pool| {
            pool.names.iter().map(|name| NamedPool {
                name: name.clone(),
                taken: Arc::new(RouteTaken { matched: name.clone().into(), pool: pool.name.clone().into() }),
                pool: named(&pool.name),
            })
        });
        Routing {
            routes: listener.routes.iter().map(route).collect(),
            names: by_name.collect(),
            pool: listener.pool.as_deref().map(named),
            proxy_protocol: listener.proxy_protocol,
            tls,
            stands_for_tls: listener.stands_for_tls,
        }
    }

    /// The pools it leads to, its own first; may repeat a pool.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Arc<LivePool>> {
        let by_host = self.names.iter().map(|named| &named.pool);
        self.pool.iter().chain(by_host).chain(self.routes.iter().map(|route| &route.pool))
    }

    /// The pools it leads to, except `than`; may repeat a pool.
    pub(crate) fn others<'l>(&'l self, than: &'l Arc<LivePool>) -> impl Iterator<Item = &'l Arc<LivePool>> {
        self.pools().filter(move |pool| !Arc::ptr_eq(pool, than))
    }

    /// The strategy that is told of a request that no pool was found for.
    pub(crate) fn strategy(&self) -> Strategy {
        self.pools().next().map_or_else(Strategy::default, |pool| pool.current.load().strategy)
    }
}

impl Listener {
    /// A listener of this configuration that is bound to `address`.
    pub(crate) fn new(config: &Config, listener: &ListenerConfig, address: SocketAddr, routing: Routing) -> Self {
        Listener {
            configured: listener.address(),
            on_both: config.is_on_both_loopbacks(listener),
            address,
            mode: listener.mode,
            routing: ArcSwap::from_pointee(routing),
        }
    }

    /// Whether it has the addresses and the mode of this configuration's listener, so that a reload keeps it.
    pub(crate) fn is(&self, config: &Config, listener: &ListenerConfig) -> bool {
        (self.configured, self.mode) == (listener.address(), listener.mode)
            && self.on_both == config.is_on_both_loopbacks(listener)
    }

    /// Whether it speaks TLS with its clients.
    pub(crate) fn is_tls(&self) -> bool {
        self.routing.load().tls.is_some()
    }

    /// The URL of a name that leads here.
    pub(crate) fn url_of(&self, name: &str) -> String {
        name_url(name, self.is_tls(), self.address.port())
    }

    /// A URL that leads to a pool: that of its first name where it has no pool of its own.
    pub(crate) fn url_that_leads(&self) -> String {
        let routing = self.routing.load();
        match (&routing.pool, routing.names.first()) {
            (None, Some(first)) => self.url_of(&first.name),
            _ => self.url(),
        }
    }

    /// The URLs of the names that lead to a pool, in their order.
    pub(crate) fn urls_of(&self, pool: &LivePool) -> Vec<String> {
        let routing = self.routing.load();
        let its = routing.names.iter().filter(|named| std::ptr::eq(Arc::as_ptr(&named.pool), pool));
        its.map(|named| self.url_of(&named.name)).collect()
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
