//! nginx in the table of what each engine can do.

use crate::export::feature::{Feature, Support};
use crate::export::nginx_version::NginxVersion;

use Support::{Not, Part, Whole};

/// What is missing where nginx hashes.
const MOVES: &str = "clients move once";

/// How it does what ours does, in this version.
pub(super) fn support(feature: Feature, version: NginxVersion) -> Support {
    let has_sticky = version >= NginxVersion::STICKY;
    match feature {
        Feature::RoundRobin | Feature::SmoothRoundRobin => Whole("the default"),
        Feature::LeastConnections => Whole("least_conn"),
        Feature::Random => Whole("random"),
        Feature::PowerOfTwo => Whole("random two least_conn"),
        Feature::LeastLatency if version >= NginxVersion::LEAST_TIME => Whole("least_time"),
        Feature::Hash | Feature::StickyIp | Feature::StickyHeader | Feature::StickyQuery => {
            Part("hash … consistent", MOVES)
        }
        Feature::Weight => Whole("weight"),
        Feature::WeightZero => Whole(if has_sticky { "drain, down" } else { "down" }),
        Feature::First => Part("backup", "behind the first one the others take turns"),
        Feature::Backup => Whole("backup"),
        Feature::StickyCookie if has_sticky => Whole("sticky cookie, route"),
        Feature::StickyCookie => Whole("map $http_cookie, map $upstream_addr"),
        Feature::StickyLearn if has_sticky => Part("sticky learn", "begins anew, reads no bodies"),
        Feature::Missing => Whole("hash of one key for all of them"),
        Feature::OnFailure => Whole("one upstream for each backend"),
        Feature::MaxConnections => Whole("max_conns, zone"),
        Feature::Idle => Part("keepalive, keepalive_timeout", "none is opened ahead"),
        Feature::Ejection => {
            Part("max_fails, fail_timeout", "no statuses, the same time each time, no limit to how many")
        }
        Feature::RetryConnect => Part("proxy_next_upstream error timeout", "with no-response alone"),
        Feature::RetryNoResponse => Whole("proxy_next_upstream error timeout"),
        Feature::RetryStatus => Whole("proxy_next_upstream http_503 …"),
        Feature::Routes | Feature::RouteUpgrade => Whole("map"),
        Feature::Names => Whole("map, return 404"),
        Feature::Tcp => Whole("stream"),
        Feature::ProxyFromClients => Whole("listen … proxy_protocol"),
        Feature::ProxyToBackends => Part("proxy_protocol", "in TCP mode and version 1 alone"),
        Feature::Unix => Whole("server unix:"),
        Feature::BackendTls => Part("proxy_ssl_verify, proxy_ssl_name", "all backends are verified or none"),
        Feature::Tls => Whole("listen … ssl"),
        Feature::PlainOnTls => Whole("error_page 497"),
        Feature::Access => Whole("allow, deny"),
        Feature::ConnectionsPerIp => Part("limit_conn", "idle connections are not counted"),
        Feature::Rate => Whole("limit_req"),
        Feature::TrustedProxies => Part("set_real_ip_from", "X-Forwarded-For, -Proto and -Host alone"),
        Feature::HostHeader => Part("proxy_set_header Host", "one for all backends of a pool"),
        Feature::Timeouts => Part("proxy_read_timeout …", "an answer that pauses is cut"),
        Feature::Limits if version >= NginxVersion::MAX_HEADERS => Whole("client_max_body_size …"),
        Feature::Limits => Part("client_max_body_size …", "header fields are not counted"),
        Feature::User => Part("user", "needs a group of the same name"),
        _ => Not,
    }
}
