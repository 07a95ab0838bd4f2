//! The pools and listeners at work.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::balancer::{Backend, Held, Pool, RouteTaken, StickTable, Sticky, Stuck};
use crate::config::{ListenerConfig, Mode, PoolConfig, RouteConfig, StickyBy};

/// A pool at work: the value in force, which is only ever replaced as a whole.
pub(crate) struct LivePool {
    name: String,
    /// As the file has it; what a person changed meanwhile is in the value in force.
    pub(super) config: ArcSwap<PoolConfig>,
    /// What its clients speak.
    pub(crate) mode: Mode,
    /// Its name in decisions and in the log, where there are several.
    pub(crate) label: Option<Arc<str>>,
    pub(crate) in_force: ArcSwap<Pool>,
    /// Changes with it; requests that are held wait for it.
    pub(crate) changes: watch::Sender<()>,
    /// Which addresses stick to which backend, in TCP mode.
    table: StickTable,
}

impl LivePool {
    pub(super) fn new(config: PoolConfig, mode: Mode, several: bool) -> Self {
        let label: Option<Arc<str>> = several.then(|| config.name.as_str().into());
        let backends = config.backends.iter().map(|b| Arc::new(Backend::new(b, label.clone()))).collect();
        let sticky = Sticky::new(&config.sticky, &config.sticky.by);
        let pool = Pool::new(backends, config.strategy, sticky, Arc::default());
        LivePool {
            table: StickTable::new(config.sticky.expiry),
            name: config.name.clone(),
            config: ArcSwap::from_pointee(config),
            mode,
            label,
            in_force: ArcSwap::from_pointee(pool),
            changes: watch::Sender::new(()),
        }
    }

    /// Has another configuration from now on; gives the one before. What is in force is changed by itself.
    pub(super) fn follow(&self, config: &PoolConfig) -> Arc<PoolConfig> {
        self.table.expire_after(config.sticky.expiry);
        self.config.swap(Arc::new(config.clone()))
    }

    /// The backend that an address sticks to.
    pub(crate) fn stuck_to(&self, ip: IpAddr) -> Option<u32> {
        if self.sticks_by_address() { self.table.get(ip, Instant::now()) } else { None }
    }

    /// Makes an address stick to a backend, where addresses do.
    pub(crate) fn hold(&self, ip: IpAddr, backend: u32) -> Option<(Stuck, Option<Held>)> {
        self.sticks_by_address().then(|| self.table.hold(ip, backend, Instant::now()))
    }

    /// Forgets the addresses whose time is over. Once a second.
    pub(super) fn forget(&self) {
        let pool = self.in_force.load();
        for id in self.table.forget(Instant::now()) {
            if let Some(backend) = pool.get(id) {
                backend.session_moved();
            }
        }
    }

    /// Whether this can bind its clients.
    pub(super) fn can_stick_by(&self, by: &StickyBy) -> bool {
        self.mode == Mode::Http || matches!(by, StickyBy::Ip | StickyBy::Off)
    }

    fn sticks_by_address(&self) -> bool {
        self.in_force.load().sticky.by == StickyBy::Ip
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The kinds of stickiness that make sense here: those there is nothing to say about, and the configured one.
    pub(super) fn sticky_modes(&self) -> Vec<StickyBy> {
        let config = self.config.load();
        let configured = &config.sticky.by;
        let named = matches!(configured, StickyBy::Header(_) | StickyBy::Query(_)).then(|| configured.clone());
        match self.mode {
            Mode::Tcp => vec![StickyBy::Ip, StickyBy::Off],
            Mode::Http => [StickyBy::Cookie, StickyBy::Ip].into_iter().chain(named).chain([StickyBy::Off]).collect(),
        }
    }

    /// Puts another value in force. The caller holds the control lock, so that no two changes start from the same one.
    pub(super) fn put_in_force(&self, pool: Pool) {
        self.in_force.store(Arc::new(pool));
        self.changes.send_replace(());
    }
}

/// A listener at work.
pub(crate) struct Listener {
    /// The address it was configured with.
    pub(super) configured: SocketAddr,
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
    pub(super) fn new(config: &ListenerConfig, pools: &[Arc<LivePool>]) -> Self {
        let named = |name: &str| {
            let pool = pools.iter().find(|pool| pool.name() == name);
            Arc::clone(pool.expect("a configuration without problems names pools that are there"))
        };
        let route = |matches: &RouteConfig| {
            let taken = Arc::new(RouteTaken { matched: matches.matched(), pool: matches.pool.clone() });
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
    pub(super) fn new(config: &ListenerConfig, address: SocketAddr, routing: Routing) -> Self {
        Listener { configured: config.address(), address, mode: config.mode, routing: ArcSwap::from_pointee(routing) }
    }

    /// Whether this is where a configuration wants one.
    pub(super) fn is(&self, config: &ListenerConfig) -> bool {
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
