//! One request, told when it has ended; in JSON flat, with smart-stick-loadbalancer's names first.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::body_cut::BodyCut;
use super::decision::Decision;
use super::identity::Identity;
use super::ids::{BackendId, RequestNumber};
use super::phases::Phases;
use super::strategy::Strategy;
use super::text::Text;
use crate::untrusted::Untrusted;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Ended {
    /// With a whole response.
    Complete,
    /// The client closed its connection first (a disconnect).
    ClientGone,
    /// The backend ended in the middle of its response.
    CutByBackend,
    /// The client's body turned out to be malformed or too large in the middle of the response.
    BadBody,
    /// Nothing passed through the tunnel for `timeouts.tunnelIdle`.
    Idle,
    /// Its tunnel was cut because its backend was taken out.
    TakenOut,
    /// It was cut because the balancer stops.
    Stopping,
}

impl Ended {
    /// How it ended, in words to stand behind the reason; `None` where it ended well.
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Ended::Complete => None,
            Ended::ClientGone => Some("the client left"),
            Ended::CutByBackend => Some("cut short by the backend"),
            Ended::BadBody => Some("cut because the request's body is malformed or too large"),
            Ended::Idle => Some("cut after timeouts.tunnelIdle"),
            Ended::TakenOut => Some("cut because its backend was taken out"),
            Ended::Stopping => Some("cut because the balancer stops"),
        }
    }
}

/// One request, or one connection in TCP mode, told once, when it has ended.
///
/// In JSON it is flat, its first fields those of smart-stick-loadbalancer's request events: `time`, `ip`, `to` (the backend's
/// URL), `backendId`, `strategy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "RequestRecord", from = "RequestRecord")]
#[non_exhaustive]
pub struct RequestEvent {
    /// When the first byte of its head came, or the connection in TCP mode.
    pub time: SystemTime,
    /// From then until the last byte of the response was passed on; for a tunnel, until it began.
    pub took: Duration,
    /// The client's address, as far as trusted proxies are believed.
    pub ip: IpAddr,
    /// The method, as sent; `TCP` for a connection in TCP mode, `PROXY` for one without the header it should begin with.
    pub method: Untrusted<Text>,
    /// Path and query, at most 512 bytes of them.
    pub path: Untrusted<Text>,
    /// The status the client got; 499 where it left before any, as nginx has it. For a connection in TCP mode 0 where it had
    /// a backend, else the status that a request would have got.
    pub status: u16,
    /// The backend that answered or was tried last; `None` where none was chosen.
    pub to: Option<Arc<Identity>>,
    /// Bytes of the response's body; in TCP mode all that was sent to the client.
    pub bytes: u64,
    /// Bytes of the request's body that came; in TCP mode all that came from the client.
    pub up: u64,
    /// Where the time went.
    pub phases: Phases,
    /// Its number, by which its [`Heads`](super::Heads) are found; `None` where they were not kept.
    pub number: Option<RequestNumber>,
    /// How it ended.
    pub ended: Ended,
    /// What its response lacked, where its backend cut that short.
    pub cut: Option<BodyCut>,
    /// Why it went where it went.
    pub decision: Decision,
}

impl RequestEvent {
    /// How it ended, in words; `None` where it ended well.
    pub fn ending(&self) -> Option<&'static str> {
        self.cut.map(BodyCut::words).or(self.ended.words())
    }

    /// Whether it is a connection in TCP mode, which asks for no path.
    pub fn is_raw(&self) -> bool {
        self.path.is_empty()
    }
}

/// A request of which nothing is known yet, at the beginning of 1970.
impl Default for RequestEvent {
    fn default() -> Self {
        RequestEvent {
            time: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            method: Untrusted::new(Text::from_static("-")),
            path: Untrusted::new(Text::from_static("-")),
            status: 0,
            to: None,
            bytes: 0,
            up: 0,
            phases: Phases::default(),
            number: None,
            ended: Ended::Complete,
            cut: None,
            decision: Decision::new(Strategy::default()),
        }
    }
}

impl RequestEvent {
    /// `GET /` from this machine, answered 200 by nobody at the beginning of time: for tests that look at something else.
    #[doc(hidden)]
    pub fn sample(decision: Decision) -> Self {
        RequestEvent {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            method: "GET".into(),
            path: "/".into(),
            status: 200,
            decision,
            ..RequestEvent::default()
        }
    }
}

/// What a [`RequestEvent`] is in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestRecord {
    #[serde(with = "crate::api::timestamp")]
    time: SystemTime,
    ip: IpAddr,
    /// The backend's URL.
    to: Option<Untrusted<String>>,
    backend_id: Option<BackendId>,
    strategy: Strategy,
    /// The backend's name.
    backend: Option<Untrusted<String>>,
    /// The pool's, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<Untrusted<Arc<str>>>,
    method: Untrusted<Text>,
    path: Untrusted<Text>,
    status: u16,
    seconds: f64,
    bytes: u64,
    up: u64,
    /// In microseconds.
    phases: Phases,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<RequestNumber>,
    ended: Ended,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<BodyCut>,
    /// The decision in words.
    reason: String,
    decision: Decision,
}

impl From<RequestEvent> for RequestRecord {
    fn from(event: RequestEvent) -> Self {
        let to = event.to.as_deref();
        RequestRecord {
            time: event.time,
            ip: event.ip,
            to: to.map(|to| to.url.clone()),
            backend_id: to.map(|to| to.id),
            strategy: event.decision.strategy,
            backend: to.map(|to| to.name.clone()),
            pool: event.decision.pool.clone(),
            method: event.method,
            path: event.path,
            status: event.status,
            seconds: event.took.as_secs_f64(),
            bytes: event.bytes,
            up: event.up,
            phases: event.phases,
            number: event.number,
            ended: event.ended,
            cut: event.cut,
            reason: event.decision.reason(),
            decision: event.decision,
        }
    }
}

impl From<RequestRecord> for RequestEvent {
    fn from(record: RequestRecord) -> Self {
        let RequestRecord { to, backend_id, backend, pool, .. } = record;
        let to = to.zip(backend_id).zip(backend);
        RequestEvent {
            time: record.time,
            took: Duration::try_from_secs_f64(record.seconds).unwrap_or_default(),
            ip: record.ip,
            method: record.method,
            path: record.path,
            status: record.status,
            to: to.map(|((url, id), name)| Arc::new(Identity { id, name, url, pool })),
            bytes: record.bytes,
            up: record.up,
            phases: record.phases,
            number: record.number,
            ended: record.ended,
            cut: record.cut,
            decision: record.decision,
        }
    }
}
