//! What Kubernetes and its Gateways cannot do of ours.

use stickylb::api::{HostHeader, Intent, ResolvedBackend, ResolvedConfig, ResolvedPool, ResolvedScheme, StickyBy};

use super::facts::{codes, is_by_cookie, port, retries};
use crate::export::feature::Feature;
use crate::export::usual::{has_usual_budget, usual};
use crate::export::writer::Writer;

/// What is nobody's in particular.
pub(super) fn of_the_whole(config: &ResolvedConfig, to: &mut Writer) {
    let access = &config.access;
    let limits = &config.limits;
    let said = [
        (
            config.hold_millis > 0,
            Feature::Hold,
            "hold: a Gateway has none, it answers 503 at once while no pod is ready",
        ),
        (
            !access.allow.is_empty() || !access.deny.is_empty(),
            Feature::Access,
            "access.allow, .deny: a Gateway has neither, a NetworkPolicy sees its address and not the clients'",
        ),
        (access.connections_per_ip > 0, Feature::ConnectionsPerIp, "access.connectionsPerIp: a Gateway has none"),
        (
            access.requests_per_second_per_ip > 0,
            Feature::Rate,
            "access.requestsPerSecondPerIp: a Gateway has none, its implementation may have",
        ),
        (
            !config.trusted_proxies.is_empty(),
            Feature::TrustedProxies,
            "trustedProxies: a Gateway has no word for them, its implementation may have",
        ),
        (
            config.host_header == HostHeader::Backend,
            Feature::HostHeader,
            "hostHeader: pods see the host that the client asked for",
        ),
        (*limits != usual().limits, Feature::Limits, "limits: a Gateway has none, its implementation may have"),
        (true, Feature::Timeouts, "timeouts: a Gateway limits whole answers alone, so there is no limit"),
        (
            !has_usual_budget(&config.retry),
            Feature::RetryBudget,
            "retry.budgetPercent, .bodyLimit: a route has neither",
        ),
        (
            config.downgrade_to_user.is_some(),
            Feature::User,
            "downgradeToUser: the Gateway's implementation decides who it runs as",
        ),
    ];
    for (is_said, feature, sentence) in said {
        if is_said {
            to.cannot(feature, sentence);
        }
    }
    experimental(config, to);
}

/// Parts of the Gateway API that a cluster has only with its experimental channel.
fn experimental(config: &ResolvedConfig, to: &mut Writer) {
    if retries(config) {
        to.comment("retry of routes is of the experimental channel of the Gateway API (GEP-1731).");
        let again = "a route does not tell methods apart, a POST may be sent twice";
        if config.retry.on_no_response {
            to.cannot(Feature::RetryNoResponse, format!("retry.on no-response: {again}"));
        }
        if !codes(config).is_empty() {
            to.cannot(Feature::RetryStatus, format!("retry.on with statuses: {again}"));
        }
    }
    if config.pools.iter().any(is_by_cookie) {
        to.comment("sessionPersistence is of that channel too (GEP-1619), and in the words of 1.6: since 1.7 cookie: {name: …} is");
        to.comment("in place of sessionName, and lifetimeType in it.");
    }
}

pub(super) fn of_pool(pool: &ResolvedPool, to: &mut Writer) {
    strategy(pool, to);
    sticky(pool, to);
    let of_pool = |wanted: &dyn Fn(&ResolvedBackend) -> bool| pool.backends.iter().any(wanted);
    if of_pool(&|backend| backend.check.passive.statuses != Vec::new()) {
        to.cannot(
            Feature::Ejection,
            format!("health.passive of {}: a Gateway has none, its probe alone counts", pool.name),
        );
    }
    let weight = pool.backends.first().map_or(1, |backend| backend.weight);
    if of_pool(&|backend| backend.weight != weight && backend.weight > 0) {
        to.cannot(
            Feature::Weight,
            format!("weights of {}: the pods of a Deployment all get the same share", pool.name),
        );
    }
    let ports: std::collections::BTreeSet<u16> =
        pool.backends.iter().map(|backend| backend.port).filter(|port| *port > 0).collect();
    if ports.len() > 1 {
        to.comment(format!("Each pod has an address of its own, so that one port, {}, is enough.", port(pool)));
    }
    for backend in &pool.backends {
        of_backend(backend, to);
    }
}

fn strategy(pool: &ResolvedPool, to: &mut Writer) {
    let sentence =
        format!("{} of {}: the Gateway's implementation decides how pods are chosen", pool.strategy.name(), pool.name);
    to.cannot(Feature::of(pool.strategy), sentence);
}

fn sticky(pool: &ResolvedPool, to: &mut Writer) {
    let (name, sticky) = (&pool.name, &pool.sticky);
    let cookie = "a route has none, it binds by a cookie in its place, and clients move once";
    match &sticky.by {
        StickyBy::Cookie => {
            let sentence =
                format!("sticky cookie of {name}: the Gateway gives out cookies of its own, clients move once");
            to.cannot(Feature::StickyCookie, sentence);
        }
        StickyBy::Header(header) => {
            to.cannot(Feature::StickyHeader, format!("sticky header {header} of {name}: {cookie}"));
        }
        StickyBy::Query(parameter) => {
            to.cannot(Feature::StickyQuery, format!("sticky query {parameter} of {name}: {cookie}"));
        }
        StickyBy::Learn(_) => to.cannot(Feature::StickyLearn, format!("sticky learn of {name}: {cookie}")),
        StickyBy::Custom => to.cannot(Feature::StickyHeader, format!("sticky of {name}: {cookie}")),
        _ => {}
    }
    if sticky.fixed_without_key && sticky.by != StickyBy::Off {
        to.cannot(
            Feature::Missing,
            format!("sticky.missing of {name}: clients without a key go where the Gateway says"),
        );
    }
    if sticky.fails && sticky.by != StickyBy::Off {
        to.cannot(
            Feature::OnFailure,
            format!("sticky.onFailure of {name}: clients of a pod that is not ready go to another"),
        );
    }
}

fn of_backend(backend: &ResolvedBackend, to: &mut Writer) {
    let name = &backend.name;
    match backend.intent {
        Intent::Maint => to.comment(format!("{name} is in maintenance and not counted.")),
        Intent::Drain => to.comment(format!("{name} is being drained and not counted.")),
        Intent::InService => {}
    }
    let is_http = !matches!(backend.scheme, ResolvedScheme::Tcp);
    let said = [
        (backend.weight == 0, Feature::WeightZero, "weight 0", "a pod cannot be drained for long, it is not counted"),
        (
            backend.backup,
            Feature::Backup,
            "backup",
            "a Service has no backups, it is not counted where there are others",
        ),
        (backend.max_connections > 0, Feature::MaxConnections, "maxConnections", "a Gateway has none"),
        (backend.max_queue > 0, Feature::Queue, "maxQueue", "a Gateway has none, requests do not wait"),
        (
            backend.min_idle > 0 || (is_http && backend.idle_timeout_millis != 4000),
            Feature::Idle,
            "minIdle, idleTimeout",
            "a Gateway has neither",
        ),
        (
            backend.slow_start_millis > 0,
            Feature::SlowStart,
            "slowStart",
            "a Gateway has none, it gets its full share at once",
        ),
        (backend.proxy_protocol > 0, Feature::ProxyToBackends, "proxyProtocol", "a Gateway sends none"),
        (matches!(backend.scheme, ResolvedScheme::Unix(_)), Feature::Unix, "unix", "a pod must listen at a port"),
    ];
    for (is_said, feature, what, why) in said {
        if is_said {
            to.cannot(feature, format!("{what} of {name}: {why}"));
        }
    }
}
