//! A builder for embedding programs.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::options::Options;
use super::start::Balancer;
use super::start_error::StartError;
use crate::access::Admission;
use crate::api::{BackendId, Identity, StickyBy, Strategy};
use crate::balancer::{Asking, KeyFunction};
use crate::config::{BackendConfig, BackendSpec, Config, DEFAULT_POOL, ListenerConfig, PoolConfig};
use crate::state::CheckFunction;

/// Builds a balancer. [`Builder::start`] reports all configuration problems together.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    config: Config,
    options: Options,
    /// Backends as text, parsed by `start`.
    words: Vec<String>,
}

impl Balancer {
    /// A builder with one listener on a free local port and one pool without backends.
    pub fn builder() -> Builder {
        let mut config = Config::new(Vec::new());
        config.listeners[0].port = 0;
        Builder { config, options: Options::default(), words: Vec::new() }
    }
}

impl Builder {
    /// Uses this configuration, such as a file's, and discards what was configured before.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The address of the first listener; port 0 chooses a free port.
    pub fn listen(mut self, host: impl Into<IpAddr>, port: u16) -> Self {
        if let Some(first) = self.config.listeners.first_mut() {
            (first.host, first.port) = (host.into(), port);
        }
        self
    }

    /// Adds a listener. The first call replaces the default listener and its pool, unless that pool was changed.
    pub fn listener(mut self, listener: ListenerConfig) -> Self {
        if self.config.pools.iter().any(is_untouched) {
            self.config.listeners.clear();
            self.config.pools.retain(|pool| !is_untouched(pool));
        }
        self.config.listeners.push(listener);
        self
    }

    /// Adds a pool, for listeners to name.
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.config.pools.push(pool);
        self
    }

    /// Adds a backend to the first pool, in the syntax of the command line: `5000`, `http://localhost:5001` or
    /// `unix:/run/app.sock`, optionally followed by `,weight=2`, `,name=api` or `,id=7`. If all backends have `tcp://`
    /// addresses, the listener forwards raw TCP connections.
    pub fn backend(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }

    /// The first pool's strategy.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        if let Some(pool) = self.config.pools.first_mut() {
            pool.strategy = strategy;
        }
        self
    }

    /// The first pool's stickiness.
    pub fn sticky(mut self, by: StickyBy) -> Self {
        if let Some(pool) = self.config.pools.first_mut() {
            pool.sticky.by = by;
        }
        self
    }

    /// Binds the clients of every pool by a key that a function computes from each request, or in TCP mode from the
    /// client's address. The function must not block; see [`KeyFunction`].
    pub fn sticky_key(mut self, function: impl Fn(&Asking<'_>) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.options.sticky_key = Some(KeyFunction::new(function));
        self
    }

    /// Checks every backend with a function instead of the configured checks. It returns `Ok` with a description if the
    /// backend is healthy, or an error with the reason if it is not.
    ///
    /// It is called whenever a check is due, on the runtime that the balancer was started on, and must not block. If it
    /// takes longer than `health.timeout`, it is dropped and the check fails; it also fails if it panics.
    pub fn check<F>(mut self, function: impl Fn(Arc<Identity>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        self.options.checks.all = Some(CheckFunction::new(function));
        self
    }

    /// The same for the backend with this id only; takes precedence over [`Builder::check`].
    pub fn check_of<F>(
        mut self,
        backend: impl Into<BackendId>,
        function: impl Fn(Arc<Identity>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        self.options.checks.each.insert(backend.into(), CheckFunction::new(function));
        self
    }

    /// Asks a function whether to accept a connection, before anything is read from it; an error is the reason for
    /// refusing. It is called on the threads that serve clients and must not block.
    pub fn admission(mut self, rule: impl Fn(SocketAddr) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.options.admission = Some(Admission::new(rule));
        self
    }

    /// The number of threads that serve clients, at least 1. Default: one per processor.
    pub fn workers(mut self, threads: usize) -> Self {
        self.options.workers = Some(threads.max(1));
        self
    }

    /// Binds the listeners and starts; clients are served as soon as every backend has had its first check.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running.
    pub async fn start(mut self) -> Result<Balancer, StartError> {
        let mut problems = Vec::new();
        let mut specs: Vec<BackendSpec> = Vec::new();
        for words in &self.words {
            match words.parse() {
                Ok(spec) => specs.push(spec),
                Err(error) => problems.push(error.to_string().into()),
            }
        }
        if let Some(pool) = self.config.pools.first_mut() {
            let taken: Vec<BackendId> = pool.backends.iter().map(|b| b.id).collect();
            pool.backends.extend(BackendConfig::of_specs(&specs, taken));
        }
        self.config.follow_schemes();
        self.config.name_cookies();
        if self.options.sticky_key.is_some() {
            self.config.pools.iter_mut().for_each(|pool| pool.sticky.by = StickyBy::Custom);
        }
        problems.extend(self.config.problems());
        if !problems.is_empty() {
            return Err(StartError::Config(problems));
        }
        Balancer::start(self.config, self.options).await
    }
}

/// Whether this is a builder's default pool, unchanged.
fn is_untouched(pool: &PoolConfig) -> bool {
    *pool == PoolConfig::new(DEFAULT_POOL, Vec::new())
}
