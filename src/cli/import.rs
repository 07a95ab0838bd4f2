//! `import`: converts a configuration of LoadBalancer.js or WebsocketReverseProxy into ours.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::layers::UsageError;
use super::say::{complain, say};
use stickylb::config;
use stickylb::untrusted::{Untrusted, pretty_json};

/// Said where the other program listens on every address.
const OTHERS: &str = "it listens on 127.0.0.1, for this machine alone: add \"host\": \"0.0.0.0\" to let others in";

/// Said of settings about TLS: neither program ends it, so that what they mean in such a file only its author knows.
const TLS: &str =
    "to speak TLS with clients add \"tls\": {\"certificates\": [{\"cert\": \"FILE\", \"key\": \"FILE\"}]} to it";

/// Whether a setting is about TLS, by its name.
fn is_of_tls(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["tls", "ssl", "cert", "https"].iter().any(|part| key.contains(part))
}

/// A file's settings as our configuration.
struct Imported {
    /// Which program's file it was.
    kind: &'static str,
    config: Value,
    /// Settings without a counterpart here, one sentence each.
    left_out: Vec<String>,
}

/// Prints the file as our configuration; on standard error, says how it was read and what was left out.
pub(super) fn import(path: &Path) -> Result<ExitCode, UsageError> {
    let file = path.display();
    let wrong = |what: String| UsageError::Words(vec![format!("{file}: {what}").into()]);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let imported = read(text.trim_start_matches('\u{feff}')).map_err(wrong)?;
    let printed = pretty_json(&imported.config).map_err(|error| wrong(error.to_string()))?;
    // The file's values may be invalid, such as a port above 65535: a result that would not run is not printed.
    config::parse(path, printed.as_bytes()).map_err(|error| {
        let problems = match error {
            config::ConfigError::Invalid { problems, .. } => problems,
            // It was read already.
            _ => Vec::new(),
        };
        UsageError::Words(problems.iter().map(|p| format!("{file}: {}: {}", p.path, p.message).into()).collect())
    })?;
    let kind = format!("{} was read as {}", Untrusted::new(file.to_string()), imported.kind);
    for sentence in std::iter::once(kind.as_str()).chain(imported.left_out.iter().map(String::as_str)) {
        complain(&format!("stickylb-tui: {}", Untrusted::new(sentence)));
    }
    say(&printed)?;
    Ok(ExitCode::SUCCESS)
}

fn read(text: &str) -> Result<Imported, String> {
    const EXPECTED: &str = "write a LoadBalancer.js file (JSON with sourcePort and targets) or a WebsocketReverseProxy \
                            file (INI with [frontend])";
    if text.trim_start().starts_with('{') {
        let value: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}; {EXPECTED}"))?;
        if value.contains_key("backends") || value.contains_key("pools") {
            return Err("needs no import: stickylb-tui --config FILE runs it as it is".to_owned());
        }
        if value.contains_key("targets") || value.contains_key("sourcePort") {
            return load_balancer_js(&value);
        }
    } else if text.lines().any(|line| line.trim() == "[frontend]") {
        return reverse_proxy(text);
    }
    Err(format!("neither kind of file that can be imported: {EXPECTED}"))
}

/// LoadBalancer.js 0.9: a TCP balancer in front of `targets`.
fn load_balancer_js(from: &Map<String, Value>) -> Result<Imported, String> {
    let port = from.get("sourcePort").ok_or("'sourcePort' is missing: write the port to listen on")?;
    let targets = from.get("targets").and_then(Value::as_array).ok_or("'targets' is missing: write [{host, port}]")?;
    let mut backends = Vec::new();
    for target in targets {
        let host = target.get("host").and_then(Value::as_str).unwrap_or("localhost");
        let port = target.get("port").ok_or_else(|| format!("a target without 'port': {target}"))?;
        backends.push(json!({ "url": format!("tcp://{}:{port}", bracketed(host)) }));
    }
    let mut config = json!({ "port": port });
    let mut left_out = Vec::new();
    for (key, value) in from {
        match key.as_str() {
            "sourcePort" | "targets" => {}
            // `null` means absent.
            _ if value.is_null() => {}
            "sourceHost" => config["host"] = value.clone(),
            "sessionExpiry" => config["sticky"] = json!({ "by": "ip", "expiry": value }),
            "targetDeactivationDuration" => config["health"] = json!({ "passive": { "ejectFor": value } }),
            "downgradeToUser" => config[key] = value.clone(),
            "balancerCount" => left_out.push(format!("{key} is left out: there is one thread for each processor")),
            "maxBufferSize" => left_out.push(format!("{key} is left out: buffers are bounded as they are")),
            "balancerControllerPath" => {
                left_out.push(format!("{key} is left out: write the networks that may come in under 'access'"));
            }
            _ if is_of_tls(key) => left_out.push(format!("{key} is left out: {TLS}")),
            _ => left_out.push(format!("{key} is left out: there is nothing like it here")),
        }
    }
    config["backends"] = backends.into();
    if config.get("host").is_none() {
        left_out.push(OTHERS.to_owned());
    }
    Ok(Imported { kind: "a LoadBalancer.js configuration", config, left_out })
}

/// The host as a URL needs it: IPv6 in brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// WebsocketReverseProxy: one pool for WebSockets and one for everything else, behind one frontend.
fn reverse_proxy(text: &str) -> Result<Imported, String> {
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

/// The value as a number, otherwise as text, which the configuration parser then rejects with a message.
fn number(value: &str) -> Value {
    value.parse::<u64>().map_or_else(|_| value.into(), Value::from)
}
