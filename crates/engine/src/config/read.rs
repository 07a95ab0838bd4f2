//! The configuration file's keys; docs/configuration.md tells what they mean.

use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::access::AccessConfig;
use super::address::{Address, Scheme};
use super::backend::{BackendConfig, BackendLimits, MOST_IDLE, ProxyProtocol, default_name, free_id};
use super::check::{CheckAlgorithm, HealthCheck};
use super::conflict::{At, conflicts};
use super::document::{Document, Keys, Node, Place};
use super::email::{email, owner};
use super::health::{health, overrides};
use super::limits::{Limits, RetryConfig, Timeouts};
use super::pool::PoolConfig;
use super::problem::{ConfigError, Problem};
use super::read_pools::listeners_and_pools;
use super::sticky::{CookieConfig, MissingKey, OnFailure, SameSite, StickyConfig, cookie_attribute, cookie_name};
use super::{Config, HostHeader, MAX_WEIGHT};
use crate::api::StickyBy;

/// Reads a configuration file's bytes; `path` is only for the messages.
///
/// # Errors
/// [`ConfigError::Invalid`] with every problem of the file, in its order.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Config, ConfigError> {
    read(bytes, Places::default()).map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

/// Like [`parse`], for a balancer that starts backends of its own: the file need not name any.
///
/// # Errors
/// As of [`parse`].
pub fn parse_beside_copies(path: &Path, bytes: &[u8]) -> Result<Config, ConfigError> {
    let places = Places { without_backends: true, ..Places::default() };
    read(bytes, places).map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
}

fn read(bytes: &[u8], mut places: Places) -> Result<Config, Vec<Problem>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let document = Document::new(&good);
            document.problem(good.len(), "", "not UTF-8: save the file as UTF-8".to_owned());
            return Err(document.into_problems());
        }
    };
    let document = Document::new(text.strip_prefix('\u{feff}').unwrap_or(text));
    let value = document.parse();
    let config = value.as_ref().and_then(|value| whole(Node::new(&document, value, ""), &mut places));
    if let Some(config) = &config {
        for conflict in conflicts(config) {
            if let Some(Place { at, path }) = places.of(conflict.at) {
                document.problem(*at, path, conflict.message);
            }
        }
    }
    let problems = document.into_problems();
    config.filter(|_| problems.is_empty()).ok_or(problems)
}

/// Where the values stand that may be at odds with others.
#[derive(Default)]
pub(crate) struct Places {
    noted: Vec<(At, Place)>,
    /// Whether a pool may have no backends.
    without_backends: bool,
}

impl Places {
    pub(crate) fn note(&mut self, at: At, place: Place) {
        self.noted.push((at, place));
    }

    fn of(&self, at: At) -> Option<&Place> {
        self.noted.iter().find(|(noted, _)| *noted == at).map(|(_, place)| place)
    }
}

/// Reads the whole file.
pub(crate) fn whole(n: Node<'_, '_>, places: &mut Places) -> Option<Config> {
    n.object(|keys| config(keys, places))
}

fn config(keys: &mut Keys<'_, '_>, places: &mut Places) -> Config {
    let mut config = Config::new(Vec::new());
    (config.listeners, config.pools) = listeners_and_pools(keys, places);
    keys.set("retry", &mut config.retry, |n| n.object(retry));
    keys.set("timeouts", &mut config.timeouts, |n| n.object(timeouts));
    keys.set("limits", &mut config.limits, |n| n.object(limits));
    keys.set("hold", &mut config.hold, |n| n.millis(0));
    keys.set("hostHeader", &mut config.host_header, |n| {
        n.one_of(&[("auto", HostHeader::Auto), ("client", HostHeader::Client), ("backend", HostHeader::Backend)])
    });
    keys.get("trustedProxies", |n| n.each(|n| config.trusted_proxies.extend(n.parsed(network))));
    keys.set("access", &mut config.access, |n| n.object(access));
    config.email = keys.get("email", |n| if n.is_null() { None } else { n.object(email) }).flatten();
    config.downgrade_to_user = keys.get("downgradeToUser", |n| if n.is_null() { None } else { user(n) });
    config
}

