//! A configuration as other programs are told it: [`ResolvedConfig`].

use std::path::Path;
use std::time::Duration;

use super::access::AccessConfig;
use super::address::Scheme;
use super::backend::{BackendConfig, ProxyProtocol};
use super::cookie::CookieConfig;
use super::expect::Expect;
use super::health::HealthCheck;
use super::limits::Limits;
use super::listener::ListenerConfig;
use super::passive::Passive;
use super::pool::PoolConfig;
use super::retry::RetryConfig;
use super::root::Config;
use super::route::RouteConfig;
use super::secret::{Secret, Source};
use super::statuses::Statuses;
use super::sticky::{MissingKey, OnFailure, StickyConfig};
use super::timeouts::Timeouts;
use super::tls::{PlainHttp, TlsConfig, TlsVersion};
use crate::api::{
    Intent, ResolvedAccess, ResolvedBackend, ResolvedCertificate, ResolvedCheck, ResolvedConfig, ResolvedCookie,
    ResolvedExpect, ResolvedHeader, ResolvedLimits, ResolvedListener, ResolvedPassive, ResolvedPool, ResolvedRetry,
    ResolvedRoute, ResolvedScheme, ResolvedSticky, ResolvedTimeouts, ResolvedTls, ResolvedValue,
};

/// Fields of a check whose values are no secrets; those of all others may be.
const TOLD: [&str; 9] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-type",
    "host",
    "user-agent",
];

impl Config {
    /// The same with every default filled in and everything worked out that follows from several keys, as plain data without
    /// secrets.
    pub fn resolved(&self) -> ResolvedConfig {
        ResolvedConfig {
            listeners: (0..self.listeners.len()).map(|number| self.resolved_listener(number)).collect(),
            pools: self.pools.iter().map(|pool| self.resolved_pool(pool)).collect(),
            retry: retry(&self.retry),
            timeouts: timeouts(&self.timeouts),
            limits: limits(&self.limits),
            access: access(&self.access),
            trusted_proxies: self.trusted_proxies.iter().map(ToString::to_string).collect(),
            hold_millis: millis(self.hold),
            host_header: self.host_header,
            downgrade_to_user: self.downgrade_to_user.clone(),
            sends_mail: self.email.is_some(),
            alerts: self.alerts.len(),
        }
    }

    fn resolved_listener(&self, number: usize) -> ResolvedListener {
        let listener: &ListenerConfig = &self.listeners[number];
        let names = if self.named_listener() == Some(number) { self.names_as_routes() } else { Vec::new() };
        ResolvedListener {
            host: listener.host,
            both_loopbacks: self.is_on_both_loopbacks(listener),
            port: listener.port,
            mode: listener.mode,
            routes: listener.routes.iter().chain(&names).map(route).collect(),
            pool: listener.pool.clone(),
            refuses_unknown_hosts: !names.is_empty(),
            proxy_protocol: listener.proxy_protocol,
            tls: listener.tls.as_ref().map(tls),
        }
    }

    fn names_as_routes(&self) -> Vec<RouteConfig> {
        let named = self.pools.iter().flat_map(|pool| pool.names.iter().map(|name| (name, pool.name.as_str())));
        named.map(|(name, pool)| RouteConfig { host: Some(name.clone()), ..RouteConfig::new(pool) }).collect()
    }

    fn resolved_pool(&self, pool: &PoolConfig) -> ResolvedPool {
        let pool = self.with_secure_decided(pool);
        ResolvedPool {
            mode: self.mode_of(&pool.name),
            strategy: pool.strategy,
            sticky: sticky(&pool.sticky),
            backends: pool.backends.iter().map(backend).collect(),
            name: pool.name,
        }
    }
}

fn route(route: &RouteConfig) -> ResolvedRoute {
    ResolvedRoute {
        upgrade: route.upgrade.clone(),
        path_prefix: route.path_prefix.clone(),
        host: route.host.clone(),
        pool: route.pool.clone(),
    }
}

fn tls(tls: &TlsConfig) -> ResolvedTls {
    // Another program may run in another folder.
    let path = |file: &Path| std::path::absolute(file).as_deref().unwrap_or(file).display().to_string();
    let files =
        tls.certificates.iter().map(|files| ResolvedCertificate { cert: path(&files.cert), key: path(&files.key) });
    ResolvedTls {
        certificates: files.collect(),
        only_1_3: tls.min_version == TlsVersion::V1_3,
        refuses_plain: tls.plain == PlainHttp::Refuse,
    }
}

fn sticky(sticky: &StickyConfig) -> ResolvedSticky {
    ResolvedSticky {
        by: sticky.by.clone(),
        cookie: cookie(&sticky.cookie),
        fixed_without_key: sticky.missing == MissingKey::Fixed,
        fails: sticky.on_failure == OnFailure::Fail,
        expiry_millis: millis(sticky.expiry),
    }
}

