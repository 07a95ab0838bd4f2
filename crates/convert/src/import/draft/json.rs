//! Listeners and pools as our configuration has them.

use serde_json::{Map, Value, json};

use super::{Backend, Listener, Pool, Route, Sticky};

/// An element of `listeners`; `names` are those of the pools, by their positions.
pub(super) fn listener_json(listener: &Listener, names: &[&str]) -> Value {
    let mut json = json!({ "port": listener.port });
    if !listener.host.is_empty() {
        json["host"] = listener.host.as_str().into();
    }
    if listener.is_tcp {
        json["mode"] = "tcp".into();
    }
    if listener.proxy_protocol {
        json["proxyProtocol"] = true.into();
    }
    if let Some(tls) = &listener.tls {
        json["tls"] = tls.clone();
    }
    if !listener.routes.is_empty() {
        json["routes"] = listener.routes.iter().map(|route| route_json(route, names)).collect();
    }
    if let Some(pool) = listener.pool {
        json["pool"] = names[pool].into();
    }
    json
}

fn route_json(route: &Route, names: &[&str]) -> Value {
    let mut matches = Map::new();
    let texts = [("upgrade", route.upgrade.clone())].into_iter();
    let texts = texts
        .chain([("pathPrefix", route.path.clone().map(Value::from)), ("host", route.host.clone().map(Value::from))]);
    for (key, value) in texts {
        matches.extend(value.map(|value| (key.to_owned(), value)));
    }
    json!({ "match": matches, "pool": names[route.pool] })
}

/// A member of `pools`.
pub(super) fn pool_json(pool: &Pool) -> Value {
    let mut json = Map::new();
    json.extend(pool.strategy.map(|strategy| ("strategy".to_owned(), strategy.into())));
    if !pool.names.is_empty() {
        json.insert("names".to_owned(), pool.names.clone().into());
    }
    let mut sticky = match &pool.sticky {
        Sticky::Off => json!({ "by": "off" }),
        Sticky::Cookie(keys, _) => json!({ "by": "cookie", "cookie": keys }),
        Sticky::By(keys) => keys.clone().into(),
    };
    if pool.fails {
        sticky["onFailure"] = "fail".into();
    }
    json.insert("sticky".to_owned(), sticky);
    if !pool.health.is_empty() {
        json.insert("health".to_owned(), pool.health.clone().into());
    }
    json.insert("backends".to_owned(), pool.backends.iter().map(backend_json).collect());
    json.into()
}

fn backend_json(backend: &Backend) -> Value {
    let mut json = Map::new();
    if let Some(id) = backend.keys.get("id") {
        json.insert("id".to_owned(), id.clone());
    }
    if !backend.name.is_empty() {
        json.insert("name".to_owned(), backend.name.as_str().into());
    }
    json.insert("url".to_owned(), backend.url.as_str().into());
    for (key, value) in backend.keys.iter().filter(|(key, _)| *key != "id") {
        json.insert(key.clone(), value.clone());
    }
    json.into()
}