/// A pool's backends, each with its id where it is given one.
pub(crate) type Unnumbered = Vec<(Option<u32>, BackendConfig)>;

/// The keys that every pool has, whether it is the only one or not; its backends are yet to be numbered.
pub(crate) fn pool(keys: &mut Keys<'_, '_>, pool: &mut PoolConfig, number: usize, places: &mut Places) -> Unnumbered {
    keys.set("strategy", &mut pool.strategy, |n| n.parsed(str::parse));
    let mut says_how = false;
    keys.set("health", &mut pool.health, |n| {
        n.object(|keys| {
            says_how =
                ["algorithm", "path", "method", "headers", "expect", "command", "agent"].iter().any(|k| keys.has(k));
            health(keys)
        })
    });
    let backends = backends(keys, (&pool.health, says_how), number, places);
    let default = pool.sticky.clone();
    keys.set("sticky", &mut pool.sticky, |n| n.object(|keys| sticky(keys, &default)));
    places.note(At::Sticky(number), keys.place_of("sticky"));
    backends
}

/// `health` is the pool's, and whether it says how to check.
fn backends(keys: &mut Keys<'_, '_>, health: (&HealthCheck, bool), number: usize, places: &mut Places) -> Unnumbered {
    const EMPTY: &str = "'backends' must be a non-empty array in config.";
    if !keys.has("backends") && !places.without_backends {
        keys.wrong::<()>(EMPTY);
    }
    let mut read: Unnumbered = Vec::new();
    keys.get("backends", |n| {
        let count = n.each(|n| {
            let found = n.object(|keys| {
                let backend = backend(keys, health)?;
                Some((backend, ["id", "name", "url"].map(|key| (key, keys.place_of(key)))))
            });
            if let Some(Some((backend, keys))) = found {
                for (key, place) in keys {
                    places.note(At::Backend(number, read.len(), key), place);
                }
                read.push(backend);
            }
        })?;
        if count == 0 && !places.without_backends { n.wrong(EMPTY) } else { Some(count) }
    });
    read
}

/// Gives the backends of all pools that have no id their position over the whole file, or the next free number.
pub(crate) fn numbered(pools: Vec<(PoolConfig, Unnumbered)>) -> Vec<PoolConfig> {
    let mut taken: BTreeSet<u32> = pools.iter().flat_map(|(_, backends)| backends).filter_map(|(id, _)| *id).collect();
    let mut position = 0;
    pools
        .into_iter()
        .map(|(mut pool, backends)| {
            for (id, mut backend) in backends {
                backend.id = id.unwrap_or_else(|| free_id(&mut taken, position));
                position += 1;
                pool.backends.push(backend);
            }
            pool
        })
        .collect()
}

