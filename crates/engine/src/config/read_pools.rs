//! The keys that say where clients come in and what they come in for: `listeners` and `pools`, or the flat form, which
//! is one of each.

use std::net::IpAddr;

use super::address::Scheme;
use super::conflict::At;
use super::document::{Keys, Node};
use super::listener::{ListenerConfig, RouteConfig, UpgradeMatch};
use super::pool::{DEFAULT_POOL, PoolConfig, cookie_of, pool_name};
use super::read::{Places, Unnumbered, numbered, pool};
use crate::api::{Mode, StickyBy};

/// The keys of the flat form, and where each belongs in the other.
const OF_LISTENERS: [&str; 2] = ["port", "host"];

const OF_POOLS: [&str; 4] = ["strategy", "backends", "health", "sticky"];

pub(crate) fn listeners_and_pools(
    keys: &mut Keys<'_, '_>,
    places: &mut Places,
) -> (Vec<ListenerConfig>, Vec<PoolConfig>) {
    if keys.has("listeners") || keys.has("pools") { several(keys, places) } else { flat(keys, places) }
}

fn flat(keys: &mut Keys<'_, '_>, places: &mut Places) -> (Vec<ListenerConfig>, Vec<PoolConfig>) {
    keys.know(&["listeners", "pools"]);
    let mut listener = ListenerConfig::new(DEFAULT_POOL);
    if !keys.has("port") {
        keys.wrong::<()>("'port' is required in config.");
    }
    address(keys, &mut listener);
    let mut only = PoolConfig::new(DEFAULT_POOL, Vec::new());
    let backends = pool(keys, &mut only, 0, places);
    if !backends.is_empty() && backends.iter().all(|(_, backend)| backend.address.scheme == Scheme::Tcp) {
        listener.mode = Mode::Tcp;
        if !keys.has("sticky") {
            only.sticky.by = StickyBy::Ip;
        }
    }
    (vec![listener], numbered(vec![(only, backends)]))
}

fn several(keys: &mut Keys<'_, '_>, places: &mut Places) -> (Vec<ListenerConfig>, Vec<PoolConfig>) {
    for (flat, home) in OF_LISTENERS.map(|key| (key, "listeners")).into_iter().chain(OF_POOLS.map(|key| (key, "pools")))
    {
        keys.get(flat, |n| {
            n.wrong::<()>(format!("does not go with 'listeners' and 'pools': write it in each of the {home} it is for"))
        });
    }
    for (key, example) in [
        ("listeners", "[{\"port\": 3001, \"pool\": \"web\"}]"),
        ("pools", "{\"web\": {\"backends\": [{\"url\": \"http://localhost:5000\"}]}}"),
    ] {
        if !keys.has(key) {
            keys.wrong::<()>(&format!("'listeners' and 'pools' go together: write \"{key}\": {example}"));
        }
    }
    let mut listeners: Vec<ListenerConfig> = Vec::new();
    keys.get("listeners", |n| {
        let count = n.each(|n| {
            let number = listeners.len();
            listeners.extend(n.object(|keys| listener(keys, number, places)));
        })?;
        if count == 0 {
            n.wrong("needs at least one listener, such as {\"port\": 3001, \"pool\": \"web\"}")
        } else {
            Some(())
        }
    });
    let mut pools: Vec<(PoolConfig, Unnumbered)> = Vec::new();
    keys.get("pools", |n| {
        n.pairs(|name, n| {
            if let Err(message) = pool_name(name) {
                n.wrong::<()>(message);
            }
            if pools.iter().any(|(pool, _)| pool.name == name) {
                n.wrong::<()>("is written twice: leave one");
                return;
            }
            let number = pools.len();
            places.note(At::Pool(number), n.place());
            let mut of_this = PoolConfig::new(name, Vec::new());
            of_this.sticky.cookie.name = cookie_of(name);
            if listeners.iter().any(|l| l.mode == Mode::Tcp && l.pools().any(|pool| pool == name)) {
                of_this.sticky.by = StickyBy::Ip;
            }
            let backends = n.object(|keys| pool(keys, &mut of_this, number, places)).unwrap_or_default();
            pools.push((of_this, backends));
        })?;
        if pools.is_empty() { n.wrong("needs at least one pool") } else { Some(()) }
    });
    if let [(only, _)] = pools.as_slice() {
        // There is nothing to choose.
        listeners.iter_mut().filter(|l| l.pool.is_empty()).for_each(|l| l.pool.clone_from(&only.name));
    }
    (listeners, numbered(pools))
}

