//! The keys that say where clients connect and which backends answer them: `listeners` and `pools`, or the flat form,
//! which is one of each.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::address::Scheme;
use super::backend::{UnfinishedBackend, free_id};
use super::keys::Keys;
use super::listener::ListenerConfig;
use super::locations::{At, Locations};
use super::node::Node;
use super::pool::{DEFAULT_POOL, NO_BACKENDS, PoolConfig, UnfinishedPool, cookie_of, pool_name};
use super::tls::TlsConfig;
use crate::api::{BackendId, Mode, StickyBy};

/// The keys of the flat form, and where each belongs in the other.
const OF_LISTENERS: [&str; 2] = ["port", "host"];

pub(crate) const OF_POOLS: [&str; 5] = ["strategy", "backends", "health", "sticky", "names"];

/// The keys of the form that has several of either.
const OF_SEVERAL: [&str; 2] = ["listeners", "pools"];

pub(crate) fn listeners_and_pools(
    keys: &mut Keys<'_, '_>,
    locations: &mut Locations,
) -> (Vec<ListenerConfig>, Vec<PoolConfig>) {
    let described = "Whether clients speak TLS: true makes certificates as they are asked for";
    let mut tls = None;
    keys.get("tls", described, |n| TlsConfig::read(n, &mut tls));
    if keys.describes() {
        keys.hint("oneOf", forms());
        let _ = flat(keys, None, locations);
    }
    let (mut listeners, mut pools) = if keys.describes() || OF_SEVERAL.iter().any(|key| keys.has(key)) {
        several(keys, tls.as_ref(), locations)
    } else {
        flat(keys, tls, locations)
    };
    if let [only] = pools.as_slice() {
        // There is nothing to choose.
        for listener in &mut listeners {
            listener.pool.get_or_insert_with(|| only.pool.name.clone());
        }
    }
    for UnfinishedPool { pool, backends, says_by } in &mut pools {
        if listeners.iter().any(|l| l.mode == Mode::Tcp && l.pools().any(|name| name == pool.name)) {
            if !*says_by {
                // Raw connections have no cookie.
                pool.sticky.by = StickyBy::Ip;
            }
            backends.iter_mut().for_each(UnfinishedBackend::is_of_raw_connections);
        }
    }
    (listeners, numbered(pools))
}

/// What the schema says of the two forms: each has keys that it needs, and none of the other's.
fn forms() -> Value {
    let required = |key: &&str| json!({ "required": [key] });
    let without = |keys: &[&str]| json!({ "anyOf": keys.iter().map(required).collect::<Vec<_>>() });
    json!([
        { "required": ["port", "backends"], "not": without(&OF_SEVERAL) },
        { "required": OF_SEVERAL, "not": without(&[OF_LISTENERS.as_slice(), &OF_POOLS].concat()) },
    ])
}

fn flat(
    keys: &mut Keys<'_, '_>,
    tls: Option<TlsConfig>,
    locations: &mut Locations,
) -> (Vec<ListenerConfig>, Vec<UnfinishedPool>) {
    keys.know(&OF_SEVERAL);
    let mut listener = ListenerConfig { tls, ..ListenerConfig::new(DEFAULT_POOL) };
    if !keys.has("port") {
        keys.wrong::<()>("'port' is required in config.");
    }
    if !keys.has("backends") && !locations.backends_optional {
        keys.wrong::<()>(NO_BACKENDS);
    }
    listener.read_address(keys);
    let mut only = UnfinishedPool::empty(PoolConfig::new(DEFAULT_POOL, Vec::new()));
    only.read(keys, 0, locations);
    if !only.backends.is_empty() && only.backends.iter().all(|read| read.backend.address.scheme == Scheme::Tcp) {
        listener.mode = Mode::Tcp;
    }
    (vec![listener], vec![only])
}

fn several(
    keys: &mut Keys<'_, '_>,
    tls: Option<&TlsConfig>,
    locations: &mut Locations,
) -> (Vec<ListenerConfig>, Vec<UnfinishedPool>) {
    for (flat, home) in OF_LISTENERS.map(|key| (key, "listeners")).into_iter().chain(OF_POOLS.map(|key| (key, "pools")))
    {
        let message = format!("does not go with 'listeners' and 'pools': write it in each of the {home} it is for");
        keys.refuse(flat, message);
    }
    for (key, example) in [
        ("listeners", "[{\"port\": 3001, \"pool\": \"web\"}]"),
        ("pools", "{\"web\": {\"backends\": [{\"url\": \"http://localhost:5000\"}]}}"),
    ] {
        if !keys.has(key) {
            keys.wrong::<()>(&format!("'listeners' and 'pools' go together: write \"{key}\": {example}"));
        }
    }
    let described = "With pools, in place of port and host: where clients connect";
    let listeners =
        keys.get("listeners", described, |n| listeners(n.hint("minItems", 1), tls, locations)).unwrap_or_default();
    let described = "With listeners, in place of strategy, backends, health and sticky: groups of servers by name";
    let pools = keys.get("pools", described, |n| pools(n.hint("minProperties", 1), locations)).unwrap_or_default();
    (listeners, pools)
}

fn listeners(n: Node<'_, '_>, tls: Option<&TlsConfig>, locations: &mut Locations) -> Option<Vec<ListenerConfig>> {
    let mut listeners = Vec::new();
    let count = n.each(|n| {
        let mut listener = ListenerConfig { tls: tls.cloned(), ..ListenerConfig::without_pool() };
        let n = n.hint("description", "Where clients connect");
        if n.object(|keys| listener.read(keys, listeners.len(), locations)).is_some() {
            listeners.push(listener);
        }
    })?;
    if count == 0 {
        return n.wrong("needs at least one listener, such as {\"port\": 3001, \"pool\": \"web\"}");
    }
    Some(listeners)
}

fn pools(n: Node<'_, '_>, locations: &mut Locations) -> Option<Vec<UnfinishedPool>> {
    let mut pools: Vec<UnfinishedPool> = Vec::new();
    n.pairs(|name, n| {
        if let Err(message) = pool_name(name) {
            n.wrong::<()>(message);
        }
        if pools.iter().any(|read| read.pool.name == name) {
            n.wrong::<()>("is written twice: leave one");
            return;
        }
        locations.note(At::Pool(pools.len()), n.place());
        let mut read = UnfinishedPool::empty(PoolConfig::new(name, Vec::new()));
        read.pool.sticky.cookie.name = cookie_of(name);
        n.hint("description", "One group of servers").object(|keys| {
            if !locations.backends_optional {
                keys.require("backends", NO_BACKENDS);
            }
            read.read(keys, pools.len(), locations);
        });
        pools.push(read);
    })?;
    if pools.is_empty() { n.wrong("needs at least one pool") } else { Some(pools) }
}

/// Gives the backends of all pools that have no id their position over the whole file, or the next free number.
fn numbered(pools: Vec<UnfinishedPool>) -> Vec<PoolConfig> {
    let ids = pools.iter().flat_map(|read| &read.backends).filter_map(|read| read.id);
    let mut taken: BTreeSet<BackendId> = ids.collect();
    let mut position = 0;
    let finished = |UnfinishedPool { mut pool, backends, .. }: UnfinishedPool| {
        for UnfinishedBackend { id, mut backend, .. } in backends {
            backend.id = id.unwrap_or_else(|| free_id(&mut taken, position));
            position += 1;
            pool.backends.push(backend);
        }
        pool
    };
    pools.into_iter().map(finished).collect()
}
