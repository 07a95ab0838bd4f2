//! The backends of a pool.

use std::net::IpAddr;

use stickylb::api::{Intent, ResolvedBackend, ResolvedPool, ResolvedScheme, Strategy};
use stickylb::config::is_local_name;

use super::block::{block, item};
use super::facts::{TAKES_NEW, cookie, has_drained, hashes, is_drained};
use super::{checks, transport};
use crate::export::feature::Feature;
use crate::export::set_cookie::set_cookie;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// So that one healthy backend of many is enough for its priority: others get nothing while there is one.
const OVERPROVISIONING: &str = "policy: {overprovisioning_factor: 100000}";
/// The last priority that Envoy has.
const LAST_PRIORITY: usize = 128;

/// Where a backend is.
pub(super) enum Address<'b> {
    Ip(String),
    Name(&'b str),
    Pipe(&'b str),
}

pub(super) fn address(backend: &ResolvedBackend) -> Address<'_> {
    match &backend.scheme {
        ResolvedScheme::Unix(path) => Address::Pipe(path),
        _ if backend.host.parse::<IpAddr>().is_ok() => Address::Ip(backend.host.clone()),
        _ if is_local_name(&backend.host) => Address::Ip("127.0.0.1".to_owned()),
        _ => Address::Name(&backend.host),
    }
}

/// The backends that are written, those of each priority behind each other.
pub(super) fn by_priority(pool: &ResolvedPool) -> Vec<Vec<&ResolvedBackend>> {
    let is_written = |backend: &&ResolvedBackend| why_left_out(pool, backend).is_none();
    let (backups, usual): (Vec<_>, Vec<_>) =
        pool.backends.iter().filter(is_written).partition(|backend| backend.backup);
    let groups = if pool.strategy == Strategy::First && !hashes(pool) {
        let mut groups: Vec<_> = usual.into_iter().chain(backups).map(|backend| vec![backend]).collect();
        let last = groups.split_off(groups.len().min(LAST_PRIORITY));
        groups.push(last.into_iter().flatten().collect());
        groups
    } else {
        vec![usual, backups]
    };
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

/// How many are written.
pub(super) fn count(pool: &ResolvedPool) -> usize {
    by_priority(pool).iter().map(Vec::len).sum()
}

/// Why a backend gets nothing, where that is so.
fn why_left_out(pool: &ResolvedPool, backend: &ResolvedBackend) -> Option<&'static str> {
    let keeps_clients = cookie(pool).is_some();
    match (backend.intent, backend.weight) {
        (Intent::Maint, _) => Some("is in MAINT"),
        (Intent::Drain, _) if !keeps_clients => Some("is drained"),
        (_, 0) if !keeps_clients => Some("has a weight of 0"),
        _ if is_socket_beside_names(pool, backend) => Some("is a Unix socket, and others of its pool have names"),
        _ => None,
    }
}

/// Whether the addresses of a pool are looked up.
pub(super) fn has_names(pool: &ResolvedPool) -> bool {
    pool.backends.iter().any(|backend| matches!(address(backend), Address::Name(_)))
}

/// Envoy would take it in silence, and not ask it.
fn is_socket_beside_names(pool: &ResolvedPool, backend: &ResolvedBackend) -> bool {
    matches!(backend.scheme, ResolvedScheme::Unix(_)) && has_names(pool)
}

pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    for backend in &pool.backends {
        left_out(pool, backend, to);
    }
    let groups = by_priority(pool);
    block(to, "load_assignment:", |to| {
        to.line(format!("cluster_name: {}", quoted(&pool.name)));
        if groups.len() > 1 {
            to.line(OVERPROVISIONING);
        }
        if groups.is_empty() {
            return;
        }
        block(to, "endpoints:", |to| {
            for (priority, backends) in groups.iter().enumerate() {
                item(to, &format!("priority: {priority}"), |to| {
                    block(to, "lb_endpoints:", |to| {
                        for backend in backends {
                            endpoint(pool, backend, to);
                        }
                    });
                });
            }
        });
    });
}

fn left_out(pool: &ResolvedPool, backend: &ResolvedBackend, to: &mut Writer) {
    let (name, url) = (&backend.name, backend.url());
    if is_socket_beside_names(pool, backend) {
        let sentence = format!(
            "{name} at {url}: Envoy asks no Unix sockets in a pool where others have host names, it is left out until they are \
             written as addresses"
        );
        to.cannot(Feature::Unix, sentence);
    } else if let Some(why) = why_left_out(pool, backend) {
        to.comment(format!("{name} at {url} is left out: it {why}."));
    }
}

fn endpoint(pool: &ResolvedPool, backend: &ResolvedBackend, to: &mut Writer) {
    to.comment(&backend.name);
    item(to, "endpoint:", |to| {
        to.line(format!("hostname: {}", quoted(&backend.authority())));
        block(to, "address:", |to| {
            let socket =
                |host: &str| format!("socket_address: {{address: {}, port_value: {}}}", quoted(host), backend.port);
            to.line(match address(backend) {
                Address::Pipe(path) => format!("pipe: {{path: {}}}", quoted(path)),
                Address::Ip(ip) => socket(&ip),
                Address::Name(name) => socket(name),
            });
        });
        checks::of_endpoint(pool, backend, to);
    });
    to.indented(|to| {
        if backend.weight > 1 {
            to.line(format!("load_balancing_weight: {}", backend.weight));
        }
        metadata(pool, backend, to);
    });
}

fn metadata(pool: &ResolvedPool, backend: &ResolvedBackend, to: &mut Writer) {
    let mut lines = Vec::new();
    if let Some(cookie) = cookie(pool) {
        let takes_new = has_drained(pool) && !is_drained(backend);
        let takes_new = if takes_new { format!(", {TAKES_NEW}") } else { String::new() };
        lines.push(format!("envoy.lb: {{id: \"{}\"{takes_new}}}", backend.id));
        lines.push(format!("stickylb: {{set_cookie: {}}}", quoted(&set_cookie(cookie, backend.id))));
    }
    if let Some(name) = transport::name(pool, backend) {
        lines.push(format!("envoy.transport_socket_match: {{transport: {}}}", quoted(&name)));
    }
    if !lines.is_empty() {
        block(to, "metadata:", |to| {
            block(to, "filter_metadata:", |to| lines.iter().for_each(|line| to.line(line)));
        });
    }
}
