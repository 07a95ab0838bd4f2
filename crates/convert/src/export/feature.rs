//! What ours does, and how far another engine does it.

use stickylb::api::Strategy;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $words:literal,)*) => {
        /// One thing that ours does, which another engine may lack. A row of the table in docs/export.md.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $name,)*
        }

        impl Feature {
            /// All of them, in the order of the table.
            pub const ALL: &[Feature] = &[$(Feature::$name,)*];

            /// What it is, in the words of the configuration.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Feature::$name => $words,)*
                }
            }
        }
    };
}

features! {
    /// `strategy: round-robin`.
    RoundRobin = "round-robin",
    /// `strategy: smooth-round-robin`.
    SmoothRoundRobin = "smooth-round-robin",
    /// `strategy: least-connections`.
    LeastConnections = "least-connections",
    /// `strategy: random`.
    Random = "random",
    /// `strategy: power-of-two`.
    PowerOfTwo = "power-of-two",
    /// `strategy: least-latency`.
    LeastLatency = "least-latency",
    /// `strategy: hash`.
    Hash = "hash",
    /// `strategy: first`.
    First = "first",
    /// `weight`, from 1 to 1000.
    Weight = "weight",
    /// `weight: 0`.
    WeightZero = "weight 0",
    /// `backup`.
    Backup = "backup",
    /// `sticky.by: cookie`: the cookies that clients have stay good.
    StickyCookie = "sticky cookie",
    /// `sticky.by: ip`.
    StickyIp = "sticky ip",
    /// `sticky.by: header:NAME`.
    StickyHeader = "sticky header",
    /// `sticky.by: query:NAME`.
    StickyQuery = "sticky query",
    /// `sticky.by: learn`.
    StickyLearn = "sticky learn",
    /// `sticky.missing: fixed`.
    Missing = "sticky.missing fixed",
    /// `sticky.onFailure: fail`.
    OnFailure = "sticky.onFailure fail",
    /// `sticky.expiry` in TCP mode.
    Expiry = "sticky.expiry",
    /// `maxConnections`.
    MaxConnections = "maxConnections",
    /// `maxQueue` and `queueTimeout`.
    Queue = "maxQueue",
    /// `minIdle` and `idleTimeout`.
    Idle = "minIdle, idleTimeout",
    /// `slowStart`.
    SlowStart = "slowStart",
    /// `health` by `http-status` or `http`, with path, method, headers and `expect.status`.
    CheckHttp = "checks: http-status, http",
    /// `health.algorithm: tcp`.
    CheckTcp = "checks: tcp",
    /// `health.algorithm: websocket`.
    CheckWebsocket = "checks: websocket",
    /// `health.algorithm: command`.
    CheckCommand = "checks: command",
    /// `health.expect.body` and `.json`.
    CheckExpect = "checks: expect body, json",
    /// `health.headers` whose values may be secrets.
    CheckSecrets = "checks: secret headers",
    /// `health.rise` and `health.fall`.
    RiseFall = "rise, fall",
    /// `health.agent`.
    Agent = "agent",
    /// `health.passive`.
    Ejection = "passive ejection",
    /// `retry.attempts` and `retry.on: connect`.
    RetryConnect = "retry on connect",
    /// `retry.on: no-response`, for idempotent methods alone.
    RetryNoResponse = "retry on no-response",
    /// `retry.on` with statuses.
    RetryStatus = "retry on statuses",
    /// `retry.budgetPercent` and `retry.bodyLimit`.
    RetryBudget = "retry budget",
    /// `hold`.
    Hold = "hold",
    /// `routes` by path and host.
    Routes = "routes",
    /// `routes` by upgrade.
    RouteUpgrade = "routes by upgrade",
    /// `names` of pools: other hosts are 404.
    Names = "names",
    /// `mode: tcp`.
    Tcp = "mode tcp",
    /// `proxyProtocol` of a listener.
    ProxyFromClients = "PROXY protocol from clients",
    /// `proxyProtocol` of a backend.
    ProxyToBackends = "PROXY protocol to backends",
    /// Backends at `unix:` addresses.
    Unix = "backends at Unix sockets",
    /// Backends at `https:` addresses.
    BackendTls = "TLS to backends",
    /// `tls` with certificates of the user's own.
    Tls = "TLS with clients",
    /// `tls` with certificates that are made here.
    OwnAuthority = "certificates made here",
    /// Plain HTTP on a TLS port is sent to https, or refused.
    PlainOnTls = "http and https on one port",
    /// `access.allow` and `access.deny`.
    Access = "access",
    /// `access.connectionsPerIp`.
    ConnectionsPerIp = "connectionsPerIp",
    /// `access.requestsPerSecondPerIp`.
    Rate = "requestsPerSecondPerIp",
    /// `trustedProxies`.
    TrustedProxies = "trustedProxies",
    /// `hostHeader`.
    HostHeader = "hostHeader",
    /// `timeouts`.
    Timeouts = "timeouts",
    /// `limits`.
    Limits = "limits",
    /// `port: 0`.
    AnyPort = "port 0",
    /// `downgradeToUser`.
    User = "downgradeToUser",
    /// `email` and `owner`.
    Mail = "mail",
    /// `alerts`.
    Alerts = "alerts",
}

impl Feature {
    /// The row of a strategy.
    pub(super) const fn of(strategy: Strategy) -> Feature {
        match strategy {
            Strategy::SmoothRoundRobin => Feature::SmoothRoundRobin,
            Strategy::LeastConnections => Feature::LeastConnections,
            Strategy::Random => Feature::Random,
            Strategy::PowerOfTwo => Feature::PowerOfTwo,
            Strategy::LeastLatency => Feature::LeastLatency,
            Strategy::Hash => Feature::Hash,
            Strategy::First => Feature::First,
            _ => Feature::RoundRobin,
        }
    }
}

/// How far an engine does what ours does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// As a whole, by this: no comment.
    Whole(&'static str),
    /// By this, but not all of it: the second text says what is missing, and where that is used a comment says so.
    Part(&'static str, &'static str),
    /// Not at all: a comment says so.
    Not,
}
