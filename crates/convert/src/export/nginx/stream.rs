//! The block `stream`: listeners in TCP mode, and the pools behind them.

use stickylb::api::{Mode, ResolvedListener, StickyBy};

use super::http::{MOST_CONNECTIONS, networks};
use super::plan::{Plan, PoolPlan};
use super::quote::NO_LIMIT;
use super::quote::time;
use super::{listen, upstream};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// The whole block, where there is something to do in it.
pub(super) fn write(plan: &Plan<'_>, to: &mut Writer) {
    if !is_needed(plan) {
        return;
    }
    let config = plan.config;
    to.gap();
    to.line("stream {");
    to.indented(|to| {
        networks(config, to);
        if config.access.connections_per_ip > 0 {
            to.line("limit_conn_zone $binary_remote_addr zone=streams.per.ip:10m;");
            to.line(format!("limit_conn streams.per.ip {};", config.access.connections_per_ip.min(MOST_CONNECTIONS)));
        }
        let idle = config.timeouts.tunnel_idle_millis;
        to.line(format!("proxy_connect_timeout {};", time(config.timeouts.connect_millis)));
        to.line(format!("proxy_timeout {};", if idle == 0 { NO_LIMIT.to_owned() } else { time(idle) }));
        for pool in plan.of_mode(Mode::Tcp) {
            if pool.pool.sticky.by == StickyBy::Ip {
                let sentence = format!(
                    "sticky.expiry of pool {}: nginx remembers nobody: an address always leads to the same backend",
                    pool.pool.name
                );
                to.cannot(Feature::Expiry, sentence);
            }
            upstream::write(plan, pool, to);
        }
        for (number, listener) in config.listeners.iter().enumerate() {
            if listener.mode == Mode::Tcp {
                server(plan, number, listener, to);
            }
        }
    });
    to.line("}");
}

/// Whether there is a listener in TCP mode.
pub(super) fn is_needed(plan: &Plan<'_>) -> bool {
    plan.config.listeners.iter().any(|listener| listener.mode == Mode::Tcp)
}

fn server(plan: &Plan<'_>, number: usize, listener: &ResolvedListener, to: &mut Writer) {
    let Some(pool) = listener.pool.as_deref().and_then(|name| plan.pool(name)) else { return };
    to.gap();
    to.line("server {");
    to.indented(|to| {
        listen::write(plan, number, to);
        to.line(format!("proxy_pass {};", pool.name));
        proxy_protocol(pool, to);
    });
    to.line("}");
}

/// The header that tells backends who the client is: for all of a pool, and in version 1.
fn proxy_protocol(pool: &PoolPlan<'_>, to: &mut Writer) {
    let backends = &pool.pool.backends;
    let told = backends.iter().filter(|backend| backend.proxy_protocol > 0).count();
    if told == 0 {
        return;
    }
    let name = &pool.pool.name;
    if told < backends.len() {
        let sentence =
            format!("proxyProtocol of pool {name}: nginx sends it to all backends of a pool or to none: here to all");
        to.cannot(Feature::ProxyToBackends, sentence);
    }
    if backends.iter().any(|backend| backend.proxy_protocol > 1) {
        let sentence = format!("proxyProtocol of pool {name}: nginx sends version 1 alone");
        to.cannot(Feature::ProxyToBackends, sentence);
    }
    to.line("proxy_protocol on;");
}