fn cookie(cookie: &CookieConfig) -> ResolvedCookie {
    ResolvedCookie {
        name: cookie.name.clone(),
        max_age: cookie.max_age,
        same_site: cookie.same_site,
        secure: cookie.secure.unwrap_or(false),
        path: cookie.path.clone(),
        domain: cookie.domain.clone(),
    }
}

fn backend(backend: &BackendConfig) -> ResolvedBackend {
    let (address, limits) = (&backend.address, &backend.limits);
    ResolvedBackend {
        id: backend.id,
        name: backend.name.clone(),
        scheme: match &address.scheme {
            Scheme::Http => ResolvedScheme::Http,
            Scheme::Https => ResolvedScheme::Https,
            Scheme::Unix(path) => ResolvedScheme::Unix(path.display().to_string()),
            Scheme::Tcp => ResolvedScheme::Tcp,
        },
        host: address.host.clone(),
        port: address.port,
        weight: backend.weight,
        intent: Intent::InService,
        backup: backend.backup,
        slow_start_millis: millis(backend.slow_start),
        max_connections: limits.max_connections,
        max_queue: limits.max_queue,
        queue_timeout_millis: millis(limits.queue_timeout),
        min_idle: limits.min_idle,
        idle_timeout_millis: millis(limits.idle_timeout),
        verify: backend.tls.verify,
        server_name: backend.tls.server_name.clone(),
        proxy_protocol: match backend.proxy_protocol {
            None => 0,
            Some(ProxyProtocol::V1) => 1,
            Some(ProxyProtocol::V2) => 2,
        },
        check: check(backend),
    }
}

fn check(backend: &BackendConfig) -> ResolvedCheck {
    let health: &HealthCheck = &backend.health;
    ResolvedCheck {
        algorithm: health.algorithm,
        interval_millis: millis(health.interval_for(&backend.address)),
        timeout_millis: millis(health.timeout),
        method: health.method.to_string(),
        path: format!("{}{}", backend.address.base_path, health.path),
        headers: health.headers.iter().map(|(name, value)| header(name.as_str(), value)).collect(),
        expect: expect(&health.expect),
        command: health.command.clone(),
        agent: health.agent,
        rise: health.rise,
        fall: health.fall,
        passive: passive(&health.passive),
    }
}

fn header(name: &str, value: &Secret) -> ResolvedHeader {
    let value = match value.source() {
        Source::Environment(variable) => ResolvedValue::Environment(variable.clone()),
        Source::Here if TOLD.contains(&name) => ResolvedValue::Plain(value.reveal().to_owned()),
        Source::Here | Source::File => ResolvedValue::Hidden,
    };
    ResolvedHeader { name: name.to_owned(), value }
}

fn expect(expect: &Expect) -> ResolvedExpect {
    ResolvedExpect {
        status: expect.status.as_ref().map(ranges).unwrap_or_default(),
        body: expect.body.clone(),
        json: expect.json.clone(),
    }
}

fn passive(passive: &Passive) -> ResolvedPassive {
    ResolvedPassive {
        failures: passive.failures,
        statuses: ranges(&passive.statuses),
        eject_for_millis: millis(passive.eject_for),
        max_ejected_percent: passive.max_ejected_percent,
    }
}

fn ranges(statuses: &Statuses) -> Vec<(u16, u16)> {
    statuses.ranges().map(|range| (*range.start(), *range.end())).collect()
}

fn retry(retry: &RetryConfig) -> ResolvedRetry {
    ResolvedRetry {
        attempts: retry.attempts,
        on_connect: retry.on_connect,
        on_no_response: retry.on_no_response,
        statuses: retry.statuses.clone(),
        body_limit: retry.body_limit,
        budget_percent: retry.budget_percent,
    }
}

fn timeouts(timeouts: &Timeouts) -> ResolvedTimeouts {
    ResolvedTimeouts {
        connect_millis: millis(timeouts.connect),
        request_headers_millis: millis(timeouts.request_headers),
        response_millis: millis(timeouts.response),
        idle_millis: millis(timeouts.idle),
        tunnel_idle_millis: millis(timeouts.tunnel_idle),
        shutdown_millis: millis(timeouts.shutdown),
    }
}

fn limits(limits: &Limits) -> ResolvedLimits {
    ResolvedLimits {
        connections: limits.connections,
        header_bytes: limits.header_bytes,
        headers: limits.headers,
        body_bytes: limits.body_bytes,
    }
}

fn access(access: &AccessConfig) -> ResolvedAccess {
    ResolvedAccess {
        allow: access.allow.iter().map(ToString::to_string).collect(),
        deny: access.deny.iter().map(ToString::to_string).collect(),
        connections_per_ip: access.connections_per_ip,
        requests_per_second_per_ip: access.requests_per_second_per_ip,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
