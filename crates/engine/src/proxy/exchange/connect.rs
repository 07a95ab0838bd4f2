//! A new connection to a backend, for a request.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::upstream_exchange::Failure;
use crate::api::{ChaosKind, Outcome};
use crate::balancer::Backend;
use crate::proxy::connection::Client;
use crate::proxy_protocol::announce;
use crate::upstream::{Carries, Connection, DialError, Owner, dial, dial_faulty};

/// Connects to a backend, which is told of the client at `told` where it wants that. With a fault the connection is for one
/// request and no other.
pub(super) async fn connect(
    client: &mut Client<'_>,
    backend: &Backend,
    told: Option<SocketAddr>,
    fault: Option<(&ChaosKind, Carries)>,
) -> Result<Box<Connection>, Failure> {
    let limit = client.config.timeouts.connect;
    if let Some(slots) = &backend.slots {
        // This request's place is taken already: with its connection there are no more than there are places.
        client.proxy.shared.idle.counted.trim(backend.number, slots.most.saturating_sub(slots.taken()) as usize);
    }
    let header =
        backend.endpoint.proxy_protocol.zip(told).map(|(version, from)| announce(version, from, client.local()));
    let (address, tls, first) = (&backend.endpoint.address, &backend.endpoint.tls, header.as_deref());
    let dialled = async {
        match fault {
            None => dial(address, tls, first, limit).await,
            Some((kind, carries)) => dial_faulty(kind, carries, address, tls, first, limit).await,
        }
    };
    let stream = client.unless_disconnected(dialled).await.map_err(Failure::Client)?;
    let stream = stream.map_err(|error| Failure::Backend(outcome_of(&error)))?;
    let owner = told.map(Owner::Announced);
    let idle_timeout = if fault.is_some() { Duration::ZERO } else { backend.settings.idle_timeout };
    Ok(Box::new(Connection::new(stream, owner, idle_timeout, Instant::now())))
}

pub(crate) fn outcome_of(error: &DialError) -> Outcome {
    match error {
        DialError::Exhausted => Outcome::Exhausted,
        DialError::Refused(_) => Outcome::Refused,
        DialError::Tls(_) => Outcome::TlsFailed,
        DialError::Timeout(_) => Outcome::ConnectTimeout,
    }
}
