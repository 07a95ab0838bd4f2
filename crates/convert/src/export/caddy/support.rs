//! The table of what Caddy does.

use crate::export::feature::{Feature, Support};

/// How Caddy does what ours does.
pub(in crate::export) fn support(feature: Feature) -> Support {
    use Support::{Not, Part, Whole};
    match feature {
        Feature::RoundRobin | Feature::Weight => Whole("weighted_round_robin"),
        Feature::SmoothRoundRobin => Whole("weighted_round_robin, each backend's turns in a row"),
        Feature::LeastConnections => Whole("least_conn, without weights"),
        Feature::Random => Whole("random; with weights weighted_round_robin"),
        Feature::PowerOfTwo => Part("least_conn, without weights", "the least busy of all, not of two"),
        Feature::First => Whole("first"),
        Feature::WeightZero => Whole("left to its own clients' handle"),
        Feature::Backup => Whole("reverse_proxy in handle_errors"),
        Feature::StickyCookie => Whole("a handle for each backend's clients, by header_regexp Cookie"),
        Feature::Hash | Feature::StickyIp => Part("client_ip_hash", "clients move once"),
        Feature::StickyHeader => Part("lb_policy header", "clients move once"),
        Feature::StickyQuery => Part("lb_policy query", "clients move once"),
        Feature::StickyLearn => Part("client_ip_hash", "clients are bound by their address"),
        Feature::Missing => Whole("fallback first"),
        Feature::OnFailure => Whole("one upstream in each handle"),
        Feature::MaxConnections => Part("unhealthy_request_count", "one limit for all backends of a pool"),
        Feature::Idle => Part("keepalive", "no minIdle"),
        Feature::CheckHttp => {
            Part("health_uri, health_method, health_headers, health_status", "one status or class; alike for a pool")
        }
        Feature::CheckExpect => Part("health_body", "no JSON"),
        Feature::CheckSecrets => Part("{env.NAME}", "other secrets are left out"),
        Feature::RiseFall => Part("health_passes, health_fails", "counted in a row or not"),
        Feature::Ejection => {
            Part("max_fails, fail_duration, unhealthy_status", "counted in a row or not; no maxEjectedPercent")
        }
        Feature::RetryConnect => Whole("lb_retries"),
        Feature::RetryNoResponse => Part("lb_retry_match", "neither PUT nor DELETE"),
        Feature::RetryStatus => Part("lb_retry_match", "the body of the last answer is lost"),
        Feature::Hold => Whole("lb_try_duration"),
        Feature::Routes => Whole("vars_regexp, host, header_regexp Host"),
        Feature::RouteUpgrade => Whole("header_regexp Upgrade"),
        Feature::Names => Whole("host"),
        Feature::ProxyFromClients => Part("listener_wrappers proxy_protocol", "it does not insist on the header"),
        Feature::ProxyToBackends => Part("transport http proxy_protocol", "alike for a pool, and no checks"),
        Feature::Unix => Whole("unix//path"),
        Feature::BackendTls => Part("transport http tls", "alike for a pool"),
        Feature::Tls => Whole("tls CERT KEY"),
        Feature::OwnAuthority => Part("tls with issuer internal", "its authority is another one"),
        Feature::PlainOnTls => Whole("listener_wrappers http_redirect"),
        Feature::Access => Whole("client_ip"),
        Feature::TrustedProxies => Part("trusted_proxies static", "X-Forwarded-* alone, not Forwarded"),
        Feature::HostHeader => Whole("header_up Host"),
        Feature::Timeouts => Part("timeouts, dial_timeout, response_header_timeout, grace_period", "no tunnelIdle"),
        Feature::Limits => Part("max_header_size, request_body max_size", "neither connections nor headers"),
        _ => Not,
    }
}
