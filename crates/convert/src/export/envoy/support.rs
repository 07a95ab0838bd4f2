//! What Envoy does of what ours does.

use crate::export::feature::{Feature, Support};

/// How it does what ours does.
pub(in crate::export) fn support(feature: Feature) -> Support {
    use Support::{Not, Part, Whole};
    match feature {
        Feature::RoundRobin | Feature::SmoothRoundRobin => Whole("ROUND_ROBIN"),
        Feature::LeastConnections => Whole("LEAST_REQUEST"),
        Feature::Random => Whole("RANDOM, with weights MAGLEV"),
        Feature::PowerOfTwo => Whole("LEAST_REQUEST, choice_count 2"),
        Feature::Hash => Part("RING_HASH", "clients move once"),
        Feature::First | Feature::Backup => Whole("priority"),
        Feature::Weight => Whole("load_balancing_weight"),
        Feature::WeightZero => Whole("default_subset, or left out"),
        Feature::StickyCookie => Whole("header_to_metadata, lb_subset_config"),
        Feature::StickyIp => Part("RING_HASH, source_ip", "clients move once"),
        Feature::StickyHeader => Part("RING_HASH, header", "clients move once"),
        Feature::StickyQuery => Part("RING_HASH, query_parameter", "clients move once"),
        Feature::Missing => Whole("hash_policy, terminal"),
        Feature::OnFailure => Whole("lb_subset_config without a fallback"),
        Feature::MaxConnections => Part("circuit_breakers, per_host_thresholds", "one for all backends of a pool"),
        Feature::Queue => Part("circuit_breakers, max_pending_requests", "one for a pool, and queueTimeout"),
        Feature::Idle => Part("idle_timeout", "minIdle"),
        Feature::SlowStart => Part("slow_start_config", "one for all backends of a pool"),
        Feature::CheckHttp => Whole("http_health_check"),
        Feature::CheckTcp => Whole("tcp_health_check"),
        Feature::CheckWebsocket => Part("tcp_health_check", "the handshake"),
        Feature::CheckExpect => Part("receive", "json"),
        Feature::CheckSecrets => Part("%ENVIRONMENT(NAME)%", "values that are written in the configuration"),
        Feature::RiseFall => Whole("healthy_threshold, unhealthy_threshold"),
        Feature::Ejection => Part("outlier_detection", "answers 502 to 504 count, unless a cookie binds"),
        Feature::RetryConnect => Whole("retry_on: connect-failure"),
        Feature::RetryNoResponse => Whole("retry_on: reset, in routes by method"),
        Feature::RetryStatus => Whole("retry_on: retriable-status-codes"),
        Feature::Routes => Whole("virtual_hosts, path_separated_prefix"),
        Feature::RouteUpgrade => Part("headers: upgrade", "protocols that have no name"),
        Feature::Names => Whole("virtual_hosts, direct_response 404"),
        Feature::Tcp => Whole("tcp_proxy"),
        Feature::ProxyFromClients => Whole("proxy_protocol, direct_source_prefix_ranges"),
        Feature::ProxyToBackends => Whole("upstream_proxy_protocol"),
        Feature::Unix => Whole("pipe"),
        Feature::BackendTls => Whole("UpstreamTlsContext"),
        Feature::Tls => Whole("DownstreamTlsContext"),
        Feature::PlainOnTls => Whole("tls_inspector, https_redirect"),
        Feature::Access => Whole("rbac"),
        Feature::Rate => Whole("local_ratelimit"),
        Feature::TrustedProxies => Whole("xff_trusted_cidrs"),
        Feature::HostHeader => Part("auto_host_rewrite", "Location stays as it is"),
        Feature::Timeouts => Whole("per_try_timeout, idle_timeout, …"),
        Feature::Limits => Part("overload_manager, max_request_headers_kb, …", "bodies without a Content-Length"),
        Feature::LeastLatency
        | Feature::StickyLearn
        | Feature::Expiry
        | Feature::CheckCommand
        | Feature::Agent
        | Feature::RetryBudget
        | Feature::Hold
        | Feature::OwnAuthority
        | Feature::ConnectionsPerIp
        | Feature::AnyPort
        | Feature::User
        | Feature::Mail
        | Feature::Alerts => Not,
    }
}
