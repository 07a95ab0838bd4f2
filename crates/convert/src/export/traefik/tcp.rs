//! TCP pools.

use stickylb::api::{CheckAlgorithm, Intent, Mode, ResolvedBackend, ResolvedConfig, ResolvedPool, StickyBy, Strategy};

use super::entry_points::EntryPoint;
use super::facts::{is_there, left_out, pools, service_of};
use super::middlewares::{NOBODY, ip_lists};
use super::rule;
use super::text::{millis, name_of, scalar};
use super::transports::Transports;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

pub(super) fn write(config: &ResolvedConfig, entry_points: &[EntryPoint], to: &mut Writer) {
    let transports = Transports::of_tcp(config);
    to.gap();
    to.line("tcp:");
    to.indented(|to| {
        to.line("routers:");
        to.indented(|to| {
            for entry_point in entry_points.iter().filter(|entry_point| entry_point.listener.mode == Mode::Tcp) {
                routers(config, entry_point, to);
            }
        });
        to.line("services:");
        to.indented(|to| pools(config, Mode::Tcp).for_each(|pool| pool_of(config, pool, &transports, to)));
        middlewares(config, to);
        transports.write(to);
    });
}

/// A router, and before it one of those who may not connect: without it they would wait for an answer in HTTP.
fn routers(config: &ResolvedConfig, entry_point: &EntryPoint, to: &mut Writer) {
    let Some(pool) = &entry_point.listener.pool else { return };
    let (name, all) = (&entry_point.name, "HostSNI(`*`)");
    if !config.access.deny.is_empty() {
        let rule = format!("{all} && ({})", rule::client_of(&config.access.deny));
        router(&format!("{name}-denied"), entry_point, (&rule, 2), &[NOBODY], pool, to);
    }
    router(name, entry_point, (all, 1), &usual(config), pool, to);
}

fn router(
    name: &str,
    entry_point: &EntryPoint,
    (rule, priority): (&str, u32),
    middlewares: &[&str],
    pool: &str,
    to: &mut Writer,
) {
    to.line(format!("{name}:"));
    to.indented(|to| {
        to.line(format!("entryPoints: {}", entry_point.names()));
        to.line(format!("rule: {}", scalar(rule)));
        to.line(format!("priority: {priority}"));
        if !middlewares.is_empty() {
            to.line(format!("middlewares: [{}]", middlewares.join(", ")));
        }
        to.line(format!("service: {}", scalar(&service_of(pool))));
        if entry_point.listener.tls.is_some() {
            to.line("tls: {}");
        }
    });
}

const PER_ADDRESS: &str = "per-address";

fn usual(config: &ResolvedConfig) -> Vec<&'static str> {
    let access = &config.access;
    let wanted =
        [(super::middlewares::ALLOWED, !access.allow.is_empty()), (PER_ADDRESS, access.connections_per_ip > 0)];
    wanted.into_iter().filter_map(|(name, is_wanted)| is_wanted.then_some(name)).collect()
}

fn middlewares(config: &ResolvedConfig, to: &mut Writer) {
    let access = &config.access;
    if usual(config).is_empty() && access.deny.is_empty() {
        return;
    }
    to.line("middlewares:");
    to.indented(|to| {
        ip_lists(access, to);
        if access.connections_per_ip > 0 {
            to.line(format!("{PER_ADDRESS}:"));
            to.line("  inFlightConn:");
            to.line(format!("    amount: {}", access.connections_per_ip));
        }
    });
}

