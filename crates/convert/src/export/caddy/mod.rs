//! A Caddyfile.
//!
//! Each pool is a snippet, which the sites of the listeners import. Where a cookie binds clients, a pool has one handle for
//! the clients of each backend, in which that one comes first, and one for all others: Caddy's own sticky cookie is a hash
//! that nobody else can make. A site's whole work stands in a `route`, so that it is done in the order it is written in.

mod address;
mod check;
mod cookie;
mod matcher;
mod options;
mod policy;
mod pool;
mod proxy;
mod retry;
mod site;
mod support;
mod text;
mod transport;

use stickylb::api::{Mode, ResolvedConfig, ResolvedListener, ResolvedPool};

use super::feature::Feature;
use super::usual::{has_usual_budget, usual};
use super::writer::Writer;
pub(super) use support::support;

/// The oldest version that tries requests elsewhere as ours does: with their bodies from 2.11.2 on, by statuses from this one.
const OLDEST: &str = "2.11.3";

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    to.indent_by_tabs();
    to.comment(format!("Written by stickylb-tui for Caddy {OLDEST} or newer."));
    to.comment("Caddy reads it from 2.9 on, but before that one it loses a request with a body whose backend is down.");
    to.comment("Check it: caddy validate --adapter caddyfile --config Caddyfile");
    to.comment("Start it: caddy run --adapter caddyfile --config Caddyfile");
    without_place(config, to);
    options::write(config, to);
    for pool in served_pools(config) {
        to.gap();
        pool::write(config, pool, to);
    }
    for number in 0..config.listeners.len() {
        to.gap();
        site::write(config, number, to);
    }
}

/// The listeners that Caddy can serve.
fn http_listeners(config: &ResolvedConfig) -> impl Iterator<Item = &ResolvedListener> {
    config.listeners.iter().filter(|listener| listener.mode == Mode::Http)
}

/// The pools that they lead to.
fn served_pools(config: &ResolvedConfig) -> impl Iterator<Item = &ResolvedPool> {
    config.pools.iter().filter(|pool| http_listeners(config).any(|listener| leads_to(listener, pool)))
}

fn leads_to(listener: &ResolvedListener, pool: &ResolvedPool) -> bool {
    listener.pool.as_ref() == Some(&pool.name) || listener.routes.iter().any(|route| route.pool == pool.name)
}

/// What of the whole configuration Caddy cannot do.
fn without_place(config: &ResolvedConfig, to: &mut Writer) {
    let (limits, access) = (&config.limits, &config.access);
    if !has_usual_budget(&config.retry) {
        to.cannot(Feature::RetryBudget, "retry.budgetPercent and retry.bodyLimit: Caddy has neither, it repeats requests without a budget and keeps no bodies");
    }
    if config.timeouts.tunnel_idle_millis > 0 {
        to.cannot(
            Feature::Timeouts,
            "timeouts.tunnelIdle: Caddy has none, a WebSocket on which nothing moves stays open",
        );
    }
    let usual = usual().limits;
    if (limits.connections, limits.headers) != (usual.connections, usual.headers) {
        to.cannot(
            Feature::Limits,
            "limits.connections and limits.headers: Caddy counts neither connections nor header fields, it takes all",
        );
    }
    if access.connections_per_ip > 0 {
        to.cannot(Feature::ConnectionsPerIp, "access.connectionsPerIp: Caddy has none, an address may have any number");
    }
    if access.requests_per_second_per_ip > 0 {
        to.cannot(
            Feature::Rate,
            "access.requestsPerSecondPerIp: Caddy has none without a module of others, an address may send any number",
        );
    }
    if config.downgrade_to_user.is_some() {
        to.cannot(
            Feature::User,
            "downgradeToUser: Caddy stays the user that starts it: start it as another, and let it open ports below 1024",
        );
    }
}
