//! Makes one check by the backend's algorithm, with a timeout.

use std::sync::Arc;
use stickylb_http1::HeadLimits;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::finding::{CheckResult, Finding};
use super::{command, http, websocket};
use crate::balancer::Backend;
use crate::config::CheckAlgorithm;
use crate::proxy_protocol;
use crate::state::{CheckFunction, IdlePools};
use crate::upstream::{DialError, dial};

/// Checks a backend once, by the embedding program's function if there is one, else by its algorithm. `limits` are for
/// HTTP response heads.
pub(crate) async fn probe(
    backend: &Backend,
    limits: &HeadLimits,
    idle: &IdlePools,
    function: Option<&CheckFunction>,
) -> Finding {
    let time = backend.settings.health().timeout;
    let deadline = Instant::now() + time;
    let found = match function {
        Some(function) => timeout_at(deadline, ask_function(backend, function)).await,
        // Has its own timeout, because it must kill a process group, too.
        None if backend.settings.health().algorithm == CheckAlgorithm::Command => return command::run(backend).await,
        None => {
            let found = idle.unless_held_up(backend, time, ask(backend, limits, deadline)).await;
            let has_answered = backend.settings.health().algorithm != CheckAlgorithm::Tcp;
            if matches!(&found, Ok(found) if found.connected && found.result == CheckResult::Passed && has_answered) {
                idle.note_answer(backend);
            }
            found
        }
    };
    found.unwrap_or_else(|_| Finding::failed(format_args!("no answer within {} ms", time.as_millis())))
}

async fn ask_function(backend: &Backend, function: &CheckFunction) -> Finding {
    match function.ask(Arc::clone(&backend.identity)).await {
        Some(Ok(found)) => Finding::passed(found),
        Some(Err(reason)) => Finding::failed(reason),
        None => Finding::failed("the check function panicked"),
    }
}

/// Checks over a new connection, dialled in the same way as for traffic.
async fn ask(backend: &Backend, limits: &HeadLimits, deadline: Instant) -> Result<Finding, Elapsed> {
    let health = &backend.settings.health();
    let own = backend.endpoint.proxy_protocol.map(proxy_protocol::announce_own);
    let stream = match dial(&backend.endpoint.address, &backend.endpoint.tls, own.as_deref(), health.timeout).await {
        Ok(stream) => stream,
        Err(error @ DialError::Exhausted) => return Ok(Finding::new(CheckResult::Inconclusive, error)),
        Err(error) => return Ok(Finding::failed(error)),
    };
    let finding = match health.algorithm {
        CheckAlgorithm::Websocket => timeout_at(deadline, websocket::ask(backend, stream, limits)).await?,
        CheckAlgorithm::HttpStatus | CheckAlgorithm::Http => http::ask(backend, stream, limits, deadline).await?,
        CheckAlgorithm::Tcp | CheckAlgorithm::Command => Finding::passed("connects"),
    };
    Ok(Finding { connected: true, ..finding })
}
