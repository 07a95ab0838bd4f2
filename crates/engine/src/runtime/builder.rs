//! Building a balancer in an embedding program, one setting after the other.

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

/// A balancer in the making. Everything that is wrong with it is told together, by [`Builder::start`].
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    config: Config,
    options: Options,
    /// Backends in words, which are read at the start.
    words: Vec<String>,
}

impl Balancer {
    /// A balancer with one listener, on a free port of this machine, and one pool without backends yet.
    pub fn builder() -> Builder {
        let mut config = Config::new(Vec::new());
        config.listeners[0].port = 0;
        Builder { config, options: Options::default(), words: Vec::new() }
    }
}

impl Builder {
    /// Takes everything from a configuration, such as a file's; what was set before is gone.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where the first listener listens; port 0 takes a free one.
    pub fn listen(mut self, host: impl Into<IpAddr>, port: u16) -> Self {
        if let Some(first) = self.config.listeners.first_mut() {
            (first.host, first.port) = (host.into(), port);
        }
        self
    }

    /// One more listener. The first call replaces the one that was there by itself, and its pool.
    pub fn listener(mut self, listener: ListenerConfig) -> Self {
        if self.config.pools.iter().any(is_untouched) {
            self.config.listeners.clear();
            self.config.pools.retain(|pool| !is_untouched(pool));
        }
        self.config.listeners.push(listener);
        self
    }

    /// One more pool, for a listener to lead to.
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.config.pools.push(pool);
        self
    }

    /// One more backend of the first pool, as on the command line: `5000`, `http://localhost:5001`,
    /// `unix:/run/app.sock`, then perhaps `,weight=2`, `,name=api`, `,id=7`. Where all are at `tcp://` addresses, the listener
    /// passes on raw connections.
    pub fn backend(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }

    /// How the first pool's backends are chosen.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        if let Some(pool) = self.config.pools.first_mut() {
            pool.strategy = strategy;
        }
        self
    }

    /// What binds the first pool's clients to their backends.
    pub fn sticky(mut self, by: StickyBy) -> Self {
        if let Some(pool) = self.config.pools.first_mut() {
            pool.sticky.by = by;
        }
        self
    }

    /// Binds the clients of every pool by a key that a function makes of each request, in TCP mode of the client's address.
    pub fn sticky_key(mut self, function: impl Fn(&Asking<'_>) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        self.options.sticky_key = Some(KeyFunction::new(function));
        self
    }

    /// Checks every backend by a function, in place of the configured checks: `Ok` with what it found where the backend
    /// is well, an error with the reason where it is not.
    ///
    /// It is asked when a check is due, on the runtime the balancer was started on, and must not block. After
    /// `health.timeout` it is dropped, and the check has failed; so it has where it panics.
    pub fn check<F>(mut self, function: impl Fn(Arc<Identity>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        self.options.checks.all = Some(CheckFunction::new(function));
        self
    }

    /// The same for the backend with this id alone; it comes before the one for all.
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

    /// Asks a function whether a connection may come in, before anything is read from it: an error is the reason it may
    /// not for. It is called on the threads that serve clients and must not block.
    pub fn admission(mut self, rule: impl Fn(SocketAddr) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.options.admission = Some(Admission::new(rule));
        self
    }

    /// Threads that serve clients; one for each processor unless set.
    pub fn workers(mut self, threads: usize) -> Self {
        self.options.workers = Some(threads.max(1));
        self
    }

    /// Binds the listeners and begins; clients are served as soon as every backend has had its first check.
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
            self.config.pools.iter_mut().for_each(|pool| pool.sticky.by = StickyBy::Own);
        }
        problems.extend(self.config.problems());
        if !problems.is_empty() {
            return Err(StartError::Config(problems));
        }
        Balancer::start(self.config, self.options).await
    }
}

/// Whether this is the pool a builder begins with, and nobody has put anything in it.
fn is_untouched(pool: &PoolConfig) -> bool {
    *pool == PoolConfig::new(DEFAULT_POOL, Vec::new())
}
