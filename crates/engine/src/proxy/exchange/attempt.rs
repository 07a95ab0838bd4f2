//! One try of a request on one backend: over a kept connection or a new one, and why it gave no response.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::request::Request;
use super::upstream_exchange::{Answered, Failure, UpstreamExchange};
use crate::api::{Attempt, Decision, Outcome};
use crate::balancer::{Backend, Slot};
use crate::proxy::connection::Client;
use crate::proxy_protocol::announce;
use crate::upstream::{Connection, DialError, dial};

/// If a reused connection closes this soon, assume an idle-close race, not a crash: a backend that takes the request and
/// dies of it mostly takes longer, and only what may be repeated is sent once more.
const IDLE_CLOSE_RACE: Duration = Duration::from_secs(1);

/// One backend's try. On failure, `request` knows what can still be sent elsewhere.
pub(crate) async fn attempt(
    client: &mut Client<'_>,
    decision: &mut Decision,
    backend: &Arc<Backend>,
    mut slot: Option<Slot>,
    request: &mut Request,
    now: Instant,
) -> Result<Answered, Failure> {
    let mut reuse = request.may_reuse();
    let mut connected = None;
    // The backend is told of this client at the beginning of a connection, which can then be no other's.
    let told = backend.endpoint.proxy_protocol.map(|_| client.address(request.ip));
    loop {
        let kept = if reuse { client.proxy.idle_of(backend).take(backend.number, told, now) } else { None };
        let connection = if let Some(connection) = kept {
            connection
        } else {
            // Boxed, here and where else the way is long and seldom gone: a client's connection holds the memory of the
            // longest way its requests could go for as long as it lives.
            let connection = Box::pin(connect(client, backend, told)).await?;
            connected = Some(Instant::now());
            connection
        };
        let mut upstream = UpstreamExchange::new(connection, slot.take(), request);
        let result = upstream.answered(client, backend, request).await;
        request.note_sent(upstream.has_sent());
        match result {
            Ok((head, framing)) => {
                upstream.connection.heed(&head);
                return Ok(Answered { head, framing, upstream, connected });
            }
            Err(Failure::Backend(Outcome::NoAnswer))
                if upstream.ended_without_a_word()
                    && now.elapsed() < IDLE_CLOSE_RACE
                    && request.may_be_sent().is_ok() =>
            {
                // The race says nothing of the backend: once more, on a fresh connection.
                decision.attempts.push(Attempt::new(&backend.identity, Outcome::ClosedIdle, now.elapsed()));
                reuse = false;
                slot = upstream.take_place();
            }
            Err(failure) => return Err(failure),
        }
    }
}

async fn connect(
    client: &mut Client<'_>,
    backend: &Backend,
    told: Option<SocketAddr>,
) -> Result<Box<Connection>, Failure> {
    let limit = client.config.timeouts.connect;
    if let Some(slots) = &backend.slots {
        // This request's place is taken already: with its connection there are no more than there are places.
        client.proxy.shared.idle.trim(backend.number, slots.most.saturating_sub(slots.taken()) as usize);
    }
    let header =
        backend.endpoint.proxy_protocol.zip(told).map(|(version, from)| announce(version, from, client.local()));
    let dialled = dial(&backend.endpoint.address, &backend.endpoint.tls, header.as_deref(), limit);
    let stream = client.unless_disconnected(dialled).await.map_err(Failure::Client)?;
    let stream = stream.map_err(|error| Failure::Backend(outcome_of(&error)))?;
    Ok(Box::new(Connection::new(stream, told, backend.settings.idle_timeout, Instant::now())))
}

pub(crate) fn outcome_of(error: &DialError) -> Outcome {
    match error {
        DialError::Exhausted => Outcome::Exhausted,
        DialError::Refused(_) => Outcome::Refused,
        DialError::Tls(_) => Outcome::TlsFailed,
        DialError::Timeout(_) => Outcome::ConnectTimeout,
    }
}
