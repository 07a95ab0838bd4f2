//! What can be asked for, and where it is found in a line of the log and in a row of the table.

use std::time::Duration;

use super::{Flag, Match, Test, contains};
use stickylb::api::Outcome;
use stickylb::api::{BackendView, Event, RequestEvent, UpdateEvent};

/// What can be typed, for whoever is typing.
pub(in crate::screen) const HINT: &str = "backend: client: method: path~^/api status>=500 duration>100ms bytes>1k why: state: retried moved failed ws change marked";

/// A field of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Backend,
    Client,
    Method,
    Path,
    Why,
    State,
    Address,
}

/// A field with a figure: times in microseconds, sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
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

const NUMBERS: [(&str, Number); 11] = [
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
    pub(super) fn named(name: &str) -> Option<Self> {
        TEXTS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        TEXTS.iter().map(|(name, _)| *name)
    }

    /// Whether its values are words, so that `:` asks for the whole of one.
    pub(super) fn is_a_word(self) -> bool {
        matches!(self, Text::Method | Text::State)
    }
}

impl Number {
    pub(super) fn named(name: &str) -> Option<Self> {
        NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NUMBERS.iter().map(|(name, _)| *name)
    }

    /// What a figure with this unit is multiplied with.
    pub(super) fn unit(self, unit: &str) -> Option<f64> {
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

    pub(super) fn example(self) -> &'static str {
        match self {
            Number::Status => "500 or 5xx",
            Number::Duration | Number::P95 => "100ms or 2s",
            Number::Bytes => "200 or 10k",
            _ => "3",
        }
    }
}

/// Whether the test holds of a line; `None` where it says nothing of lines.
pub(super) fn line(test: &Test, event: &Event, marked: bool) -> Option<bool> {
    if let Test::Flag(Flag::Marked) = test {
        return Some(marked);
    }
    match (test, event) {
        (Test::Number(field, ..), _) if !field.is_of_a_request() => None,
        (Test::Text(Text::Address, _), _) => None,
        (_, Event::Request(request)) => Some(of_request(test, request)),
        (_, Event::Update(update)) => Some(of_update(test, update)),
        (Test::Word(word), Event::Notice(notice)) => Some(contains(notice.text.raw(), word)),
        (Test::Word(word), Event::Output(output)) => Some(contains(output.line.raw(), word)),
        _ => Some(false),
    }
}

/// Whether the test holds of a row; `None` where it says nothing of backends.
pub(super) fn row(test: &Test, backend: &BackendView) -> Option<bool> {
    match test {
        Test::Word(word) => Some(
            [&backend.name, &backend.address].iter().any(|text| contains(text.raw(), word))
                || contains(backend.state.word(), word),
        ),
        Test::Text(Text::Backend, wanted) => Some(wanted.holds(backend.name.raw())),
        Test::Text(Text::State, wanted) => Some(wanted.holds(backend.state.word())),
        Test::Text(Text::Address, wanted) => Some(wanted.holds(backend.address.raw())),
        Test::Number(field, compare, with) => field.of_backend(backend).map(|value| compare.holds(value, *with)),
        Test::Text(..) | Test::Flag(_) => None,
    }
}

impl Number {
    fn is_of_a_request(self) -> bool {
        matches!(self, Number::Status | Number::Duration | Number::Bytes | Number::Attempts)
    }

    fn of_request(self, request: &RequestEvent) -> f64 {
        match self {
            Number::Status => f64::from(request.status),
            Number::Duration => request.took.as_secs_f64() * Duration::from_secs(1).as_micros() as f64,
            Number::Bytes => request.bytes as f64,
            _ => request.decision.attempts.len() as f64,
        }
    }

    fn of_backend(self, backend: &BackendView) -> Option<f64> {
        match self {
            Number::Requests => Some(backend.requests as f64),
            Number::Rate => Some(backend.rate as f64),
            Number::Active => Some(f64::from(backend.active)),
            Number::Sticky => Some(backend.sessions as f64),
            Number::Errors => Some(backend.errors as f64),
            Number::Weight => Some(f64::from(backend.weight)),
            Number::P95 => Some(backend.latency.p95.unwrap_or(0) as f64),
            Number::Status | Number::Duration | Number::Bytes | Number::Attempts => None,
        }
    }
}

fn of_request(test: &Test, request: &RequestEvent) -> bool {
    let decision = &request.decision;
    let failed = || decision.attempts.iter().any(|attempt| attempt.outcome != Outcome::Answered);
    match test {
        Test::Flag(Flag::Retried) => decision.attempts.len() > 1,
        Test::Flag(Flag::Moved) => decision.moved_from.is_some() || (decision.key.is_some() && failed()),
        Test::Flag(Flag::Failed) => request.status >= 500 || failed(),
        Test::Flag(Flag::WebSocket) => request.status == 101,
        Test::Flag(Flag::Change | Flag::Marked) | Test::Text(Text::State | Text::Address, _) => false,
        Test::Text(Text::Method, wanted) => wanted.holds(request.method.raw()),
        Test::Text(Text::Path, wanted) => wanted.holds(request.path.raw()),
        Test::Text(Text::Client, wanted) => wanted.holds(&request.ip.to_string()),
        Test::Text(Text::Why, wanted) => wanted.holds(&decision.reason()),
        Test::Text(Text::Backend, Match::IsNot(name)) => {
            !backends_of(request).any(|backend| backend.eq_ignore_ascii_case(name))
        }
        Test::Text(Text::Backend, wanted) => backends_of(request).any(|name| wanted.holds(name)),
        Test::Number(field, compare, with) => compare.holds(field.of_request(request), *with),
        Test::Word(word) => {
            contains(request.path.raw(), word)
                || contains(request.method.raw(), word)
                || backends_of(request).any(|name| contains(name, word))
                || contains(&request.ip.to_string(), word)
                || request.status.to_string() == *word
                || contains(&decision.reason(), word)
        }
    }
}

/// Where it went, and where it was tried.
fn backends_of(request: &RequestEvent) -> impl Iterator<Item = &str> {
    let tried = request.decision.attempts.iter().map(|attempt| attempt.backend.name.raw());
    request.to.iter().map(|to| to.name.raw()).chain(tried)
}

fn of_update(test: &Test, update: &UpdateEvent) -> bool {
    match test {
        Test::Flag(Flag::Change) => true,
        Test::Text(Text::Backend, wanted) => wanted.holds(update.backend.name.raw()),
        Test::Text(Text::State, wanted) => wanted.holds(update.to.word()),
        Test::Text(Text::Why, wanted) => wanted.holds(update.reason.raw()),
        Test::Word(word) => {
            contains(update.backend.name.raw(), word)
                || contains(update.reason.raw(), word)
                || contains(update.to.word(), word)
        }
        Test::Flag(_) | Test::Text(..) | Test::Number(..) => false,
    }
}