/// `port` and `host`.
fn address(keys: &mut Keys<'_, '_>, listener: &mut ListenerConfig) {
    keys.set("port", &mut listener.port, |n| n.integer(0, 65_535).and_then(|port| u16::try_from(port).ok()));
    keys.set("host", &mut listener.host, |n| {
        n.parsed(|host| match host {
            "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
            _ => host.parse::<IpAddr>().map_err(|_| format!("'{host}' is not an address: write 127.0.0.1 or 0.0.0.0")),
        })
    });
}

fn listener(keys: &mut Keys<'_, '_>, number: usize, places: &mut Places) -> ListenerConfig {
    let mut listener = ListenerConfig::new("");
    if !keys.has("port") {
        keys.wrong::<()>("a listener needs a 'port'");
    }
    address(keys, &mut listener);
    keys.set("mode", &mut listener.mode, |n| n.one_of(&[Mode::Http, Mode::Tcp].map(|mode| (mode.name(), mode))));
    keys.get("routes", |n| {
        n.each(|n| {
            let place = listener.routes.len();
            listener.routes.extend(n.object(|keys| route(keys, (number, place), places)));
        })
    });
    keys.set("pool", &mut listener.pool, |n| n.string());
    keys.set("proxyProtocol", &mut listener.proxy_protocol, |n| n.boolean());
    for key in ["port", "routes"] {
        places.note(At::Listener(number, key), keys.place_of(key));
    }
    if !listener.pool.is_empty() || !keys.has("pool") {
        places.note(At::Listener(number, "pool"), keys.place_of("pool"));
    }
    listener
}

fn route(keys: &mut Keys<'_, '_>, (listener, place): (usize, usize), places: &mut Places) -> RouteConfig {
    let mut route = RouteConfig::default();
    let good = keys.get("match", |n| {
        n.object(|keys| {
            route.upgrade = keys.get("upgrade", upgrade);
            route.path_prefix = keys.get("pathPrefix", |n| n.parsed(path_prefix));
            route.host = keys.get("host", |n| n.parsed(host));
            let read = [route.upgrade.is_some(), route.path_prefix.is_some(), route.host.is_some()];
            ["upgrade", "pathPrefix", "host"].iter().zip(read).all(|(key, read)| read || !keys.has(key))
        })
    });
    if !keys.has("pool") {
        keys.wrong::<()>("a route needs a 'pool'");
    }
    keys.set("pool", &mut route.pool, |n| n.string());
    places.note(At::Route(listener, place, "pool"), keys.place_of("pool"));
    if good.unwrap_or_else(|| !keys.has("match")) {
        // What could not be read is not compared with anything.
        places.note(At::Route(listener, place, "match"), keys.place_of("match"));
    }
    route
}

/// `true`, `false`, or a protocol such as `websocket`.
fn upgrade(n: Node<'_, '_>) -> Option<UpgradeMatch> {
    if !n.value_is_string() {
        return n.boolean().map(|any| if any { UpgradeMatch::Any } else { UpgradeMatch::None });
    }
    n.parsed(|protocol| {
        let good = !protocol.is_empty() && protocol.bytes().all(|b| b.is_ascii_graphic() && b != b',');
        if good {
            Ok(UpgradeMatch::Protocol(protocol.to_ascii_lowercase()))
        } else {
            Err(format!("'{protocol}' is not a protocol: write \"websocket\", or true for any"))
        }
    })
}

fn path_prefix(path: &str) -> Result<String, String> {
    let good = path.starts_with('/') && !path.contains(['?', '#']) && path.parse::<http::uri::PathAndQuery>().is_ok();
    if good {
        Ok(path.to_owned())
    } else {
        Err(format!("'{path}' is not the beginning of a path: it starts with / and has no spaces and no query"))
    }
}

fn host(host: &str) -> Result<String, String> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let good = match bracketed {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')),
    };
    if good {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(format!("'{host}' is not a host: write a name without port, such as app.localhost or *.localhost"))
    }
}