fn backend(keys: &mut Keys<'_, '_>, (health, says_how): (&HealthCheck, bool)) -> Option<(Option<u32>, BackendConfig)> {
    if !keys.has("url") {
        keys.wrong::<()>("a backend needs a 'url', such as \"http://localhost:5000\"");
    }
    let id = keys.get("id", |n| n.integer(0, u64::from(u32::MAX)).and_then(|id| u32::try_from(id).ok()));
    let name = keys
        .get("name", |n| n.parsed(|name| if name.is_empty() { Err("must not be empty") } else { Ok(name.to_owned()) }));
    let address = keys.get("url", |n| n.parsed(str::parse::<Address>));
    // A backend without an address has been complained of; its other keys are looked at all the same.
    let known = address.is_some();
    let address = address.unwrap_or_else(|| Address::local(0));
    let name = name.unwrap_or_else(|| default_name(&address));
    let mut backend = BackendConfig { health: health.clone(), ..BackendConfig::new(0, name, address) };
    keys.set("weight", &mut backend.weight, |n| {
        n.integer(0, u64::from(MAX_WEIGHT)).and_then(|weight| u32::try_from(weight).ok())
    });
    keys.set("backup", &mut backend.backup, |n| n.boolean());
    keys.set("slowStart", &mut backend.slow_start, |n| n.millis(0));
    backend.proxy_protocol =
        keys.get("proxyProtocol", |n| n.one_of(&[("v1", ProxyProtocol::V1), ("v2", ProxyProtocol::V2)]));
    backend_limits(keys, &mut backend.limits);
    backend.owner = keys.get("owner", owner);
    overrides(keys, &mut backend.health);
    let tls = &mut backend.tls;
    keys.get("tls", |n| {
        n.object(|keys| {
            keys.set("verify", &mut tls.verify, |n| n.boolean());
            tls.server_name = keys.get("serverName", |n| n.string());
        })
    });
    let own = ["healthAlgorithm", "healthPath", "healthMethod", "healthHeaders", "healthExpect", "healthCommand"];
    if backend.address.scheme == Scheme::Tcp && !says_how && !own.iter().any(|key| keys.has(key)) {
        // What it speaks is not known: that it takes a connection is all that can be asked.
        backend.health.algorithm = CheckAlgorithm::Tcp;
    }
    known.then_some((id, backend))
}

fn backend_limits(keys: &mut Keys<'_, '_>, limits: &mut BackendLimits) {
    let count = |n: Node<'_, '_>| n.integer(0, 1_000_000).and_then(|count| u32::try_from(count).ok());
    keys.set("maxConnections", &mut limits.max_connections, count);
    let unlimited = limits.max_connections == 0;
    keys.set("maxQueue", &mut limits.max_queue, |n| match count(n)? {
        1.. if unlimited => n.wrong("nobody waits without a limit: set 'maxConnections'"),
        count => Some(count),
    });
    keys.set("minIdle", &mut limits.min_idle, |n| {
        let count = n.integer(0, u64::from(MOST_IDLE)).and_then(|count| u32::try_from(count).ok())?;
        if !unlimited && count > limits.max_connections {
            return n.wrong(format!("is more than 'maxConnections', {}", limits.max_connections));
        }
        Some(count)
    });
    keys.set("queueTimeout", &mut limits.queue_timeout, |n| n.millis(1));
    keys.set("idleTimeout", &mut limits.idle_timeout, |n| n.millis(1));
}

fn sticky(keys: &mut Keys<'_, '_>, default: &StickyConfig) -> StickyConfig {
    let mut sticky = default.clone();
    keys.set("by", &mut sticky.by, |n| n.parsed(str::parse::<StickyBy>));
    keys.set("expiry", &mut sticky.expiry, |n| n.millis(0));
    keys.set("cookie", &mut sticky.cookie, |n| n.object(|keys| cookie(keys, &default.cookie)));
    keys.set("missing", &mut sticky.missing, |n| {
        n.one_of(&[("balance", MissingKey::Balance), ("fixed", MissingKey::Fixed)])
    });
    keys.set("onFailure", &mut sticky.on_failure, |n| {
        n.one_of(&[("switch", OnFailure::Switch), ("fail", OnFailure::Fail)])
    });
    sticky
}

fn cookie(keys: &mut Keys<'_, '_>, default: &CookieConfig) -> CookieConfig {
    let mut cookie = default.clone();
    keys.set("name", &mut cookie.name, |n| n.parsed(|name| cookie_name(name).map(|()| name.to_owned())));
    cookie.max_age = keys.get("maxAge", |n| n.integer(0, u64::from(u32::MAX)));
    keys.set("sameSite", &mut cookie.same_site, |n| {
        n.one_of(&[("Lax", SameSite::Lax), ("Strict", SameSite::Strict), ("None", SameSite::None)])
    });
    cookie.secure =
        keys.get("secure", |n| if n.value_is_string() { n.one_of(&[("auto", None)]).flatten() } else { n.boolean() });
    if cookie.same_site == SameSite::None && cookie.secure != Some(true) {
        keys.wrong::<()>("browsers drop a cookie with sameSite None that is not secure: set 'secure' to true");
    }
    keys.set("path", &mut cookie.path, |n| n.parsed(|value| cookie_attribute(value).map(|()| value.to_owned())));
    cookie.domain = keys.get("domain", |n| n.parsed(|value| cookie_attribute(value).map(|()| value.to_owned())));
    cookie
}