/// Services of one server each: servers of one service have no weights.
fn pool_of(config: &ResolvedConfig, pool: &ResolvedPool, transports: &Transports, to: &mut Writer) {
    left_out(pool, to);
    notes(config, pool, to);
    let backends: Vec<&ResolvedBackend> = pool.backends.iter().filter(|backend| is_there(backend)).collect();
    let has_others = backends.iter().any(|backend| !backend.backup);
    let taken: Vec<&ResolvedBackend> = backends.into_iter().filter(|backend| !(has_others && backend.backup)).collect();
    to.line(format!("\"{}\":", service_of(&pool.name)));
    to.indented(|to| {
        if taken.is_empty() {
            to.line("loadBalancer:");
            to.line("  servers: []");
            return;
        }
        to.line("weighted:");
        to.indented(|to| {
            to.line("services:");
            for backend in &taken {
                to.line(format!("- name: \"{}\"", backend.id));
                let weight = if backend.intent == Intent::Drain { 0 } else { backend.weight };
                to.line(format!("  weight: {weight}"));
            }
            to.line("healthCheck: {}");
        });
    });
    for backend in taken {
        service(backend, &transports.name(config, backend, Mode::Tcp), to);
    }
}

fn service(backend: &ResolvedBackend, transport: &str, to: &mut Writer) {
    to.line(format!("\"{}\":", backend.id));
    to.indented(|to| {
        to.comment(name_of(backend));
        to.line("loadBalancer:");
        to.indented(|to| {
            to.line("servers:");
            to.line(format!("- address: {}", scalar(&backend.address())));
            to.line("healthCheck:");
            to.line(format!("  interval: {}", millis(backend.check.interval_millis)));
            to.line(format!("  timeout: {}", millis(backend.check.timeout_millis)));
            to.line(format!("serversTransport: {transport}"));
        });
    });
}

fn notes(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    let name = &pool.name;
    if config.retry.on_connect && config.retry.attempts > 1 {
        let sentence = format!("retry of {name}: Traefik closes a TCP connection whose backend it cannot reach");
        to.cannot(Feature::RetryConnect, sentence);
    }
    if pool.sticky.by == StickyBy::Ip {
        to.cannot(
            Feature::StickyIp,
            format!("sticky ip of {name}: Traefik has none for TCP, each connection is balanced anew"),
        );
        if pool.sticky.expiry_millis != 30_000 {
            to.cannot(Feature::Expiry, format!("sticky.expiry of {name}: Traefik remembers no addresses"));
        }
    }
    if let Some(feature) = lacks(pool.strategy) {
        let sentence =
            format!("{} of {name}: Traefik has none for TCP, connections go to each in turn", pool.strategy.name());
        to.cannot(feature, sentence);
    }
    for backend in &pool.backends {
        of_backend(backend, to);
    }
}

fn lacks(strategy: Strategy) -> Option<Feature> {
    match strategy {
        Strategy::LeastConnections => Some(Feature::LeastConnections),
        Strategy::Random => Some(Feature::Random),
        Strategy::PowerOfTwo => Some(Feature::PowerOfTwo),
        Strategy::LeastLatency => Some(Feature::LeastLatency),
        Strategy::Hash => Some(Feature::Hash),
        Strategy::First => Some(Feature::First),
        _ => None,
    }
}

fn of_backend(backend: &ResolvedBackend, to: &mut Writer) {
    let name = name_of(backend);
    if backend.backup {
        to.cannot(Feature::Backup, format!("backup {name}: Traefik has no failover for TCP, it is left out"));
    }
    if backend.max_connections > 0 {
        to.cannot(Feature::MaxConnections, format!("maxConnections of {name}: Traefik has none for TCP"));
    }
    if backend.max_queue > 0 {
        to.cannot(Feature::Queue, format!("maxQueue of {name}: Traefik has none, connections do not wait"));
    }
    if backend.slow_start_millis > 0 {
        to.cannot(Feature::SlowStart, format!("slowStart of {name}: Traefik has none, it gets its full share at once"));
    }
    let check = &backend.check;
    if check.algorithm != CheckAlgorithm::Tcp {
        let sentence = format!("health by command of {name}: Traefik has none, it checks whether it can connect");
        to.cannot(Feature::CheckCommand, sentence);
    }
    if (check.rise, check.fall) != (1, 1) {
        let sentence = format!("rise, fall of {name}: Traefik has neither, each check that passes or fails counts");
        to.cannot(Feature::RiseFall, sentence);
    }
}
