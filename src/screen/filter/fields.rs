//! The fields a filter can name, and where their values come from in a log line or a table row.

use std::time::Duration;
use stickylb::api::{BackendView, RequestEvent};

/// The filter prompt's hint: fields and flags with sample operators.
pub(crate) const HINT: &str = "backend: client: method: path~^/api status>=500 duration>100ms bytes>1k why: state: retried moved failed ws traffic change marked";

/// A text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Backend,
    Client,
    Method,
    Path,
    Why,
    State,
    Address,
}

/// A numeric field: times in microseconds, sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// A request's number.
    Ordinal,
    Status,
    Duration,
    Bytes,
    Attempts,
    Requests,
    Rate,
    Active,
    Sticky,
    Errors,
    Weight,
    P95,
}

const TEXTS: [(&str, Text); 7] = [
    ("backend", Text::Backend),
    ("client", Text::Client),
    ("method", Text::Method),
    ("path", Text::Path),
    ("why", Text::Why),
    ("state", Text::State),
    ("address", Text::Address),
];

const NUMBERS: [(&str, Number); 12] = [
    ("number", Number::Ordinal),
    ("status", Number::Status),
    ("duration", Number::Duration),
    ("bytes", Number::Bytes),
    ("attempts", Number::Attempts),
    ("requests", Number::Requests),
    ("rate", Number::Rate),
    ("active", Number::Active),
    ("sticky", Number::Sticky),
    ("errors", Number::Errors),
    ("weight", Number::Weight),
    ("p95", Number::P95),
];

impl Text {
    pub(crate) fn named(name: &str) -> Option<Self> {
        TEXTS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        TEXTS.iter().map(|(name, _)| *name)
    }

    /// Whether the field's values are single words, so that `:` compares the whole value instead of searching in it.
    pub(crate) fn is_a_word(self) -> bool {
        matches!(self, Text::Method | Text::State)
    }
}

impl Number {
    pub(crate) fn named(name: &str) -> Option<Self> {
        NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NUMBERS.iter().map(|(name, _)| *name)
    }

    /// The factor from this unit to the field's own unit (microseconds, bytes); `None` if the field has no such unit.
    pub(crate) fn unit(self, unit: &str) -> Option<f64> {
        let unit = unit.to_ascii_lowercase();
        match (self, unit.as_str()) {
            (Number::Duration | Number::P95, "" | "ms") | (Number::Bytes, "k" | "kb") => Some(1e3),
            (Number::Duration | Number::P95, "s") | (Number::Bytes, "m" | "mb") => Some(1e6),
            (Number::Duration | Number::P95, "us" | "µs") | (Number::Bytes, "b") => Some(1.0),
            (Number::Duration | Number::P95, _) => None,
            (_, "") => Some(1.0),
            _ => None,
        }
    }

    pub(crate) fn example(self) -> &'static str {
        match self {
            Number::Status => "500 or 5xx",
            Number::Duration | Number::P95 => "100ms or 2s",
            Number::Bytes => "200 or 10k",
            _ => "3",
        }
    }
}

impl Number {
    pub(super) fn is_of_a_request(self) -> bool {
        matches!(self, Number::Ordinal | Number::Status | Number::Duration | Number::Bytes | Number::Attempts)
    }

    pub(super) fn of_request(self, request: &RequestEvent) -> f64 {
        match self {
            Number::Ordinal => request.number.map_or(0.0, |number| number.get() as f64),
            Number::Status => f64::from(request.status),
            Number::Duration => request.took.as_secs_f64() * Duration::from_secs(1).as_micros() as f64,
            Number::Bytes => request.bytes as f64,
            _ => request.decision.attempts.len() as f64,
        }
    }

    pub(super) fn of_backend(self, backend: &BackendView) -> Option<f64> {
        match self {
            Number::Requests => Some(backend.requests as f64),
            Number::Rate => Some(backend.rate as f64),
            Number::Active => Some(f64::from(backend.active)),
            Number::Sticky => Some(backend.sessions as f64),
            Number::Errors => Some(backend.errors as f64),
            Number::Weight => Some(f64::from(backend.weight)),
            Number::P95 => Some(backend.latency.p95.unwrap_or(0) as f64),
            Number::Ordinal | Number::Status | Number::Duration | Number::Bytes | Number::Attempts => None,
        }
    }
}
