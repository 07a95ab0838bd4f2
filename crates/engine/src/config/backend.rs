//! One backend as configured: an element of `backends`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::address::{Address, Scheme};
use super::backend_limits::BackendLimits;
use super::backend_spec::BackendSpec;
use super::email::owner;
use super::health::HealthCheck;
use super::keys::Keys;
use crate::api::{BackendId, CheckAlgorithm, MAX_WEIGHT};

/// TLS to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl BackendTls {
    fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("verify", "Whether the system must trust it", &mut self.verify, |n| n.boolean());
        self.server_name = keys.get("serverName", "The name it must be for; the host unless set", |n| n.string());
    }
}

/// A version of HAProxy's PROXY protocol, which tells a server whom a connection is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyProtocol {
    /// Version 1: a line of text.
    V1,
    /// Version 2: a few bytes.
    V2,
}

/// One backend as configured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BackendConfig {
    /// Unique; the value of the sticky cookie.
    pub id: BackendId,
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
    pub fn new(id: impl Into<BackendId>, name: String, address: Address) -> Self {
        BackendConfig {
            id: id.into(),
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
    pub(crate) fn of_specs(specs: &[BackendSpec], taken: impl IntoIterator<Item = BackendId>) -> Vec<Self> {
        let mut taken: BTreeSet<BackendId> = taken.into_iter().chain(specs.iter().filter_map(|spec| spec.id)).collect();
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

/// A backend as the file has it, while it is not known yet which ids others have and what its pool's clients speak.
pub(crate) struct UnfinishedBackend {
    /// Its id, where it is given one.
    pub(crate) id: Option<BackendId>,
    /// All else.
    pub(crate) backend: BackendConfig,
    /// Whether it says how it is checked, or its pool does.
    pub(crate) says_how: bool,
}

impl UnfinishedBackend {
    /// What a server of raw connections speaks is not known: that it takes one is all that can be asked.
    pub(crate) fn is_of_raw_connections(&mut self) {
        if !self.says_how {
            self.backend.health.algorithm = CheckAlgorithm::Tcp;
        }
    }
}

impl BackendConfig {
    /// Reads one of a pool's backends; `None` where it has no address.
    ///
    /// `health` is the pool's, and whether it says how to check.
    pub(crate) fn read(keys: &mut Keys<'_, '_>, (health, says_how): (&HealthCheck, bool)) -> Option<UnfinishedBackend> {
        keys.require("url", "a backend needs a 'url', such as \"http://localhost:5000\"");
        let id = keys.get("id", "Unique in the file; its position unless set. The sticky cookie's value", |n| {
            n.integer(0, u64::from(u32::MAX)).map(BackendId::new)
        });
        let name = keys.get("name", "Unique in its pool; from the address unless set", |n| {
            n.hint("minLength", 1).parsed(not_empty)
        });
        let url = "http://host:port, https://host, host:port, 5000 or unix:/path; in a TCP pool tcp://host:port";
        let address = keys.get("url", url, |n| n.hint("minLength", 1).parsed(str::parse::<Address>));
        // That the address is missing or malformed is reported already; the other keys are read all the same.
        let known = address.is_some();
        let address = address.unwrap_or_else(|| Address::local(0));
        let name = name.unwrap_or_else(|| default_name(&address));
        let mut backend = BackendConfig { health: health.clone(), ..BackendConfig::new(0, name, address) };
        backend.read_options(keys);
        let says_how = backend.health.read_own(keys) || says_how;
        known.then_some(UnfinishedBackend { id, backend, says_how })
    }

    fn read_options(&mut self, keys: &mut Keys<'_, '_>) {
        let weight = "Share of new clients relative to the others; 0 gets none";
        keys.set("weight", weight, &mut self.weight, |n| n.integer(0, u64::from(MAX_WEIGHT)));
        keys.set("backup", "Takes clients only while no other backend is up", &mut self.backup, |n| n.boolean());
        self.limits.read(keys);
        let slow_start = "How long its weight takes to grow after it was out";
        keys.set("slowStart", slow_start, &mut self.slow_start, |n| n.millis(0));
        let proxy_protocol = "Begin each connection to it with this PROXY protocol header";
        self.proxy_protocol = keys.get("proxyProtocol", proxy_protocol, |n| {
            n.one_of(&[("v1", ProxyProtocol::V1), ("v2", ProxyProtocol::V2)])
        });
        self.owner = keys.get("owner", "Whom mail about it goes to: an address, or several with commas", owner);
        keys.section("tls", "How an https backend's certificate is judged", &mut self.tls, BackendTls::read);
    }
}

fn not_empty(name: &str) -> Result<String, &'static str> {
    if name.is_empty() { Err("must not be empty") } else { Ok(name.to_owned()) }
}

/// The smallest number from `position` up that no backend has yet; takes it.
pub(crate) fn free_id(taken: &mut BTreeSet<BackendId>, position: usize) -> BackendId {
    let mut id = u32::try_from(position).unwrap_or(u32::MAX);
    while !taken.insert(id.into()) {
        id += 1;
    }
    id.into()
}

/// A name for a backend that was given none: what tells it from its neighbours.
pub(crate) fn default_name(address: &Address) -> String {
    if address.is_local() { address.short() } else { address.to_string() }
}
