//! Reads a configuration of LoadBalancer.js 0.9, in JSON.

use serde_json::{Map, Value, json};

use super::imported::{Imported, OTHERS, TLS, bracketed, is_of_tls};

/// LoadBalancer.js 0.9: a TCP balancer in front of `targets`.
pub(super) fn read(from: &Map<String, Value>) -> Result<Imported, String> {
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
