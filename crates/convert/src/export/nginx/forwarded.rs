//! What backends are told of the client, and which `Host` they see.

use stickylb::api::{HostHeader, Mode, ResolvedBackend};

use super::plan::{Plan, PoolPlan};
use super::quote::{pattern, word};
use super::routing::{HTTP2, UPGRADE};
use crate::export::feature::Feature;
use crate::export::local::sees_own_host;
use crate::export::writer::Writer;

/// The variable with the protocol that a backend is asked for.
const UPGRADE_TO_BACKEND: &str = "$upgrade_to_backend";

/// What `X-Forwarded-` may be followed by where others tell of a client, or of who is logged in.
const OTHERS_STORY: [&str; 11] =
    ["Port", "Prefix", "Server", "Scheme", "Protocol", "Ssl", "By", "User", "Email", "Groups", "Preferred-Username"];

/// Variables with what backends are told of the client.
pub(super) struct Told {
    chain: &'static str,
    pub(super) scheme: &'static str,
    pub(super) host: &'static str,
}

/// Where trusted proxies are told apart, what they say is kept.
const BY_PROXIES: Told = Told { chain: "$forwarded_for", scheme: "$forwarded_proto", host: "$forwarded_host" };

const BY_CLIENTS: Told = Told { chain: "$remote_addr", scheme: "$scheme", host: "$http_host" };

