//! The listeners and pools built from a configuration. A configuration reload replaces it as a whole.

use std::net::TcpListener;
use std::sync::Arc;

use super::listener::{Listener, Routing};
use super::live_pool::LivePool;
use crate::api::BackendId;
use crate::balancer::{Backend, KeyFunction};
use crate::config::{Config, PoolConfig};
use crate::listener;
use crate::listener::ListenError;
use crate::tls::{Termination, TlsStore, UserCertificate};

/// The running listeners and pools, with the configuration that they were built from.
pub(crate) struct Topology {
    pub(crate) config: Arc<Config>,
    pub(crate) listeners: Vec<BoundListener>,
    pub(crate) pools: Vec<Arc<LivePool>>,
    /// The embedding program's sticky key function, for pools that a reload adds.
    pub(crate) key: Option<KeyFunction>,
    /// What TLS listeners share, kept over a reload.
    pub(crate) tls: Arc<TlsStore>,
}

/// A listener with its sockets. Connections hold the listener only, so that the sockets close with the topology.
#[derive(Clone)]
pub(crate) struct BoundListener {
    pub(crate) listener: Arc<Listener>,
    /// One, or one for each loopback address. Each worker accepts from its own duplicates; none once the engine accepts no
    /// more clients.
    pub(crate) sockets: Vec<Arc<TcpListener>>,
}

impl BoundListener {
    /// Binds the listener with this number in a configuration. `old` are sockets on the same port that it may replace.
    pub(crate) fn new(
        config: &Config,
        number: usize,
        tls: Option<Arc<Termination>>,
        pools: &[Arc<LivePool>],
        old: &[Arc<TcpListener>],
    ) -> Result<BoundListener, ListenError> {
        let listener = &config.listeners[number];
        let (sockets, address) = if config.is_on_both_loopbacks(listener) {
            listener::bind_both_loopbacks(listener.port, old)?
        } else {
            let (socket, address) = listener::bind(listener.address(), old)?;
            (vec![socket], address)
        };
        let routing = Routing::new(config, number, tls, pools);
        Ok(BoundListener {
            listener: Arc::new(Listener::new(config, listener, address, routing)),
            sockets: sockets.into_iter().map(Arc::new).collect(),
        })
    }
}

impl Topology {
    /// Builds the pools and binds the listeners of a configuration without [problems](Config::problems). `terminations` are
    /// the listeners', in their order.
    pub(crate) fn new(
        config: Config,
        (tls, terminations): (Arc<TlsStore>, Vec<Option<Arc<Termination>>>),
        key: Option<KeyFunction>,
    ) -> Result<Self, ListenError> {
        let several = config.pools.len() > 1;
        let pool = |pool: &PoolConfig| {
            Arc::new(LivePool::new(config.with_secure_decided(pool), config.mode_of(&pool.name), several, key.clone()))
        };
        let pools: Vec<_> = config.pools.iter().map(pool).collect();
        let listeners = terminations.into_iter().enumerate();
        let listeners = listeners.map(|(number, tls)| BoundListener::new(&config, number, tls, &pools, &[]));
        let listeners = listeners.collect::<Result<_, _>>()?;
        Ok(Topology { listeners, pools, config: Arc::new(config), key, tls })
    }

    /// The same without its sockets, which frees the ports once all workers have let go.
    pub(crate) fn closed(&self) -> Self {
        let closed = |open: &BoundListener| BoundListener { listener: Arc::clone(&open.listener), sockets: Vec::new() };
        Topology {
            config: Arc::clone(&self.config),
            listeners: self.listeners.iter().map(closed).collect(),
            pools: self.pools.clone(),
            key: self.key.clone(),
            tls: Arc::clone(&self.tls),
        }
    }

    /// The URL that leads to a pool: that of its first name, else that of the first listener that leads to it.
    pub(crate) fn url_of(&self, pool: &LivePool) -> String {
        let by_name = self.listeners.iter().find_map(|open| open.listener.urls_of(pool).into_iter().next());
        let by_listener = || self.listener_of(pool).map(|listener| listener.url());
        by_name.or_else(by_listener).unwrap_or_else(|| "http://localhost".to_owned())
    }

    /// The first listener whose own pool this is, else the first that leads to it.
    pub(crate) fn listener_of(&self, pool: &LivePool) -> Option<&Arc<Listener>> {
        let is = |one: &Arc<LivePool>| std::ptr::eq(Arc::as_ptr(one), pool);
        let listeners = || self.listeners.iter().map(|open| &open.listener);
        let is_own = |listener: &&Arc<Listener>| listener.routing.load().pool.as_ref().is_some_and(is);
        listeners().find(is_own).or_else(|| listeners().find(|listener| listener.routing.load().pools().any(is)))
    }

    /// Every backend of every pool, in the order of the configuration.
    pub(crate) fn backends(&self) -> Vec<Arc<Backend>> {
        self.pools.iter().flat_map(|pool| pool.current.load().backends.to_vec()).collect()
    }

    /// The certificates of the user's own that its listeners show, each once.
    pub(crate) fn certificates(&self) -> Vec<Arc<UserCertificate>> {
        let mut all: Vec<Arc<UserCertificate>> = Vec::new();
        for tls in self.listeners.iter().filter_map(|open| open.listener.routing.load().tls.clone()) {
            for certificate in tls.own() {
                if !all.iter().any(|other| Arc::ptr_eq(other, certificate)) {
                    all.push(Arc::clone(certificate));
                }
            }
        }
        all
    }

    /// Every backend's pool and name.
    pub(crate) fn backends_by_name(&self) -> Vec<(String, String)> {
        let of = |pool: &Arc<LivePool>| {
            let backends = pool.current.load_full();
            let name = pool.name().raw().to_owned();
            backends.backends.iter().map(|b| (name.clone(), b.name().raw().to_owned())).collect::<Vec<_>>()
        };
        self.pools.iter().flat_map(of).collect()
    }

    /// The backend with this id, and its pool.
    pub(crate) fn find(&self, id: BackendId) -> Option<(Arc<LivePool>, Arc<Backend>)> {
        let backend = |pool: &Arc<LivePool>| Some((Arc::clone(pool), Arc::clone(pool.current.load().get(id)?)));
        self.pools.iter().find_map(backend)
    }
}
