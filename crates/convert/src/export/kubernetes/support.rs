//! How Kubernetes does what ours does.

use crate::export::feature::{Feature, Support};

/// How it does what ours does.
pub(crate) fn support(feature: Feature) -> Support {
    use Feature as F;
    use Support::{Not, Part, Whole};
    match feature {
        F::RoundRobin | F::SmoothRoundRobin => Part("Service", "the Gateway decides how pods are chosen"),
        F::StickyCookie => Part("sessionPersistence, experimental", "clients move once"),
        F::StickyIp => Part("sessionAffinity: ClientIP", "Gateways pass by it, clients move once"),
        F::Expiry => Whole("timeoutSeconds of ClientIP"),
        F::CheckHttp => Part("readinessProbe httpGet", "GET, every 2xx and 3xx, whole seconds"),
        F::CheckTcp => Whole("readinessProbe tcpSocket"),
        F::CheckCommand => Part("readinessProbe exec", "in the pod"),
        F::RiseFall => Whole("successThreshold, failureThreshold"),
        F::RetryConnect => Whole("retry of HTTPRoute, experimental"),
        F::RetryNoResponse | F::RetryStatus => Part("retry of HTTPRoute, experimental", "a POST may be sent twice"),
        F::Routes => Part("HTTPRoute", "the most specific counts"),
        F::RouteUpgrade => Part("headers of HTTPRoute", "upgrade true and false"),
        F::Names => Part("hostnames", "addresses are 404"),
        F::Tcp => Whole("TCPRoute"),
        F::BackendTls => Part("BackendTLSPolicy", "one name, always checked"),
        F::Tls => Part("certificateRefs of a Gateway", "minVersion"),
        F::Timeouts => Part("timeouts of HTTPRoute", "whole answers alone: none is set"),
        F::LeastConnections
        | F::Random
        | F::PowerOfTwo
        | F::LeastLatency
        | F::Hash
        | F::First
        | F::Weight
        | F::WeightZero
        | F::Backup
        | F::StickyHeader
        | F::StickyQuery
        | F::StickyLearn
        | F::Missing
        | F::OnFailure
        | F::MaxConnections
        | F::Queue
        | F::Idle
        | F::SlowStart
        | F::CheckWebsocket
        | F::CheckExpect
        | F::CheckSecrets
        | F::Agent
        | F::Ejection
        | F::RetryBudget
        | F::Hold
        | F::ProxyFromClients
        | F::ProxyToBackends
        | F::Unix
        | F::OwnAuthority
        | F::PlainOnTls
        | F::Access
        | F::ConnectionsPerIp
        | F::Rate
        | F::TrustedProxies
        | F::HostHeader
        | F::Limits
        | F::AnyPort
        | F::User
        | F::Mail
        | F::Alerts => Not,
    }
}
