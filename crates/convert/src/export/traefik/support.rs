//! How Traefik does what ours does.

use crate::export::feature::{Feature, Support};

/// How it does what ours does.
pub(crate) fn support(feature: Feature) -> Support {
    use Feature as F;
    use Support::{Not, Part, Whole};
    match feature {
        F::RoundRobin | F::SmoothRoundRobin => Whole("wrr, weighted"),
        F::LeastConnections => Part("p2c", "the less busy of two, without weights"),
        F::PowerOfTwo => Whole("p2c"),
        F::LeastLatency => Whole("leasttime"),
        F::Hash | F::StickyIp => Part("hrw", "clients move once"),
        F::First | F::Backup => Whole("failover"),
        F::Weight => Whole("weight"),
        F::WeightZero => Whole("weight: 0"),
        F::StickyCookie => Whole("weighted services named by id, sticky.cookie"),
        F::MaxConnections => Part("inFlightReq", "beyond it 429, no other backend"),
        F::Idle => Part("idleConnTimeout", "none are opened ahead"),
        F::CheckHttp => Part("healthCheck", "one status, or 2xx and 3xx"),
        F::CheckTcp => Part("healthCheck of TCP services", "not for HTTP"),
        F::CheckSecrets => Part("env of the file's template", "values from the configuration are left out"),
        F::Ejection => Part("passiveHealthCheck", "every 5xx counts, until the next check passes"),
        F::RetryConnect => Whole("retry"),
        F::RetryNoResponse => Part("retry.status 502", "a backend's own 502 is repeated too"),
        F::RetryStatus => Whole("retry.status"),
        F::RetryBudget => Part("retry.maxRequestBodyBytes", "no budget"),
        F::Routes => Whole("Host, HostRegexp, Path, PathPrefix"),
        F::RouteUpgrade => Whole("HeaderRegexp"),
        F::Names => Whole("Host"),
        F::Tcp => Whole("tcp"),
        F::ProxyFromClients => Whole("entryPoints.proxyProtocol"),
        F::ProxyToBackends => Part("tcp.serversTransports.proxyProtocol", "not for HTTP"),
        F::BackendTls => Whole("serversTransport"),
        F::Tls => Whole("tls.certificates, minVersion"),
        F::PlainOnTls => Whole("a router without tls, redirectScheme"),
        F::Access => Whole("ipAllowList, ClientIP"),
        F::ConnectionsPerIp => Part("inFlightConn for TCP, inFlightReq", "HTTP requests are counted"),
        F::Rate => Whole("rateLimit"),
        F::TrustedProxies => Whole("forwardedHeaders.trustedIPs"),
        F::HostHeader => Whole("passHostHeader"),
        F::Timeouts => Part("dialTimeout, responseHeaderTimeout, idleTimeout", "requestHeaders, tunnelIdle"),
        F::Limits => Part("maxHeaderBytes, buffering", "connections, headers"),
        F::Random
        | F::StickyHeader
        | F::StickyQuery
        | F::StickyLearn
        | F::Missing
        | F::OnFailure
        | F::Expiry
        | F::Queue
        | F::SlowStart
        | F::CheckWebsocket
        | F::CheckCommand
        | F::CheckExpect
        | F::RiseFall
        | F::Agent
        | F::Hold
        | F::Unix
        | F::OwnAuthority
        | F::AnyPort
        | F::User
        | F::Mail
        | F::Alerts => Not,
    }
}
