//! Envoy: a static bootstrap.
//!
//! Each listener becomes one of Envoy's, each pool a cluster. Clients keep the backend that our cookie names by subset load
//! balancing: the cookie's value selects the endpoint whose metadata has the same id.

mod block;
mod checks;
mod cluster;
mod ejection;
mod endpoints;
mod facts;
mod filters;
mod forwarded;
mod listener;
mod retry;
mod routes;
mod scope;
mod sticky;
mod strategy;
mod support;
mod tls;
mod transport;

use stickylb::api::{ResolvedConfig, ResolvedPool};

use super::feature::Feature;
use super::usual::has_usual_budget;
use super::writer::Writer;
use block::{Anchors, block};
use scope::Listener;
pub(super) use support::support;

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    head(to);
    without_a_place(config, to);
    connection_limit(config, to);
    to.gap();
    block(to, "static_resources:", |to| {
        block(to, "listeners:", |to| {
            let anchors = Anchors::default();
            for (at, ours) in config.listeners.iter().enumerate() {
                Listener { config, ours, number: at + 1, anchors: &anchors }.write(to);
            }
        });
        to.gap();
        block(to, "clusters:", |to| {
            for pool in &config.pools {
                cluster::write(config, pool, to);
            }
        });
    });
}

fn head(to: &mut Writer) {
    // The oldest that this was tried with. Before 1.34 there are no buckets for each address, and no %CEL% in header fields.
    to.comment("Written by stickylb-tui for Envoy 1.36 or newer.");
    to.comment("Check: envoy --mode validate -c envoy.yaml");
    to.comment("Start: envoy --concurrency 1 -c envoy.yaml");
    to.comment("With more than one worker thread, each of them takes turns by itself.");
}

/// What has no place of its own in the file.
fn without_a_place(config: &ResolvedConfig, to: &mut Writer) {
    if let Some(user) = &config.downgrade_to_user {
        let sentence = format!("downgradeToUser {user}: Envoy stays the user that starts it, start it as that one");
        to.cannot(Feature::User, sentence);
    }
    if config.hold_millis > 0 {
        let sentence = "hold: Envoy holds no requests, they are answered 503 while no backend is up";
        to.cannot(Feature::Hold, sentence);
    }
    if !has_usual_budget(&config.retry) {
        let sentence = "retry.budgetPercent and retry.bodyLimit: a budget of Envoy would count refused connections too, so \
                        there is none, and it keeps bodies of up to 1 MB to send them again";
        to.cannot(Feature::RetryBudget, sentence);
    }
}

/// The connections of all listeners together.
fn connection_limit(config: &ResolvedConfig, to: &mut Writer) {
    to.gap();
    block(to, "overload_manager:", |to| {
        block(to, "resource_monitors:", |to| {
            let name = "envoy.resource_monitors.global_downstream_max_connections";
            let kind = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig";
            block::extension(to, name, kind, |to| {
                to.line(format!("max_active_downstream_connections: {}", config.limits.connections.max(1)));
            });
        });
    });
}

/// The pool of this name.
fn pool<'c>(config: &'c ResolvedConfig, name: &str) -> Option<&'c ResolvedPool> {
    config.pools.iter().find(|pool| pool.name == name)
}
