//! What the program is told: defaults, then the file, then the command line.
//!
//! Everything here is plain data. A [`Config`] that exists is valid: it is built by [`parse`] or by
//! [`Config::new`] and the checks of [`Config::problems`], which report every problem at once and
//! repair none.

mod access;
mod address;
mod backend;
mod check;
mod document;
mod health;
mod limits;
mod problem;
mod read;
mod secret;
mod statuses;
mod sticky;
mod strategy;

pub use access::AccessConfig;
pub(crate) use address::is_local_name;
pub use address::{Address, AddressError, BackendSpec, Scheme};
pub use backend::{BackendConfig, BackendTls};
pub use check::{CheckAlgorithm, Expect, HealthCheck, Passive};
pub use limits::{Limits, RetryConfig, Timeouts};
pub use problem::{ConfigError, Problem};
pub use read::parse;
pub use secret::Secret;
pub use statuses::Statuses;
pub use sticky::{CookieConfig, SameSite, StickyBy, StickyConfig};
pub use strategy::Strategy;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::IpNet;

use backend::{default_name, free_id};

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
    /// Where to listen.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// How a backend is chosen.
    pub strategy: Strategy,
    /// The backends; the engine may start with none and be given demo backends later.
    pub backends: Vec<BackendConfig>,
    /// The checks of backends that have no settings of their own, and of demo backends.
    pub health: HealthCheck,
    /// Stickiness.
    pub sticky: StickyConfig,
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
    /// Whether an `email` section was given. It is checked, and mail is not sent by this version.
    pub email: bool,
    /// Fixes all random choices, for lessons and tests.
    pub seed: Option<u64>,
}

impl Config {
    /// A configuration with every default and these backends.
    pub fn new(backends: Vec<BackendConfig>) -> Self {
        Config {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            strategy: Strategy::default(),
            backends,
            health: HealthCheck::default(),
            sticky: StickyConfig::default(),
            retry: RetryConfig::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            hold: Duration::ZERO,
            host_header: HostHeader::default(),
            trusted_proxies: Vec::new(),
            access: AccessConfig::default(),
            email: false,
            seed: None,
        }
    }

    /// Backends from command line words such as `5000` or `localhost:5001,weight=2,name=api`.
    ///
    /// Those without an id get their position, or the next free number after it.
    pub fn from_specs(specs: &[BackendSpec]) -> Self {
        let mut taken: BTreeSet<u32> = specs.iter().filter_map(|s| s.id).collect();
        let health = HealthCheck::default();
        let backends = specs
            .iter()
            .enumerate()
            .map(|(position, spec)| {
                let id = spec.id.unwrap_or_else(|| free_id(&mut taken, position));
                BackendConfig {
                    id,
                    name: spec.name.clone().unwrap_or_else(|| default_name(&spec.address)),
                    address: spec.address.clone(),
                    weight: spec.weight.unwrap_or(1),
                    tls: BackendTls::default(),
                    owner: None,
                    health: health.clone(),
                }
            })
            .collect();
        Config::new(backends)
    }

    /// What is wrong with the whole, beyond what is wrong with its parts.
    pub fn problems(&self) -> Vec<String> {
        let cookie = self.sticky.cookie.problems().into_iter();
        cookie.chain(self.conflicts().into_iter().map(|conflict| conflict.message)).collect()
    }

    /// Backends that cannot be together, or not behind this listener.
    fn conflicts(&self) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let mut ids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (backend, config) in self.backends.iter().enumerate() {
            let BackendConfig { id, name, address, .. } = config;
            let mut conflict = |key, message| conflicts.push(Conflict { backend, key, message });
            if !ids.insert(*id) {
                conflict("id", format!("two backends have the id {id}: give each its own"));
            }
            if !names.insert(name.as_str()) {
                conflict("name", format!("two backends have the name '{name}': give each its own"));
            }
            if address.is_listener(self.host, self.port) {
                let message = format!("backend {name} at {address} is this balancer itself: give it another port");
                conflict("url", message);
            }
        }
        conflicts
    }
}

/// Something wrong with one backend beside the others.
struct Conflict {
    /// Its position.
    backend: usize,
    /// The key that is at fault.
    key: &'static str,
    message: String,
}
