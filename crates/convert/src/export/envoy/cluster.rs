//! A pool as a cluster.

use stickylb::api::{HostHeader, Mode, ResolvedConfig, ResolvedPool, ResolvedScheme};

use super::block::{block, item, seconds, typed};
use super::{checks, ejection, endpoints, sticky, strategy, transport};
use crate::export::feature::Feature;
use crate::export::local::{is_local, sees_own_host};
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

pub(super) fn write(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    cannot(config, pool, to);
    item(to, &format!("name: {}", quoted(&pool.name)), |to| {
        discovery(pool, to);
        to.line(format!("connect_timeout: {}", seconds(config.timeouts.connect_millis)));
        strategy::write(pool, to);
        to.comment("What no check and no traffic knows as good gets nothing.");
        to.line("common_lb_config: {healthy_panic_threshold: {value: 0}}");
        sticky::subsets(pool, to);
        circuit_breakers(config, pool, to);
        if pool.mode == Mode::Http {
            idle_timeout(pool, to);
        }
        checks::write(pool, to);
        ejection::write(pool, to);
        transport::write(pool, to);
        endpoints::write(pool, to);
    });
}

/// Whether a pool's backends see their own `Host`.
pub(super) fn rewrites_host(config: &ResolvedConfig, pool: &ResolvedPool) -> bool {
    pool.backends.iter().any(|backend| sees_own_host(config.host_header, backend))
}

fn cannot(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    let name = &pool.name;
    sticky::cannot(pool, to);
    if pool.mode == Mode::Http && rewrites_host(config, pool) {
        let whose = match config.host_header {
            HostHeader::Auto if pool.backends.iter().any(is_local) => {
                "each backend sees its own Host, those of this machine too, and Location"
            }
            _ => "Location",
        };
        let sentence = format!(
            "hostHeader of {name}: Envoy has one rule for all backends of a pool and rewrites no answers: {whose} stays as the \
             backend wrote it"
        );
        to.cannot(Feature::HostHeader, sentence);
    }
    let limits = pool.backends.iter().map(|backend| backend.max_connections);
    if limits.clone().any(|limit| limit > 0) && limits.clone().min() != limits.clone().max() {
        let what = match per_host(pool) {
            0 => "as some have none, none is limited".to_owned(),
            limit => format!("it is {limit}"),
        };
        to.cannot(
            Feature::MaxConnections,
            format!("maxConnections of {name}: Envoy has one limit for all backends of a pool, {what}"),
        );
    }
    if pool.backends.iter().any(|backend| backend.max_queue > 0) {
        let sentence = format!(
            "maxQueue of {name}: Envoy has one queue for a pool and none for a backend, and no queueTimeout: who waits in it \
             does so for as long as an answer may take"
        );
        to.cannot(Feature::Queue, sentence);
    }
    if pool.backends.iter().any(|backend| backend.min_idle > 0) {
        let sentence = format!("minIdle of {name}: Envoy keeps no connections ready, it opens them when requests come");
        to.cannot(Feature::Idle, sentence);
    }
}

/// How addresses are found.
fn discovery(pool: &ResolvedPool, to: &mut Writer) {
    if pool
        .backends
        .iter()
        .any(|backend| backend.host == "localhost" && !matches!(backend.scheme, ResolvedScheme::Unix(_)))
    {
        to.comment("localhost is 127.0.0.1: where a backend listens on ::1 alone, write that.");
    }
    if endpoints::has_names(pool) {
        to.line("type: STRICT_DNS");
        to.line("dns_lookup_family: V4_PREFERRED");
    } else {
        to.line("type: STATIC");
    }
}

/// The limit of connections that all backends of a pool have: the largest, and 0 where one has none.
fn per_host(pool: &ResolvedPool) -> u32 {
    let mut limits = pool.backends.iter().map(|backend| backend.max_connections);
    if limits.clone().any(|limit| limit == 0) { 0 } else { limits.by_ref().max().unwrap_or(0) }
}

fn circuit_breakers(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    // Nothing that clients may do is too much for a cluster, where nothing is said of it: Envoy's own limits are 1024, and
    // 3 for retries.
    let all = u32::try_from(config.limits.connections).unwrap_or(u32::MAX).max(1);
    let queue: u32 = pool.backends.iter().fold(0, |sum, backend| sum.saturating_add(backend.max_queue));
    let connecting: u32 = pool.backends.iter().fold(0, |sum, backend| sum.saturating_add(backend.max_connections));
    block(to, "circuit_breakers:", |to| {
        block(to, "thresholds:", |to| {
            item(to, &format!("max_connections: {all}"), |to| {
                if queue > 0 {
                    to.comment("Requests whose connection is being made count as waiting.");
                    to.line(format!("max_pending_requests: {}", queue.saturating_add(connecting)));
                } else {
                    to.line(format!("max_pending_requests: {all}"));
                }
                to.line(format!("max_requests: {all}"));
                to.line(format!("max_retries: {all}"));
            });
        });
        match per_host(pool) {
            0 => {}
            limit => block(to, "per_host_thresholds:", |to| to.line(format!("- max_connections: {limit}"))),
        }
    });
}

/// How long a connection to a backend may lie idle: less than the backends' own time, or requests meet one that is closing.
fn idle_timeout(pool: &ResolvedPool, to: &mut Writer) {
    let Some(idle) = pool.backends.iter().map(|backend| backend.idle_timeout_millis).min() else { return };
    block(to, "typed_extension_protocol_options:", |to| {
        block(to, "envoy.extensions.upstreams.http.v3.HttpProtocolOptions:", |to| {
            typed(to, "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", |to| {
                to.line(format!("common_http_protocol_options: {{idle_timeout: {}}}", seconds(idle)));
                to.line("explicit_http_config: {http_protocol_options: {}}");
            });
        });
    });
}
