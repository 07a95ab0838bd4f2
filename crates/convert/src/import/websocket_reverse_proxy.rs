//! Reads a configuration of WebsocketReverseProxy, in INI.

use serde_json::{Map, Value, json};

use super::imported::{Imported, OTHERS, TLS, is_of_tls, number};

/// WebsocketReverseProxy: one pool for WebSockets and one for everything else, behind one frontend.
pub(super) fn read(text: &str) -> Result<Imported, String> {
    let lines = ini(text)?;
    let of = |section: &str| -> Vec<(&str, &str)> {
        lines.iter().filter(|(of, ..)| *of == section).map(|(_, key, value)| (*key, *value)).collect()
    };
    let mut left_out = Vec::new();
    let mut listener = json!({});
    for (key, value) in of("frontend") {
        match key {
            "port" => listener["port"] = number(value),
            "host" if value == "localhost" || value.parse::<std::net::IpAddr>().is_ok() => {
                listener["host"] = value.into();
            }
            "host" => left_out.push(format!("[frontend] host = {value} is left out: {OTHERS}")),
            _ if is_of_tls(key) => left_out.push(format!("[frontend] {key} is left out: {TLS}")),
            _ => left_out.push(format!("[frontend] {key} is left out: there is nothing like '{value}' here")),
        }
    }
    let mut pools = Map::new();
    for name in ["http", "websocket"] {
        let pool = pool(name, &of(name), &mut left_out);
        if pool["backends"].as_array().is_some_and(|backends| !backends.is_empty()) {
            pools.insert(name.to_owned(), pool);
        }
    }
    for (section, key, _) in lines.iter().filter(|(of, ..)| !["frontend", "http", "websocket"].contains(of)) {
        left_out.push(format!("[{section}] {key} is left out: there is nothing like it here"));
    }
    match (pools.contains_key("http"), pools.contains_key("websocket")) {
        (true, true) => {
            listener["routes"] = json!([{ "match": { "upgrade": "websocket" }, "pool": "websocket" }]);
            listener["pool"] = "http".into();
        }
        (false, false) => return Err("no server in [http] or [websocket]: write server1 = host:port".to_owned()),
        _ => {}
    }
    let config = json!({ "listeners": [listener], "pools": pools });
    Ok(Imported { kind: "a WebsocketReverseProxy configuration", config, left_out })
}

/// The lines of an INI file: section, key, value.
fn ini(text: &str) -> Result<Vec<(&str, &str, &str)>, String> {
    let mut section = "";
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((key, value)) = line.split_once('=') {
            lines.push((section, key.trim(), value.trim().trim_matches('"')));
        } else {
            return Err(format!("line {} is neither [section] nor key = value: {line}", number + 1));
        }
    }
    Ok(lines)
}

fn pool(section: &str, keys: &[(&str, &str)], left_out: &mut Vec<String>) -> Value {
    // By server number, in the order of first appearance.
    let mut servers: Vec<(&str, Map<String, Value>)> = Vec::new();
    let mut health = json!({ "path": "/healthCheck", "expect": { "json": { "/status": 200 } } });
    // The default of WebsocketReverseProxy.
    let mut strategy = "random";
    for (key, value) in keys {
        let seconds = || value.trim_end_matches('s').parse::<u64>().ok();
        if let Some((server, (ours, value))) = of_server(key, value) {
            let place = servers.iter().position(|(known, _)| *known == server).unwrap_or_else(|| {
                servers.push((server, Map::new()));
                servers.len() - 1
            });
            servers[place].1.insert(ours.to_owned(), value);
            continue;
        }
        match *key {
            "algorithm" if value.starts_with("round") => strategy = "round-robin",
            "algorithm" if *value == "random" => {}
            "health_check_interval" if seconds().is_some() => {
                health["interval"] = (seconds().unwrap_or(10) * 1000).into();
            }
            "enable_health_check" if *value == "true" => {}
            "enable_health_check" => {
                health = json!({ "algorithm": "tcp" });
                left_out.push(format!("[{section}] {key} = {value}: backends are always checked, here by connecting"));
            }
            _ => left_out.push(format!("[{section}] {key} = {value} is left out: there is nothing like it here")),
        }
    }
    // Defaults of WebsocketReverseProxy for servers with workers.
    let workers = |server: &str| keys.iter().any(|(key, _)| *key == format!("server{server}_addr"));
    for (_, ours) in servers.iter_mut().filter(|(server, _)| workers(server)) {
        for (key, usual) in [("maxConnections", 3), ("minIdle", 1), ("idleTimeout", 3000), ("maxQueue", 10)] {
            ours.entry(key).or_insert_with(|| usual.into());
        }
    }
    // Stickiness is off because WebsocketReverseProxy has none.
    let backends: Vec<Value> = servers.into_iter().map(|(_, server)| Value::Object(server)).collect();
    json!({ "strategy": strategy, "sticky": { "by": "off" }, "health": health, "backends": backends })
}

/// A key of one server: the server's number, and our key and value for it.
fn of_server<'k>(key: &'k str, value: &str) -> Option<(&'k str, (&'static str, Value))> {
    let rest = key.strip_prefix("server")?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (server, what) = rest.split_at_checked(digits).filter(|(server, _)| !server.is_empty())?;
    let ours = match what {
        "" | "_addr" => ("url", Value::from(format!("http://{value}"))),
        "_max_workers" => ("maxConnections", number(value)),
        "_min_workers" => ("minIdle", number(value)),
        // In seconds there, in milliseconds here.
        "_worker_timeout" => {
            let seconds = value.trim_end_matches('s').parse::<u64>();
            ("idleTimeout", seconds.map_or_else(|_| value.into(), |seconds| Value::from(seconds * 1000)))
        }
        "_buffer_size" => ("maxQueue", number(value)),
        _ => return None,
    };
    Some((server, ours))
}
