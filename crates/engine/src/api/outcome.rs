//! How one try of a backend ended, and why no other followed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::field_name::FieldName;
use super::identity::Identity;

/// How one attempt ended, by which it is known whether the request may go to another backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Outcome {
    /// The backend answered, and its response is the client's.
    Answered,
    /// It was not asked: this program has no file descriptor left.
    Exhausted,
    /// It refused the connection, or cannot be reached: nothing was sent.
    Refused,
    /// The TLS handshake failed: nothing was sent.
    TlsFailed,
    /// No connection within `timeouts.connect`: nothing was sent.
    ConnectTimeout,
    /// It took the request, or a part of it, and closed the connection without a response.
    NoAnswer,
    /// No response within `timeouts.response`.
    ResponseTimeout,
    /// Its response is malformed, so that it reaches no client.
    BadAnswer(Fault),
    /// It had closed the idle connection before the request came over it, so that the next attempt may be on the same
    /// backend (RFC 9112 9.3.1).
    ClosedIdle,
    /// It had provably closed the connection before the request arrived, so that it may be sent again whatever its method.
    ClosedBefore,
    /// It answered with this status, which is in `retry.on`.
    Status(u16),
}

impl Outcome {
    /// Whether the backend was asked, so that it counts as one of `retry.attempts`.
    pub(crate) const fn is_a_try(self) -> bool {
        self.connected() && !matches!(self, Outcome::ClosedIdle | Outcome::ClosedBefore | Outcome::Exhausted)
    }

    /// Whether the backend had taken the connection, well or not.
    pub(crate) const fn connected(self) -> bool {
        !matches!(self, Outcome::Refused | Outcome::TlsFailed | Outcome::ConnectTimeout)
    }
}

/// The outcome in words, after a backend's name: `delta refused`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Answered => "answered",
            Outcome::Exhausted => "was not asked, for want of a file descriptor",
            Outcome::Refused => "refused",
            Outcome::TlsFailed => "failed the TLS handshake",
            Outcome::ConnectTimeout => "did not connect in time",
            Outcome::NoAnswer => "gave no answer",
            Outcome::ResponseTimeout => "did not answer in time",
            Outcome::BadAnswer(fault) => return write!(f, "sent a malformed response: {fault}"),
            Outcome::ClosedIdle => "had closed the kept connection",
            Outcome::ClosedBefore => "closed before it arrived",
            Outcome::Status(status) => return write!(f, "answered {status}"),
        })
    }
}

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Fault {
    /// Its first line is no status line of HTTP/1 (RFC 9112 4).
    StatusLine,
    /// This header field's name or value is malformed (RFC 9110 5.1, 5.5).
    Field(FieldName),
    /// It has more header fields than `limits.headers`, or larger ones than `limits.headerBytes`.
    TooLarge,
    /// Its Content-Length is no number, or there are two (RFC 9112 6.3).
    Length,
    /// Its Transfer-Encoding is not one `chunked` (RFC 9112 6.1).
    Coding,
    /// It switches to a protocol that was not asked for (RFC 9110 7.8).
    Switch,
}

/// The fault in words, after `sent a malformed response: `.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Field(name) => return write!(f, "a header field is malformed: {name}"),
            Fault::StatusLine => "its status line is none of HTTP/1",
            Fault::TooLarge => "its header fields are beyond limits.headers or limits.headerBytes",
            Fault::Length => "its Content-Length is not one number",
            Fault::Coding => "its Transfer-Encoding is not 'chunked'",
            Fault::Switch => "it switches to a protocol nobody asked for",
        })
    }
}

/// Why a request that failed was not tried elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Stopped {
    /// It may have been acted on, and its method is not idempotent (RFC 9110 9.2.2).
    Unsafe,
    /// More of its body was sent than `retry.bodyLimit` keeps.
    BodyLimit,
    /// It was tried `retry.attempts` times.
    Attempts,
    /// So many requests were retried lately that `retry.budgetPercent` is spent.
    Budget,
    /// `retry.on` leaves this failure out.
    Unwanted,
    /// A person sent it again to one backend and no other.
    Asked,
}

impl Stopped {
    /// The reason in words, after `not retried: `.
    pub const fn words(self) -> &'static str {
        match self {
            Stopped::Unsafe => "it may have been acted on",
            Stopped::BodyLimit => "its body is larger than retry.bodyLimit",
            Stopped::Attempts => "retry.attempts is reached",
            Stopped::Budget => "the retry budget is spent",
            Stopped::Unwanted => "retry.on leaves it out",
            Stopped::Asked => "it was for that backend alone",
        }
    }
}

/// One backend that a request was tried on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Attempt {
    /// Which.
    pub backend: Arc<Identity>,
    /// How it ended.
    pub outcome: Outcome,
    /// From the choice of it until this end, in microseconds, at most about 71 minutes.
    pub micros: u32,
}

impl Attempt {
    /// An attempt on this backend that took so long.
    pub fn new(backend: &Arc<Identity>, outcome: Outcome, took: Duration) -> Self {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        Attempt { backend: Arc::clone(backend), outcome, micros }
    }
}
