//! Makes one check by the backend's algorithm, with a timeout.

use ::http::Method;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use stickylb_http1::HeadLimits;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::finding::{CheckResult, Finding};
use super::{command, http, websocket};
use crate::api::ChaosKind;
use crate::balancer::{Asks, Backend, Burning, Touch};
use crate::config::CheckAlgorithm;
use crate::proxy_protocol;
use crate::state::{CheckFunction, IdlePools};
use crate::upstream::{Carries, DialError, dial, dial_faulty};

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
            let touch = backend.chaos.burning().and_then(|burning| touch(backend, &burning));
            let asked = ask(backend, limits, deadline, touch.as_ref().map(|touch| &touch.kind));
            let found = idle.unless_held_up(backend, time, asked).await;
            if let Some(touch) = touch {
                let mut found = found.unwrap_or_else(|_| late(time));
                // Writing to a string cannot fail.
                let _ = write!(found.reason, " (chaos: {})", touch.told.fault);
                return found;
            }
            let has_answered = backend.settings.health().algorithm != CheckAlgorithm::Tcp;
            if matches!(&found, Ok(found) if found.connected && found.result == CheckResult::Passed && has_answered) {
                idle.note_answer(backend);
            }
            found
        }
    };
    found.unwrap_or_else(|_| late(time))
}

fn late(time: Duration) -> Finding {
    Finding::failed(format_args!("no answer within {} ms", time.as_millis()))
}

/// What a backend's fault does to a check, if it touches it. One that only connects sees only what happens to connecting; it has
/// the method TCP and no path.
#[cold]
fn touch(backend: &Backend, burning: &Burning) -> Option<Touch> {
    let health = backend.settings.health();
    let draw = |method: &str, path: &str| {
        burning.touch(Asks::Check, method.as_bytes(), path.as_bytes(), std::time::Instant::now())
    };
    match (health.algorithm, &burning.fault.kind) {
        (CheckAlgorithm::Tcp, ChaosKind::Refuse | ChaosKind::Blackhole | ChaosKind::Flaky { .. }) => draw("TCP", ""),
        (CheckAlgorithm::Tcp, _) => None,
        _ => draw(health.method.as_str(), &health.path),
    }
}

async fn ask_function(backend: &Backend, function: &CheckFunction) -> Finding {
    match function.ask(Arc::clone(&backend.identity)).await {
        Some(Ok(found)) => Finding::passed(found),
        Some(Err(reason)) => Finding::failed(reason),
        None => Finding::failed("the check function panicked"),
    }
}

/// Checks over a new connection, dialled in the same way as for traffic.
async fn ask(
    backend: &Backend,
    limits: &HeadLimits,
    deadline: Instant,
    fault: Option<&ChaosKind>,
) -> Result<Finding, Elapsed> {
    let health = &backend.settings.health();
    let own = backend.endpoint.proxy_protocol.map(proxy_protocol::announce_own);
    let (address, tls, first) = (&backend.endpoint.address, &backend.endpoint.tls, own.as_deref());
    let dialled = match fault {
        None => dial(address, tls, first, health.timeout).await,
        Some(kind) => {
            let carries = Carries::Response { to_head: health.method == Method::HEAD, limits: *limits };
            dial_faulty(kind, carries, address, tls, first, health.timeout).await
        }
    };
    let stream = match dialled {
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