fn retry(keys: &mut Keys<'_, '_>) -> RetryConfig {
    let mut retry = RetryConfig::default();
    keys.set("attempts", &mut retry.attempts, |n| n.integer(1, 100).and_then(|v| u32::try_from(v).ok()));
    keys.set("bodyLimit", &mut retry.body_limit, |n| n.integer(0, 1 << 30).and_then(|v| usize::try_from(v).ok()));
    keys.set("budgetPercent", &mut retry.budget_percent, |n| n.integer(0, 100).and_then(|v| u32::try_from(v).ok()));
    keys.get("on", |n| {
        (retry.on_connect, retry.on_no_response) = (false, false);
        n.each(|n| {
            if n.value_is_string() {
                match n.one_of(&[("connect", true), ("no-response", false)]) {
                    Some(true) => retry.on_connect = true,
                    Some(false) => retry.on_no_response = true,
                    None => {}
                }
            } else {
                retry.statuses.extend(n.integer(400, 599).and_then(|status| u16::try_from(status).ok()));
            }
        })
    });
    retry
}

fn timeouts(keys: &mut Keys<'_, '_>) -> Timeouts {
    let mut timeouts = Timeouts::default();
    keys.set("connect", &mut timeouts.connect, |n| n.millis(1));
    keys.set("requestHeaders", &mut timeouts.request_headers, |n| n.millis(1));
    keys.set("response", &mut timeouts.response, |n| n.millis(1));
    keys.set("idle", &mut timeouts.idle, |n| n.millis(1));
    keys.set("tunnelIdle", &mut timeouts.tunnel_idle, |n| n.millis(0));
    keys.set("shutdown", &mut timeouts.shutdown, |n| n.millis(0));
    timeouts
}

fn limits(keys: &mut Keys<'_, '_>) -> Limits {
    let mut limits = Limits::default();
    let size = |n: Node<'_, '_>, least, most| n.integer(least, most).and_then(|v| usize::try_from(v).ok());
    keys.set("connections", &mut limits.connections, |n| size(n, 1, 1_000_000));
    keys.set("headerBytes", &mut limits.header_bytes, |n| size(n, 8192, 1 << 20));
    keys.set("headers", &mut limits.headers, |n| size(n, 1, 10_000));
    keys.set("bodyBytes", &mut limits.body_bytes, |n| n.integer(0, u64::MAX));
    limits
}

fn access(keys: &mut Keys<'_, '_>) -> AccessConfig {
    let mut access = AccessConfig::default();
    let count = |n: Node<'_, '_>| n.integer(0, 1_000_000).and_then(|v| u32::try_from(v).ok());
    keys.get("allow", |n| n.each(|n| access.allow.extend(n.parsed(network))));
    keys.get("deny", |n| n.each(|n| access.deny.extend(n.parsed(network))));
    keys.set("connectionsPerIp", &mut access.connections_per_ip, count);
    keys.set("requestsPerSecondPerIp", &mut access.requests_per_second_per_ip, count);
    access
}

/// A user of this machine, by name or number. Whether there is one is known where the program runs.
fn user(n: Node<'_, '_>) -> Option<String> {
    let named = match n.json() {
        serde_json::Value::String(name) => Some(name).filter(|name| !name.is_empty()),
        other => other.as_u64().and_then(|id| u32::try_from(id).ok()).map(|id| id.to_string()),
    };
    named.or_else(|| n.wrong("must be a user's name, such as \"nobody\", or number"))
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one()).map_err(|_| format!("'{text}' is not a network: write 10.0.0.0/8 or 127.0.0.1"))
}
