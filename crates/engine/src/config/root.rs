//! The whole configuration, and its keys that stand in no section.

use ipnet::IpNet;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::access::{AccessConfig, networks};
use super::address::Scheme;
use super::alert::{AlertConfig, alerts};
use super::backend::BackendConfig;
use super::backend_spec::BackendSpec;
use super::cookie::CookieConfig;
use super::email::{EmailConfig, email};
use super::keys::Keys;
use super::limits::Limits;
use super::listener::ListenerConfig;
use super::listeners_and_pools::listeners_and_pools;
use super::local_name::bare_host;
use super::locations::Locations;
use super::node::Node;
use super::pool::{DEFAULT_POOL, PoolConfig, cookie_of};
use super::retry::RetryConfig;
use super::timeouts::Timeouts;
use super::written::Named;
use crate::api::{HostHeader, Mode, StickyBy};

/// Everything a balancer is told.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Where clients connect; at least one.
    pub listeners: Vec<ListenerConfig>,
    /// Which backends answer them; each pool with a name of its own, and each behind a listener.
    pub pools: Vec<PoolConfig>,
    /// When a request is tried again.
    pub retry: RetryConfig,
    /// How long each wait may take.
    pub timeouts: Timeouts,
    /// How much clients may use.
    pub limits: Limits,
    /// How long a request is held while no backend is up, before the 503; zero answers at once.
    pub hold: Duration,
    /// Which `Host` a backend sees.
    pub host_header: HostHeader,
    /// The proxies whose `X-Forwarded-*` fields are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may connect, and how often.
    pub access: AccessConfig,
    /// How mail about backends is sent, if it is.
    pub email: Option<EmailConfig>,
    /// The thresholds that are watched.
    pub alerts: Vec<AlertConfig>,
    /// Started by root, the user to become when every port is open, by name or number.
    pub downgrade_to_user: Option<String>,
    /// Whether backends may have faults where a listener can be reached from another machine.
    pub chaos: bool,
    /// Makes all random choices repeat from run to run, for lessons and tests.
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
            alerts: Vec::new(),
            downgrade_to_user: None,
            chaos: false,
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

    /// The position of the listener that leads to pools by their names: the first that speaks HTTP.
    pub fn named_listener(&self) -> Option<usize> {
        self.listeners.iter().position(|listener| listener.mode == Mode::Http)
    }

    /// Whether a host, without port, is a name of a pool. A dot at its end and capitals are no matter.
    pub(crate) fn has_name(&self, host: &str) -> bool {
        let host = bare_host(host);
        self.pools.iter().flat_map(|pool| &pool.names).any(|name| name.eq_ignore_ascii_case(host))
    }

    /// Whether a listener on 127.0.0.1 listens on `::1` as well, where browsers look for `localhost` first: unless another
    /// listener has that address.
    pub(crate) fn is_on_both_loopbacks(&self, listener: &ListenerConfig) -> bool {
        let has_it = |other: &ListenerConfig| {
            let is_there = other.host == Ipv6Addr::LOCALHOST || other.host == Ipv6Addr::UNSPECIFIED;
            is_there && other.port == listener.port && other.port != 0
        };
        listener.host == Ipv4Addr::LOCALHOST && !self.listeners.iter().any(has_it)
    }

    /// Reads the whole file.
    pub(crate) fn read(keys: &mut Keys<'_, '_>, locations: &mut Locations) -> Config {
        let mut config = Config::new(Vec::new());
        keys.get("$schema", "Where this schema is, for editors", |n| {
            n.hint("type", "string");
            None::<()>
        });
        (config.listeners, config.pools) = listeners_and_pools(keys, locations);
        config.read_sections(keys);
        let described = "Thresholds to watch: \"p95>500ms for=10s\", or an object that says how it is told, too";
        config.alerts = keys.get("alerts", described, |n| alerts(n, locations)).unwrap_or_default();
        config
    }

    fn read_sections(&mut self, keys: &mut Keys<'_, '_>) {
        keys.section("retry", "When a request is tried again on another backend", &mut self.retry, RetryConfig::read);
        keys.section("timeouts", "How long each wait may take", &mut self.timeouts, Timeouts::read);
        keys.section("limits", "How much clients may use", &mut self.limits, Limits::read);
        let hold = "How long a request waits while no backend is up, before the 503";
        keys.set("hold", hold, &mut self.hold, |n| n.millis(0));
        let host_header =
            "The Host a backend sees; auto is the client's where both are local names, else the backend's";
        keys.set("hostHeader", host_header, &mut self.host_header, |n| n.one_of(HostHeader::NAMES));
        let user_described = "Started by root, the user to become when every port is open, by name or number";
        self.downgrade_to_user = keys.get("downgradeToUser", user_described, |n| n.or_null(user));
        let trusted = "Networks whose X-Forwarded-* and Forwarded are believed";
        keys.set("trustedProxies", trusted, &mut self.trusted_proxies, networks);
        keys.section("access", "Who may connect, and how often", &mut self.access, AccessConfig::read);
        let chaos = "Whether faults are allowed where a listener can be reached from another machine";
        keys.set("chaos", chaos, &mut self.chaos, |n| n.boolean());
        let email_described = "How mail about backends is sent; absent is not at all";
        self.email = keys.get("email", email_described, |n| n.or_null(|n| n.object(email))).flatten();
    }
}

/// A user of this machine, by name or number. Whether there is one is known where the program runs.
fn user(n: Node<'_, '_>) -> Option<String> {
    n.hint("type", json!(["string", "integer"])).hint("minLength", 1).hint("minimum", 0).hint("maximum", u32::MAX);
    let named = match n.json() {
        Value::String(name) => Some(name).filter(|name| !name.is_empty()),
        other => other.as_u64().and_then(|id| u32::try_from(id).ok()).map(|id| id.to_string()),
    };
    named.or_else(|| n.wrong("must be a user's name, such as \"nobody\", or number"))
}
