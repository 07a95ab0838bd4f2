//! The snippets of a pool.

use stickylb::api::{Intent, ResolvedBackend, ResolvedConfig, ResolvedListener, ResolvedPool, StickyBy};

use super::address::upstream;
use super::text::name;
use super::{cookie, leads_to, policy, proxy, retry, transport};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// The line that sends a site's requests to a pool.
pub(super) fn import(pool: &str) -> String {
    format!("import pool-{pool}")
}

/// Writes both snippets of a pool: what its proxies share, and the proxies.
pub(super) fn write(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    let backends = served(pool, to);
    if !backends.is_empty() {
        proxy::write(config, pool, &backends, to);
        to.gap();
    }
    to.line(format!("(pool-{}) {{", pool.name));
    to.indented(|to| {
        proxy::host_map(config, pool, &backends, to);
        if pool.sticky.by == StickyBy::Cookie && !backends.is_empty() {
            cookie::map(pool, &backends, to);
            let has_others = backends.iter().any(|backend| takes_new_clients(backend) && !backend.backup);
            // A client that is bound to a backup stays there only until others are back.
            for backend in backends.iter().filter(|backend| pool.sticky.fails || !(backend.backup && has_others)) {
                bound(config, pool, backend, &backends, to);
            }
        }
        let first = of_first_choice(pool, &backends);
        let has_backups = !on_failure(pool, &backends).is_empty();
        if has_backups {
            to.line(format!("vars pool {}", pool.name));
        }
        match pool.sticky.by {
            _ if first.is_empty() => to.line("respond 503"),
            StickyBy::Cookie => {
                to.line("handle {");
                to.indented(|to| unbound(config, pool, &first, !has_backups, to));
                to.line("}");
            }
            _ => unbound(config, pool, &first, !has_backups, to),
        }
    });
    to.line("}");
}

/// Writes, in a site, the proxies that answer while no backend is up that is no backup.
pub(super) fn backups(config: &ResolvedConfig, listener: &ResolvedListener, to: &mut Writer) {
    // What cannot be written was said where the pool stands.
    let mut nowhere = Writer::default();
    let with_backups: Vec<(&ResolvedPool, Vec<&ResolvedBackend>)> = config
        .pools
        .iter()
        .filter(|pool| leads_to(listener, pool))
        .map(|pool| (pool, on_failure(pool, &served(pool, &mut nowhere))))
        .filter(|(_, backups)| !backups.is_empty())
        .collect();
    if with_backups.is_empty() {
        return;
    }
    to.gap();
    to.line("handle_errors {");
    to.indented(|to| {
        for (pool, backups) in with_backups {
            to.line(format!("@backups-{} {{", pool.name));
            to.indented(|to| {
                to.line(format!("vars pool {}", pool.name));
                // No backend is up, or none could be connected to: the request was sent to nobody.
                to.line("expression `{http.error.status_code} == 503 || {http.error.message}.startsWith(\"dial \")`");
            });
            to.line("}");
            to.line(format!("handle @backups-{} {{", pool.name));
            to.indented(|to| unbound(config, pool, &backups, true, to));
            to.line("}");
        }
    });
    to.line("}");
}

/// The backends of a pool that can be written, and all comments on single ones.
fn served<'p>(pool: &'p ResolvedPool, to: &mut Writer) -> Vec<&'p ResolvedBackend> {
    let mut served: Vec<&ResolvedBackend> = Vec::new();
    for backend in &pool.backends {
        let called = name(&backend.name);
        match backend.intent {
            Intent::Maint => {
                to.comment(format!("{called} is in MAINT: left out."));
                continue;
            }
            Intent::Drain => to.comment(format!("{called} is in DRAIN: it takes no new clients.")),
            Intent::InService => {}
        }
        if upstream(backend).is_none() {
            to.cannot(Feature::Unix, format!("the socket of {called}: Caddy reads its path otherwise, it is left out"));
            continue;
        }
        if let Some(first) = served.first().filter(|first| !transport::is_alike(first, backend)) {
            let feature = if first.proxy_protocol == backend.proxy_protocol {
                Feature::BackendTls
            } else {
                Feature::ProxyToBackends
            };
            let first = name(&first.name);
            to.cannot(
                feature,
                format!("{called}: Caddy speaks alike to all backends of a proxy, with TLS or a PROXY header as to {first} or without, it is left out"),
            );
            continue;
        }
        without_place(backend, &called, to);
        served.push(backend);
    }
    served
}

