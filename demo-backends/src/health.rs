//! The health check, and the switch that makes it fail.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};
use serde::Serialize;

use crate::backend::Backend;
use crate::query;
use crate::reply::{self, Reply};

const LONGEST_FAILURE: u64 = 3600;
const FOR_EVER: u64 = u64::MAX;

/// Whether the backend passes its health check.
///
/// A failure may end by itself. That matters behind a balancer, which sends
/// nothing more to a failing backend, not even the wish to heal it.
pub(crate) struct Health {
    born: Instant,
    /// Milliseconds after `born` at which the failure ends; 0 when healthy.
    fails_until: AtomicU64,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self { born: Instant::now(), fails_until: AtomicU64::new(0) }
    }

    fn is_failing(&self) -> bool {
        self.now() < self.fails_until.load(Ordering::Relaxed)
    }

    fn fail(&self, duration: Option<Duration>) {
        let until = duration.map_or(FOR_EVER, |time| self.now() + millis(time));
        self.fails_until.store(until, Ordering::Relaxed);
    }

    fn heal(&self) {
        self.fails_until.store(0, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        millis(self.born.elapsed())
    }
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Serialize)]
struct Switched<'a> {
    status: &'static str,
    backend: &'a str,
    port: u16,
    #[serde(rename = "forSeconds", skip_serializing_if = "Option::is_none")]
    for_seconds: Option<u64>,
}

/// `/health`.
pub(crate) fn check(backend: &Backend) -> Reply {
    if backend.health.is_failing() {
        let status = "failing";
        reply::json(StatusCode::SERVICE_UNAVAILABLE, &Status { status })
    } else {
        reply::json(StatusCode::OK, &Status { status: "ok" })
    }
}

/// `/health/fail`, with `?for=20` only for so many seconds.
pub(crate) fn fail(backend: &Backend, method: &Method, query: Option<&str>) -> Reply {
    if method != Method::POST {
        return reply::not_allowed("POST");
    }
    let seconds = match query::number(query, "for", 0) {
        Ok(0) => None,
        Ok(seconds) => Some(seconds.min(LONGEST_FAILURE)),
        Err(sentence) => return reply::text(StatusCode::BAD_REQUEST, sentence),
    };
    backend.health.fail(seconds.map(Duration::from_secs));
    switched(backend, "failing", seconds)
}

/// `/health/ok`.
pub(crate) fn heal(backend: &Backend, method: &Method) -> Reply {
    if method != Method::POST {
        return reply::not_allowed("POST");
    }
    backend.health.heal();
    switched(backend, "ok", None)
}

fn switched(backend: &Backend, status: &'static str, for_seconds: Option<u64>) -> Reply {
    reply::json(
        StatusCode::OK,
        &Switched { status, backend: &backend.name, port: backend.identity().port, for_seconds },
    )
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(FOR_EVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches() {
        let health = Health::new();
        assert!(!health.is_failing());
        health.fail(None);
        assert!(health.is_failing());
        health.heal();
        assert!(!health.is_failing());
        health.fail(Some(Duration::from_hours(1)));
        assert!(health.is_failing());
        health.fail(Some(Duration::ZERO));
        assert!(!health.is_failing());
    }
}
