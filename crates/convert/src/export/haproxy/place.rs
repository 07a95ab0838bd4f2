//! Where a server is, and how it is spoken to.

use std::net::IpAddr;

use stickylb::api::{ResolvedBackend, ResolvedScheme};

use super::quote::word;
use crate::export::local::is_local;

/// Where it is, and how it is spoken to.
pub(super) fn place(backend: &ResolvedBackend) -> String {
    let mut words = vec![address(backend)];
    words.extend(transport(backend));
    words.join(" ")
}

/// Whether it is a name below `localhost`, which not every system resolves.
fn is_below_localhost(host: &str) -> bool {
    host.to_ascii_lowercase().ends_with(".localhost")
}

fn address(backend: &ResolvedBackend) -> String {
    match &backend.scheme {
        ResolvedScheme::Unix(path) => word(&format!("unix@{path}")),
        _ if is_below_localhost(&backend.host) => format!("127.0.0.1:{}", backend.port),
        _ => word(&backend.address()),
    }
}

/// The name that its certificate must be for; an address is none.
pub(super) fn verified_name(backend: &ResolvedBackend) -> Option<&str> {
    let own = Some(backend.host.as_str()).filter(|host| host.parse::<IpAddr>().is_err());
    backend.server_name.as_deref().or(own)
}

/// Whether its address is that of a name, which HAProxy asks for when it starts.
pub(super) fn is_looked_up(backend: &ResolvedBackend) -> bool {
    !is_local(backend) && backend.host.parse::<IpAddr>().is_err()
}

fn transport(backend: &ResolvedBackend) -> Vec<String> {
    let mut words = Vec::new();
    if backend.scheme == ResolvedScheme::Https {
        words.push("ssl".to_owned());
        let name = verified_name(backend);
        if let Some(name) = name {
            words.push(format!("sni {} check-sni {}", word(&format!("str({name})")), word(name)));
        }
        if backend.verify {
            words.push("verify required ca-file @system-ca".to_owned());
            words.extend(name.map(|name| format!("verifyhost {}", word(name))));
        } else {
            words.push("verify none".to_owned());
        }
    }
    match backend.proxy_protocol {
        0 => {}
        1 => words.push("send-proxy".to_owned()),
        _ => words.push("send-proxy-v2".to_owned()),
    }
    if is_looked_up(backend) {
        // One that is not known yet is no reason not to start.
        words.push("init-addr last,libc,none".to_owned());
    }
    words
}
