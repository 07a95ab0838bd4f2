//! A configuration with every default filled in, as other programs are told it.

mod backend;
mod check;
mod listener;
mod pool;

use serde::{Deserialize, Serialize};

use crate::api::host_header::HostHeader;

pub use backend::{ResolvedBackend, ResolvedScheme};
pub use check::{ResolvedCheck, ResolvedExpect, ResolvedHeader, ResolvedPassive, ResolvedValue};
pub use listener::{ResolvedCertificate, ResolvedListener, ResolvedRoute, ResolvedTls};
pub use pool::{ResolvedCookie, ResolvedPool, ResolvedSticky};

/// A configuration with every default filled in and everything worked out that follows from several of its keys: what another
/// load balancer has to be told to do the same. Of a running balancer, it is what a person made of it since.
///
/// Its text is as it was written, since it goes into files, where each program has its own way to quote it. No mail password is
/// in it, and no header of a check that may hold a secret; a check's path and command are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedConfig {
    /// Where clients connect.
    pub listeners: Vec<ResolvedListener>,
    /// Which backends answer them.
    pub pools: Vec<ResolvedPool>,
    /// When a request is tried again.
    pub retry: ResolvedRetry,
    /// How long each wait may take.
    pub timeouts: ResolvedTimeouts,
    /// How much clients may use.
    pub limits: ResolvedLimits,
    /// Who may connect, and how often.
    pub access: ResolvedAccess,
    /// The networks of proxies that are believed, as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// Milliseconds that a request is held while no backend is up; 0 is not at all.
    pub hold_millis: u64,
    /// Which `Host` a backend sees.
    pub host_header: HostHeader,
    /// The user to become once the ports are open.
    pub downgrade_to_user: Option<String>,
    /// Whether mail is sent.
    pub sends_mail: bool,
    /// How many thresholds are watched.
    pub alerts: usize,
}

/// When and how often a request is tried again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedRetry {
    /// Backends one request may be tried on, the first included.
    pub attempts: u32,
    /// Whether a request that could not be written is tried elsewhere.
    pub on_connect: bool,
    /// Whether one that was written and not answered is, where its method is idempotent.
    pub on_no_response: bool,
    /// Statuses that count as no answer.
    pub statuses: Vec<u16>,
    /// Bytes of a body that are kept to be sent again.
    pub body_limit: usize,
    /// Repetitions allowed, in per cent of recent requests.
    pub budget_percent: u32,
}

/// How long each wait may take, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedTimeouts {
    /// For a connection to a backend.
    pub connect_millis: u64,
    /// For a client to send the head of its request.
    pub request_headers_millis: u64,
    /// For a backend to begin its answer.
    pub response_millis: u64,
    /// For a client's connection without a request.
    pub idle_millis: u64,
    /// For a tunnel on which nothing moves; 0 is no limit.
    pub tunnel_idle_millis: u64,
    /// For requests in flight to end when the program stops.
    pub shutdown_millis: u64,
}

/// What clients may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedLimits {
    /// Clients' connections at one time.
    pub connections: usize,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Header fields of a request.
    pub headers: usize,
    /// Bytes of a request's body; 0 is no limit.
    pub body_bytes: u64,
}

/// Who may connect, and how often.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedAccess {
    /// Networks that may connect, as `10.0.0.0/8`; empty is everyone.
    pub allow: Vec<String>,
    /// Networks that may not, even where `allow` has them.
    pub deny: Vec<String>,
    /// Connections one address may have at a time; 0 is no limit.
    pub connections_per_ip: u32,
    /// Requests one address may send in a second; 0 is no limit.
    pub requests_per_second_per_ip: u32,
}
