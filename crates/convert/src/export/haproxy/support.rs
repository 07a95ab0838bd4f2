//! How far HAProxy does what ours does.

use super::Feature;
use crate::export::feature::Support;

/// How it does what ours does.
pub(in crate::export) fn support(feature: Feature) -> Support {
    use Support::{Not, Part, Whole};
    match feature {
        Feature::RoundRobin | Feature::SmoothRoundRobin => Whole("balance roundrobin"),
        Feature::LeastConnections => Whole("balance leastconn"),
        Feature::Random => Whole("balance random(1)"),
        Feature::PowerOfTwo => Whole("balance random(2)"),
        Feature::Hash => Part("balance source, hash-type consistent", "another hash: clients move once"),
        Feature::First => Whole("balance first"),
        Feature::Weight => Part("weight", "beyond 256 they are scaled"),
        Feature::WeightZero => Whole("weight 0"),
        Feature::Backup => Whole("backup, option allbackups"),
        Feature::StickyCookie => Whole("cookie … insert indirect, with the same ids"),
        Feature::StickyIp => Part("balance source, or stick on src for TCP", "clients move once"),
        Feature::StickyHeader => Part("balance hdr()", "another hash: clients move once"),
        Feature::StickyQuery => Part("balance url_param", "another hash: clients move once"),
        Feature::StickyLearn => Part("stick store-response, stick match", "ids are learned anew; not those in bodies"),
        Feature::Missing => Whole("balance hash"),
        Feature::OnFailure => Whole("force-persist"),
        Feature::Expiry => Whole("stick-table … expire"),
        Feature::MaxConnections => Whole("maxconn"),
        Feature::Queue => Part("maxqueue, timeout queue", "503 in place of 429"),
        Feature::Idle => Part("pool-purge-delay", "none is opened ahead"),
        Feature::SlowStart => Whole("slowstart"),
        Feature::CheckHttp => Whole("option httpchk, http-check send, http-check expect status"),
        Feature::CheckTcp => Whole("check"),
        Feature::CheckWebsocket => Whole("http-check expect status 101, hdr"),
        Feature::CheckCommand => Part("external-check", "its arguments are HAProxy's"),
        Feature::CheckExpect => Part("http-check expect string", "JSON as text"),
        Feature::CheckSecrets => Part("hdr … %[env()]", "other values are left out"),
        Feature::RiseFall => Whole("rise, fall"),
        Feature::Ejection => {
            Part("observe, error-limit, on-error mark-down", "until a check passes; every 5xx or none")
        }
        Feature::RetryConnect => Whole("retries, option redispatch, retry-on conn-failure"),
        Feature::RetryNoResponse => Whole("retry-on empty-response, http-request disable-l7-retry"),
        Feature::RetryStatus => Whole("retry-on"),
        Feature::Routes => Whole("acl, use_backend"),
        Feature::RouteUpgrade => Whole("use_backend by Upgrade"),
        Feature::Names => Whole("use_backend by host, http-request return status 404"),
        Feature::Tcp => Whole("mode tcp"),
        Feature::ProxyFromClients => Whole("accept-proxy"),
        Feature::ProxyToBackends => Whole("send-proxy, send-proxy-v2"),
        Feature::Unix => Whole("server … unix@"),
        Feature::BackendTls => Whole("ssl verify, sni, verifyhost"),
        Feature::Tls => Part("bind … ssl crt", "the key must be beside the certificate, as NAME.key"),
        Feature::Access => Whole("http-request deny, tcp-request connection reject"),
        Feature::ConnectionsPerIp => Whole("stick-table … store conn_cur"),
        Feature::Rate => Whole("stick-table … store gpc0_rate(1s)"),
        Feature::TrustedProxies => Part("http-request set-src", "X-Forwarded-* alone, not Forwarded"),
        Feature::HostHeader => Part("http-request set-header Host", "where all backends of a pool have the same"),
        Feature::Timeouts => Part("timeout", "a pause within an answer counts as well"),
        Feature::Limits => Part("maxconn, tune.bufsize, tune.http.maxhdr, http-request deny", "not bodies in chunks"),
        Feature::User => Part("user", "its group must be named"),
        Feature::LeastLatency
        | Feature::RetryBudget
        | Feature::Hold
        | Feature::OwnAuthority
        | Feature::PlainOnTls
        | Feature::AnyPort
        | Feature::Agent
        | Feature::Mail
        | Feature::Alerts => Not,
    }
}
