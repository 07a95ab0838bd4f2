//! The pools and listeners at work.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::balancer::{Backend, Held, Pool, RouteTaken, StickTable, Sticky, Stuck};
use crate::config::{Config, ListenerConfig, Mode, PoolConfig, RouteConfig, StickyBy};

/// A pool at work: the value in force, which is only ever replaced as a whole.
pub(crate) struct LivePool {
    pub(crate) config: PoolConfig,
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
    fn new(config: PoolConfig, mode: Mode, several: bool) -> Self {
        let label: Option<Arc<str>> = several.then(|| config.name.as_str().into());
        let backends = config.backends.iter().map(|b| Arc::new(Backend::new(b, label.clone()))).collect();
        let sticky = Sticky::new(&config.sticky, &config.sticky.by);
        let pool = Pool::new(backends, config.strategy, sticky, Arc::default());
        LivePool {
            table: StickTable::new(config.sticky.expiry),
            config,
            mode,
            label,
            in_force: ArcSwap::from_pointee(pool),
            changes: watch::Sender::new(()),
        }
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
        &self.config.name
    }

    /// The kinds of stickiness that make sense here: those there is nothing to say about, and the configured one.
    pub(super) fn sticky_modes(&self) -> Vec<StickyBy> {
        let configured = &self.config.sticky.by;
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
    pub(crate) config: ListenerConfig,
    /// The address it has, where the system chose the port.
    pub(crate) address: SocketAddr,
    pub(crate) routes: Vec<Route>,
    /// The pool of what takes no route.
    pub(crate) pool: Arc<LivePool>,
}

/// A route at work.
pub(crate) struct Route {
    pub(crate) matches: RouteConfig,
    /// What is told of a request that takes it.
    pub(crate) taken: Arc<RouteTaken>,
    pub(crate) pool: Arc<LivePool>,
}

impl Listener {
    /// `None` where a pool it names does not exist, which [`Config::problems`] would have told.
    fn new(config: &ListenerConfig, address: SocketAddr, pools: &[Arc<LivePool>]) -> Option<Self> {
        let named = |name: &str| pools.iter().find(|pool| pool.name() == name).cloned();
        let route = |matches: &RouteConfig| {
            let taken = Arc::new(RouteTaken { matched: matches.matched(), pool: matches.pool.clone() });
            Some(Route { matches: matches.clone(), taken, pool: named(&matches.pool)? })
        };
        let routes = config.routes.iter().map(route).collect::<Option<_>>()?;
        Some(Listener { config: config.clone(), address, routes, pool: named(&config.pool)? })
    }

    /// The other pools it leads to, for some more than once.
    pub(crate) fn others<'l>(&'l self, than: &'l Arc<LivePool>) -> impl Iterator<Item = &'l Arc<LivePool>> {
        let all = self.routes.iter().map(|route| &route.pool).chain([&self.pool]);
        all.filter(move |pool| !Arc::ptr_eq(pool, than))
    }

    /// The URL to open: a name people can type where the address is one of this machine.
    pub(crate) fn url(&self) -> String {
        let (scheme, ip) = (self.config.mode.name(), self.address.ip());
        if ip.is_loopback() || ip.is_unspecified() {
            format!("{scheme}://localhost:{}", self.address.port())
        } else {
            format!("{scheme}://{}", self.address)
        }
    }
}

/// Sets the pools to work, and the listeners at these addresses, in the order of the configuration.
pub(super) fn set_to_work(config: &Config, addresses: &[SocketAddr]) -> (Vec<Arc<LivePool>>, Vec<Arc<Listener>>) {
    let several = config.pools.len() > 1;
    let mode = |pool: &PoolConfig| config.mode_of(&pool.name);
    let pools: Vec<_> =
        config.pools.iter().map(|pool| Arc::new(LivePool::new(pool.clone(), mode(pool), several))).collect();
    let listeners = config.listeners.iter().zip(addresses);
    let listeners = listeners.filter_map(|(listener, address)| Listener::new(listener, *address, &pools));
    let listeners = listeners.map(Arc::new).collect();
    (pools, listeners)
}