impl Told {
    pub(super) fn of(plan: &Plan<'_>) -> &'static Told {
        if plan.config.trusted_proxies.is_empty() { &BY_CLIENTS } else { &BY_PROXIES }
    }
}

/// The client behind trusted proxies, for everything that counts or chooses by address.
pub(super) fn write_trusted(plan: &Plan<'_>, to: &mut Writer) {
    let trusted = &plan.config.trusted_proxies;
    if trusted.is_empty() {
        return;
    }
    to.gap();
    let sentence = "trustedProxies: nginx believes them by X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host alone: it does not \
                    read Forwarded, and takes out the others";
    to.cannot(Feature::TrustedProxies, sentence);
    to.comment("Proxies that are believed.");
    for network in trusted {
        to.line(format!("set_real_ip_from {network};"));
    }
    to.line("real_ip_header X-Forwarded-For;");
    to.line("real_ip_recursive on;");
    let by_header = plan.config.listeners.iter().any(|listener| listener.proxy_protocol);
    let peer = if by_header {
        to.line("map $proxy_protocol_addr $peer {");
        to.indented(|to| {
            to.line("default $remote_addr;");
            to.line("\"\" $realip_remote_addr;");
        });
        to.line("}");
        "$peer"
    } else {
        "$realip_remote_addr"
    };
    to.line(format!("geo {peer} $from_proxy {{"));
    to.indented(|to| {
        // In place of `default`, which may not stand beside a network of all addresses.
        for all in ["0.0.0.0/0", "::/0"].iter().filter(|all| !trusted.iter().any(|network| network == *all)) {
            to.line(format!("{all} 0;"));
        }
        for (number, network) in trusted.iter().enumerate() {
            if !trusted[..number].contains(network) {
                to.line(format!("{network} 1;"));
            }
        }
    });
    to.line("}");
    map(
        "$from_proxy$http_x_forwarded_for",
        BY_PROXIES.chain,
        peer,
        &[("~^1.", &format!("\"$http_x_forwarded_for, {peer}\""))],
        to,
    );
    map("$from_proxy$http_x_forwarded_proto", BY_PROXIES.scheme, "$scheme", &[("~^1.", "$http_x_forwarded_proto")], to);
    map("$from_proxy$http_x_forwarded_host", BY_PROXIES.host, "$http_host", &[("~^1.", "$http_x_forwarded_host")], to);
}

fn map(of: &str, variable: &str, default: &str, lines: &[(&str, &str)], to: &mut Writer) {
    to.line(format!("map {of} {variable} {{"));
    to.indented(|to| {
        to.line(format!("default {default};"));
        for (key, value) in lines {
            to.line(format!("{} {value};", word(key)));
        }
    });
    to.line("}");
}

/// The upgrade that a request asks for, by both headers that must say so, and whether its answer may pause for longer than others.
pub(super) fn write_upgrades(to: &mut Writer) {
    to.gap();
    to.comment("WebSockets and other upgrades: both headers ask for one.");
    map("$http_connection", UPGRADE, "\"\"", &[("~*(?:^|,)\\s*upgrade\\s*(?:,|$)", "$http_upgrade")], to);
    to.comment("Not to HTTP/2: many servers never answer that.");
    map(UPGRADE, UPGRADE_TO_BACKEND, UPGRADE, &[(HTTP2, "\"\"")], to);
    map(UPGRADE_TO_BACKEND, "$connection_to_backend", "upgrade", &[("", "\"\"")], to);
    to.comment("What may stay open though nothing is sent: upgrades, and event streams.");
    map(
        &format!("\"{UPGRADE} $http_accept\""),
        "$long_lived",
        "\"\"",
        &[("~^[^ ]", "1"), ("~*text/event-stream", "1")],
        to,
    );
}

/// The header fields of requests to backends.
pub(super) fn write_headers(plan: &Plan<'_>, to: &mut Writer) {
    let told = Told::of(plan);
    let host = host(plan, to);
    for (name, value) in [
        ("Host", host),
        ("Upgrade", UPGRADE_TO_BACKEND),
        ("Connection", "$connection_to_backend"),
        ("X-Forwarded-For", told.chain),
        ("X-Forwarded-Proto", told.scheme),
        ("X-Forwarded-Host", told.host),
        ("X-Real-IP", "$remote_addr"),
    ] {
        to.line(format!("proxy_set_header {name} {value};"));
    }
    to.comment(
        "One story alone, and no one else's: those that are known, since nginx takes out a field by its whole name.",
    );
    to.line("proxy_set_header Forwarded \"\";");
    for end in OTHERS_STORY {
        to.line(format!("proxy_set_header X-Forwarded-{end} \"\";"));
    }
}

/// The variable with the `Host` that backends see.
fn host(plan: &Plan<'_>, to: &mut Writer) -> &'static str {
    let mut own = Vec::new();
    for pool in plan.of_mode(Mode::Http) {
        match own_host(plan.config.host_header, pool) {
            Ok(Some(host)) => own.push((pool, host)),
            Ok(None) => {}
            Err(sentence) => to.cannot(Feature::HostHeader, sentence),
        }
    }
    // HTTP/1.0 may name no host, and HTTP/1.1 may not.
    map("$http_host", "$host_of_client", "$http_host", &[("", "localhost")], to);
    if own.is_empty() {
        return "$host_of_client";
    }
    to.line("map $proxy_host $host_for_backend {");
    to.indented(|to| {
        to.line("default $host_of_client;");
        for (pool, host) in own {
            to.line(format!("{} {};", word(&format!("~^{}(?:\\.|$)", pattern(&pool.name))), word(&host)));
        }
    });
    to.line("}");
    "$host_for_backend"
}

/// The `Host` that all backends of a pool see where it is their own and not the client's.
fn own_host(rule: HostHeader, pool: &PoolPlan<'_>) -> Result<Option<String>, String> {
    let backends = &pool.pool.backends;
    if !backends.iter().any(|backend| sees_own_host(rule, backend)) {
        return Ok(None);
    }
    let mut hosts: Vec<String> = backends.iter().map(ResolvedBackend::authority).collect();
    hosts.dedup();
    match (hosts.pop(), hosts.is_empty()) {
        (Some(host), true) => Ok(Some(host)),
        _ => Err(format!(
            "hostHeader of pool {}: nginx writes the Host before it chooses a backend: they see the client's, not their own",
            pool.pool.name
        )),
    }
}
