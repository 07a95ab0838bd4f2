//! One check, bounded in time, by the backend's algorithm.

use std::fmt::Display;

use super::agent::Report;
use super::{command, http, websocket};
use crate::balancer::Backend;
use crate::config::CheckAlgorithm;
use crate::upstream::{DialError, dial};

/// What a check found.
pub(super) struct Finding {
    pub(super) result: CheckResult,
    /// In words: `GET / 200`, `exit 1: no database`.
    pub(super) reason: String,
    /// What the backend says of itself, where it is asked.
    pub(super) report: Option<Report>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckResult {
    Passed,
    Failed,
    /// This program could not ask, which says nothing of the backend.
    Inconclusive,
}

impl Finding {
    pub(super) fn new(result: CheckResult, reason: impl Display) -> Self {
        Finding { result, reason: reason.to_string(), report: None }
    }

    pub(super) fn passed(reason: impl Display) -> Self {
        Finding::new(CheckResult::Passed, reason)
    }

    pub(super) fn failed(reason: impl Display) -> Self {
        Finding::new(CheckResult::Failed, reason)
    }
}

/// Checks a backend once.
pub(super) async fn probe(backend: &Backend) -> Finding {
    if backend.health.algorithm == CheckAlgorithm::Command {
        return command::run(backend).await;
    }
    let limit = backend.health.timeout;
    match tokio::time::timeout(limit, ask(backend)).await {
        Ok(finding) => finding,
        Err(_) => Finding::failed(format_args!("no answer within {} ms", limit.as_millis())),
    }
}

/// On a connection of its own, dialled as traffic's are.
async fn ask(backend: &Backend) -> Finding {
    let health = &backend.health;
    let stream = match dial(&backend.address, &backend.tls, health.timeout).await {
        Ok(stream) => stream,
        Err(error @ DialError::Exhausted) => return Finding::new(CheckResult::Inconclusive, error),
        Err(error) => return Finding::failed(error),
    };
    match health.algorithm {
        CheckAlgorithm::Websocket => websocket::ask(backend, stream).await,
        CheckAlgorithm::HttpStatus | CheckAlgorithm::Http => http::ask(backend, stream).await,
        CheckAlgorithm::Tcp | CheckAlgorithm::Command => Finding::passed("connects"),
    }
}