/// What of one backend Caddy cannot do.
fn without_place(backend: &ResolvedBackend, called: &str, to: &mut Writer) {
    if backend.slow_start_millis > 0 {
        to.cannot(Feature::SlowStart, format!("slowStart of {called}: Caddy has none, it gets its full share at once"));
    }
    if backend.max_queue > 0 {
        to.cannot(
            Feature::Queue,
            format!(
                "maxQueue of {called}: Caddy has none, requests beyond its limit go to others, or are answered 503"
            ),
        );
    }
    if backend.min_idle > 0 {
        to.cannot(Feature::Idle, format!("minIdle of {called}: Caddy has none, it connects when a request comes"));
    }
}

fn takes_new_clients(backend: &ResolvedBackend) -> bool {
    backend.weight > 0 && backend.intent == Intent::InService
}

/// The backends that take new clients, backups among them where they are the only ones or come last by themselves.
fn of_first_choice<'p>(pool: &ResolvedPool, backends: &[&'p ResolvedBackend]) -> Vec<&'p ResolvedBackend> {
    let (backups, mut first): (Vec<&ResolvedBackend>, Vec<&ResolvedBackend>) =
        backends.iter().filter(|backend| takes_new_clients(backend)).partition(|backend| backend.backup);
    if first.is_empty() || is_in_order(pool) {
        first.extend(backups);
    }
    first
}

/// The backends that take new clients when those of first choice cannot.
fn on_failure<'p>(pool: &ResolvedPool, backends: &[&'p ResolvedBackend]) -> Vec<&'p ResolvedBackend> {
    let first = of_first_choice(pool, backends);
    let is_left =
        |backend: &&ResolvedBackend| takes_new_clients(backend) && !first.iter().any(|other| other.id == backend.id);
    backends.iter().copied().filter(is_left).collect()
}

/// Whether new clients go to the first backend that is up.
fn is_in_order(pool: &ResolvedPool) -> bool {
    match pool.sticky.by {
        StickyBy::Cookie if pool.sticky.fixed_without_key => true,
        StickyBy::Cookie | StickyBy::Off => pool.strategy == stickylb::api::Strategy::First,
        _ => false,
    }
}

/// Writes what the clients of one backend get: it, or the next one that is up, backups last.
fn bound(
    config: &ResolvedConfig,
    pool: &ResolvedPool,
    own: &ResolvedBackend,
    backends: &[&ResolvedBackend],
    to: &mut Writer,
) {
    let at = backends.iter().position(|backend| backend.id == own.id).unwrap_or_default();
    let (before, behind) = backends.split_at(at);
    let others = || behind.iter().chain(before).copied().filter(|other| other.id != own.id && takes_new_clients(other));
    let mut all = vec![own];
    if !pool.sticky.fails {
        all.extend(others().filter(|other| !other.backup));
        all.extend(others().filter(|other| other.backup));
    }
    cookie::handle(config, pool, &all, to);
}

/// Writes the proxy of all other clients.
fn unbound(config: &ResolvedConfig, pool: &ResolvedPool, backends: &[&ResolvedBackend], holds: bool, to: &mut Writer) {
    let addresses: Vec<String> = backends.iter().filter_map(|backend| upstream(backend)).collect();
    to.line(format!("reverse_proxy {} {{", addresses.join(" ")));
    to.indented(|to| {
        policy::write(pool, backends, to);
        retry::tries(config, backends, holds, to);
        to.line(format!("import proxy-{}", pool.name));
        if pool.sticky.by == StickyBy::Cookie {
            to.line(format!("header_down +Set-Cookie {}", cookie::placeholder(pool)));
        }
    });
    to.line("}");
}
