//! What the program is told: defaults, then the file, then the command line.
//!
//! Everything here is plain data. A [`Config`] that exists is valid: it is built by [`parse`] or by
//! [`Config::new`] and the checks of [`Config::problems`], which report every problem at once and
//! repair none.

mod access;
mod address;
mod backend;
mod check;
mod conflict;
mod document;
mod email;
mod file;
mod health;
mod key;
mod limits;
mod listener;
mod pool;
mod problem;
mod read;
mod read_pools;
mod schema;
mod secret;
mod statuses;
mod sticky;
mod strategy;

pub use access::AccessConfig;
pub use address::{Address, AddressError, BackendSpec, Scheme};
pub(crate) use address::{is_local_name, reaches};
pub(crate) use backend::MOST_IDLE;
pub use backend::{BackendConfig, BackendLimits, BackendTls, ProxyProtocol};
pub use check::{CheckAlgorithm, Expect, HealthCheck, Passive};
pub(crate) use conflict::is_itself;
pub use email::{EmailAuth, EmailConfig, Encryption};
pub use file::read_file;
pub use key::{Asking, KeyFunction};
pub use limits::{Limits, RetryConfig, Timeouts};
pub use listener::{ListenerConfig, Mode, RouteConfig, UpgradeMatch};
pub use pool::{DEFAULT_POOL, PoolConfig};
pub use problem::{ConfigError, Problem};
pub use read::parse;
pub(crate) use read::parse_beside_copies;
pub(crate) use schema::SCHEMA;
pub use secret::Secret;
pub use statuses::Statuses;
pub use sticky::{CookieConfig, MissingKey, OnFailure, SameSite, StickyBy, StickyConfig};
pub use strategy::Strategy;

use std::time::Duration;

use ipnet::IpNet;

use conflict::conflicts;
use pool::{cookie_of, pool_name};

/// The port that is listened on unless the file or `--port` says otherwise.
pub const DEFAULT_PORT: u16 = 3001;

/// The largest weight a backend may have.
pub const MAX_WEIGHT: u32 = 1000;

/// Which `Host` a backend sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostHeader {
    /// The client's where it and the backend are both local names, the backend's own otherwise.
    #[default]
    Auto,
    /// The client's.
    Client,
    /// The backend's own, as the direct predecessor does.
    Backend,
}

/// Everything the engine is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where clients come in; at least one.
    pub listeners: Vec<ListenerConfig>,
    /// What they come in for; each with a name of its own, and each behind a listener.
    pub pools: Vec<PoolConfig>,
    /// Second tries.
    pub retry: RetryConfig,
    /// Times.
    pub timeouts: Timeouts,
    /// Limits.
    pub limits: Limits,
    /// How long a request is held while no backend is up, before the 503; zero answers at once.
    pub hold: Duration,
    /// Which `Host` a backend sees.
    pub host_header: HostHeader,
    /// Whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may come in, and how often.
    pub access: AccessConfig,
    /// How mail about backends is sent, if it is.
    pub email: Option<EmailConfig>,
    /// Started by root, the user to become when every port is open, by name or number.
    pub downgrade_to_user: Option<String>,
    /// Fixes all random choices, for lessons and tests.
    pub seed: Option<u64>,
}

impl Config {
    /// A configuration with every default: one listener, and one pool of these backends behind it.
    ///
    /// Where every backend is at a `tcp://` address, the listener passes on raw connections.
    pub fn new(backends: Vec<BackendConfig>) -> Self {
        let mut config = Config {
            listeners: vec![ListenerConfig::new(DEFAULT_POOL)],
            pools: vec![PoolConfig::new(DEFAULT_POOL, backends)],
            retry: RetryConfig::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            hold: Duration::ZERO,
            host_header: HostHeader::default(),
            trusted_proxies: Vec::new(),
            access: AccessConfig::default(),
            email: None,
            downgrade_to_user: None,
            seed: None,
        };
        config.follow_schemes();
        config
    }

    /// Where all there is are `tcp://` backends behind one listener, it passes on raw connections, which have no cookie.
    pub(crate) fn follow_schemes(&mut self) {
        if let ([listener], [pool]) = (self.listeners.as_mut_slice(), self.pools.as_mut_slice())
            && !pool.backends.is_empty()
            && pool.backends.iter().all(|backend| backend.address.scheme == Scheme::Tcp)
        {
            listener.mode = Mode::Tcp;
            if pool.sticky.by == StickyBy::default() {
                pool.sticky.by = StickyBy::Ip;
            }
        }
    }

    /// Backends from command line words such as `5000` or `localhost:5001,weight=2,name=api`.
    ///
    /// Those without an id get their position, or the next free number after it.
    pub fn from_specs(specs: &[BackendSpec]) -> Self {
        Config::new(BackendConfig::of_specs(specs, []))
    }

    /// Gives each of several pools a cookie of its own where it has the default one, as a file's pools have.
    pub(crate) fn name_cookies(&mut self) {
        let default = CookieConfig::default().name;
        if self.pools.len() > 1 {
            for pool in self.pools.iter_mut().filter(|pool| pool.sticky.cookie.name == default) {
                pool.sticky.cookie.name = cookie_of(&pool.name);
            }
        }
    }

    /// Every backend of every pool.
    pub fn backends(&self) -> impl Iterator<Item = &BackendConfig> {
        self.pools.iter().flat_map(|pool| &pool.backends)
    }

    /// What the clients of a pool speak.
    pub fn mode_of(&self, pool: &str) -> Mode {
        self.listeners.iter().find(|listener| listener.pools().any(|name| name == pool)).map_or(Mode::Http, |l| l.mode)
    }

    /// What is wrong with the whole, beyond what is wrong with its parts.
    pub fn problems(&self) -> Vec<String> {
        let cookies = self.pools.iter().flat_map(|pool| pool.sticky.cookie.problems());
        let names = self.pools.iter().filter_map(|pool| pool_name(&pool.name).err());
        cookies.chain(names).chain(conflicts(self).into_iter().map(|conflict| conflict.message)).collect()
    }
}
