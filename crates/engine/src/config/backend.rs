//! One backend as configured.

use std::collections::BTreeSet;
use std::time::Duration;

use super::address::{Address, BackendSpec, Scheme};
use super::check::{CheckAlgorithm, HealthCheck};

/// TLS to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendTls {
    /// Whether its certificate must be one the system trusts.
    pub verify: bool,
    /// The name its certificate must be for; the host unless set.
    pub server_name: Option<String>,
}

impl Default for BackendTls {
    fn default() -> Self {
        BackendTls { verify: true, server_name: None }
    }
}

/// A version of the PROXY protocol, which tells a server whom a connection is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// A line of text.
    V1,
    /// A few bytes.
    V2,
}

/// Idle connections that are kept for one backend: what `minIdle` may ask for. More are not worth their memory.
pub(crate) const MOST_IDLE: u32 = 256;

/// How much one backend takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendLimits {
    /// Requests and tunnels at one time, each on a connection of its own, idle ones included; checks are beside it. 0 is no
    /// limit.
    pub max_connections: u32,
    /// Requests that may wait for one of them; 429 beyond.
    pub max_queue: u32,
    /// How long one may wait, before the 503.
    pub queue_timeout: Duration,
    /// Idle connections kept open and ready, up to 256.
    pub min_idle: u32,
    /// How long a connection may lie idle. Below the 5 s after which Node closes one, so that the balancer is the one
    /// to close.
    pub idle_timeout: Duration,
}

impl Default for BackendLimits {
    fn default() -> Self {
        BackendLimits {
            max_connections: 0,
            max_queue: 0,
            queue_timeout: Duration::from_secs(5),
            min_idle: 0,
            idle_timeout: Duration::from_secs(4),
        }
    }
}

/// One backend as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendConfig {
    /// Unique; the value of the sticky cookie.
    pub id: u32,
    /// Short name for the screen and the log.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Share of new clients relative to the others; 0 gives it none, as if drained.
    pub weight: u32,
    /// Takes clients only while no other backend is up.
    pub backup: bool,
    /// Time over which its weight grows to its own after a recovery; zero is at once.
    pub slow_start: Duration,
    /// How much it takes.
    pub limits: BackendLimits,
    /// How its certificate is judged, where it is spoken to over TLS.
    pub tls: BackendTls,
    /// Which PROXY protocol header stands before the bytes of each connection to it.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Whom mail about this backend goes to: an address, or several with commas between them.
    pub owner: Option<String>,
    /// How it is checked.
    pub health: HealthCheck,
}

impl BackendConfig {
    /// A backend with every default.
    pub fn new(id: u32, name: String, address: Address) -> Self {
        BackendConfig {
            id,
            name,
            address,
            weight: 1,
            backup: false,
            slow_start: Duration::ZERO,
            limits: BackendLimits::default(),
            tls: BackendTls::default(),
            proxy_protocol: None,
            owner: None,
            health: HealthCheck::default(),
        }
    }

    /// Backends from command line words, beside those that have the ids in `taken`.
    pub(crate) fn of_specs(specs: &[BackendSpec], taken: impl IntoIterator<Item = u32>) -> Vec<Self> {
        let mut taken: BTreeSet<u32> = taken.into_iter().chain(specs.iter().filter_map(|spec| spec.id)).collect();
        let backend = |(position, spec): (usize, &BackendSpec)| {
            let tcp = spec.address.scheme == Scheme::Tcp;
            let algorithm = if tcp { CheckAlgorithm::Tcp } else { CheckAlgorithm::default() };
            let id = spec.id.unwrap_or_else(|| free_id(&mut taken, position));
            let name = spec.name.clone().unwrap_or_else(|| default_name(&spec.address));
            let health = HealthCheck { algorithm, ..HealthCheck::default() };
            let backend = BackendConfig::new(id, name, spec.address.clone());
            BackendConfig { weight: spec.weight.unwrap_or(backend.weight), health, ..backend }
        };
        specs.iter().enumerate().map(backend).collect()
    }
}

/// The smallest number from `position` up that no backend has yet; takes it.
pub(crate) fn free_id(taken: &mut BTreeSet<u32>, position: usize) -> u32 {
    let mut id = u32::try_from(position).unwrap_or(u32::MAX);
    while !taken.insert(id) {
        id += 1;
    }
    id
}

/// A name for a backend that was given none: what tells it from its neighbours.
pub(crate) fn default_name(address: &Address) -> String {
    if address.is_local() { address.short() } else { address.to_string() }
}
