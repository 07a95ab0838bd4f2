//! What happened, as front ends and the log are told.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::phases::Phases;
use super::record::RequestRecord;
use crate::balancer::{Decision, Identity, State};
use crate::config::Strategy;

/// Something that happened.
#[expect(clippy::large_enum_variant, reason = "always behind an Arc, and nearly always the large one")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    /// A request ended, one way or another.
    Request(RequestEvent),
    /// A backend's state changed.
    Update(UpdateEvent),
    /// Something a person should know.
    Notice(Notice),
    /// The process of a backend wrote a line.
    Output(OutputEvent),
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// With a whole response.
    Complete,
    /// The client left first.
    ClientGone,
    /// The backend broke off in the middle of its response.
    CutByBackend,
    /// The client's body turned out to be none, or too large, in the middle of the response.
    BadBody,
    /// Nothing moved for `timeouts.tunnelIdle`.
    Idle,
    /// Its backend was taken out.
    TakenOut,
    /// The balancer stops.
    Stopping,
}

impl Ended {
    /// How it ended, in words behind the reason; `None` where it ended well.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "RequestRecord", from = "RequestRecord")]
pub struct RequestEvent {
    /// When its first byte came.
    pub time: SystemTime,
    /// From then until the last byte of the response was passed on; for a tunnel, until it began.
    pub took: Duration,
    /// The client.
    pub ip: IpAddr,
    /// The method, as sent; `TCP` for a connection in TCP mode, `PROXY` for one without the header it should begin with.
    pub method: CompactString,
    /// Path and query, at most 512 bytes of them.
    pub path: CompactString,
    /// The status the client got; 499 where it left before any. For a connection in TCP mode 0 where it was carried, else
    /// the status that a request would have got.
    pub status: u16,
    /// The backend that answered or was tried last.
    pub to: Option<Arc<Identity>>,
    /// Bytes of the response's body; in TCP mode all that was sent to the client.
    pub bytes: u64,
    /// Bytes of the request's body that came; in TCP mode all that came from the client.
    pub up: u64,
    /// Where the time went.
    pub phases: Phases,
    /// Its number, by which its heads are found; `None` where nobody watched who could show them.
    pub number: Option<u64>,
    /// How it ended.
    pub ended: Ended,
    /// Why it went where it went.
    pub decision: Decision,
}

impl RequestEvent {
    /// Whether it is a connection in TCP mode, which asks for no path.
    pub fn is_raw(&self) -> bool {
        self.path.is_empty()
    }
}

/// Nothing yet, at the beginning of time.
impl Default for RequestEvent {
    fn default() -> Self {
        RequestEvent {
            time: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            method: CompactString::const_new("-"),
            path: CompactString::const_new("-"),
            status: 0,
            to: None,
            bytes: 0,
            up: 0,
            phases: Phases::default(),
            number: None,
            ended: Ended::Complete,
            decision: Decision::new(Strategy::default()),
        }
    }
}

#[cfg(test)]
impl RequestEvent {
    /// `GET /` from this machine, answered 200 by nobody at the beginning of time: for tests that look at something else.
    pub(crate) fn sample(decision: Decision) -> Self {
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

/// A backend's state changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateEvent {
    /// When.
    #[serde(with = "time")]
    pub time: SystemTime,
    /// Whose.
    pub backend: Arc<Identity>,
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
    /// Why, in words.
    pub reason: String,
}

/// A line that the process of a backend wrote, on its standard output or its standard error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputEvent {
    /// When it was read.
    #[serde(with = "time")]
    pub time: SystemTime,
    /// Whose.
    pub backend: Arc<Identity>,
    /// The line, safe to show, at most 4096 bytes of it.
    pub line: String,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something should be done about it.
    Warning,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// When.
    #[serde(with = "time")]
    pub time: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// One plain sentence.
    pub text: String,
}

/// A time as RFC 3339 writes it, in UTC with milliseconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let stamp = jiff::Timestamp::try_from(time).unwrap_or_default();
    format!("{stamp:.3}")
}

/// Times in events, as [`rfc3339`] writes them.
pub(super) mod time {
    use std::time::SystemTime;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::rfc3339(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(from)?;
        let stamp: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(stamp.into())
    }
}
