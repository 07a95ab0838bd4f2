//! What a connection passes through.

use stickylb::api::ResolvedAccess;

use super::block::{block, extension, item, seconds};
use super::forwarded::{self, Trust, range};
use super::scope::Listener;
use super::{routes, sticky};
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// Addresses whose requests are counted at one time.
const COUNTED_ADDRESSES: u32 = 10_000;
/// Requests in a second from all addresses together: no limit, but Envoy asks for one.
const ALL_REQUESTS: u32 = 1_000_000_000;
/// The most that Envoy takes, in KB.
const MOST_HEADER_KB: usize = 8192;

/// HTTP by routes.
pub(super) fn http(this: &Listener, trust: Trust, to: &mut Writer) {
    let config = this.config;
    manager(this, to, |to| {
        forwarded::client_address(trust, &config.trusted_proxies, to);
        block(to, "route_config:", |to| routes::write(this, trust, to));
        block(to, "http_filters:", |to| {
            http_access(&config.access, to);
            rate(&config.access, to);
            sticky::filters(this, to);
            router(to);
        });
    });
}

/// To the same URL with https, as it was asked for.
pub(super) fn redirect(this: &Listener, to: &mut Writer) {
    manager(this, to, |to| {
        to.line("use_remote_address: true");
        block(to, "route_config:", |to| {
            block(to, "virtual_hosts:", |to| {
                item(to, "name: to-https", |to| {
                    to.line("domains: [\"*\"]");
                    block(to, "routes:", |to| {
                        item(to, "match: {prefix: /}", |_| {});
                        to.line("  redirect: {https_redirect: true, response_code: TEMPORARY_REDIRECT}");
                    });
                });
            });
        });
        block(to, "http_filters:", router);
    });
}

/// An HTTP connection manager: what all of them have, and the rest.
fn manager(this: &Listener, to: &mut Writer, rest: impl FnOnce(&mut Writer)) {
    let (timeouts, limits) = (&this.config.timeouts, &this.config.limits);
    let kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
    extension(to, "envoy.filters.network.http_connection_manager", kind, |to| {
        to.line(format!("stat_prefix: listener-{}", this.number));
        to.line("server_header_transformation: PASS_THROUGH");
        to.line(format!("max_request_headers_kb: {}", limits.header_bytes.div_ceil(1024).clamp(1, MOST_HEADER_KB)));
        block(to, "common_http_protocol_options:", |to| {
            to.line(format!("idle_timeout: {}", seconds(timeouts.idle_millis)));
            to.line(format!("max_headers_count: {}", limits.headers.max(1)));
        });
        to.line("http_protocol_options: {accept_http_10: true, default_host_for_http_10: localhost}");
        to.line(format!("request_headers_timeout: {}", seconds(timeouts.request_headers_millis)));
        to.comment("A stream of events may be silent for as long as it likes.");
        to.line("stream_idle_timeout: 0s");
        upgrades(this, to);
        rest(to);
    });
}

/// The protocols that a connection may be upgraded to.
fn upgrades(this: &Listener, to: &mut Writer) {
    to.comment("Upgrades to other protocols are refused: add those that are used.");
    block(to, "upgrade_configs:", |to| {
        for protocol in routes::protocols(this.ours) {
            to.line(format!("- upgrade_type: {}", quoted(&protocol)));
        }
    });
}

fn router(to: &mut Writer) {
    let kind = "envoy.extensions.filters.http.router.v3.Router";
    extension(to, "envoy.filters.http.router", kind, |to| to.line("suppress_envoy_headers: true"));
}

fn http_access(access: &ResolvedAccess, to: &mut Writer) {
    if has_rules(access) {
        extension(to, "envoy.filters.http.rbac", "envoy.extensions.filters.http.rbac.v3.RBAC", |to| rules(access, to));
    }
}

/// Who may connect in TCP mode.
pub(super) fn network_access(access: &ResolvedAccess, to: &mut Writer) {
    if has_rules(access) {
        let kind = "envoy.extensions.filters.network.rbac.v3.RBAC";
        extension(to, "envoy.filters.network.rbac", kind, |to| {
            to.line("stat_prefix: access");
            rules(access, to);
        });
    }
}

fn has_rules(access: &ResolvedAccess) -> bool {
    !access.allow.is_empty() || !access.deny.is_empty()
}

fn rules(access: &ResolvedAccess, to: &mut Writer) {
    let networks = |to: &mut Writer, networks: &[String]| {
        block(to, "ids:", |to| networks.iter().for_each(|network| to.line(format!("- remote_ip: {}", range(network)))));
    };
    block(to, "rules:", |to| {
        to.line(format!("action: {}", if access.allow.is_empty() { "DENY" } else { "ALLOW" }));
        block(to, "policies:", |to| {
            block(to, "access:", |to| {
                to.line("permissions: [{any: true}]");
                block(to, "principals:", |to| match (access.allow.as_slice(), access.deny.as_slice()) {
                    ([], deny) => item(to, "or_ids:", |to| networks(to, deny)),
                    (allow, []) => item(to, "or_ids:", |to| networks(to, allow)),
                    (allow, deny) => item(to, "and_ids:", |to| {
                        block(to, "ids:", |to| {
                            item(to, "or_ids:", |to| networks(to, allow));
                            item(to, "not_id:", |to| block(to, "or_ids:", |to| networks(to, deny)));
                        });
                    }),
                });
            });
        });
    });
}

fn rate(access: &ResolvedAccess, to: &mut Writer) {
    let rate = access.requests_per_second_per_ip;
    if rate == 0 {
        return;
    }
    let kind = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
    let bucket = |requests: u32| {
        format!("token_bucket: {{max_tokens: {requests}, tokens_per_fill: {requests}, fill_interval: 1s}}")
    };
    extension(to, "envoy.filters.http.local_ratelimit", kind, |to| {
        to.line("stat_prefix: rate");
        to.line("filter_enabled: {default_value: {numerator: 100}}");
        to.line("filter_enforced: {default_value: {numerator: 100}}");
        to.line("rate_limits: [{actions: [{remote_address: {}}]}]");
        to.comment("A bucket for each address, made when its first request comes.");
        block(to, "descriptors:", |to| {
            item(to, "entries: [{key: remote_address}]", |_| {});
            to.line(format!("  {}", bucket(rate)));
        });
        to.line(format!("max_dynamic_descriptors: {COUNTED_ADDRESSES}"));
        to.line("always_consume_default_token_bucket: false");
        to.line(bucket(ALL_REQUESTS));
    });
}
