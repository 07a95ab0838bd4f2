//! One try of a request on a backend whose fault touches it: over a connection of its own, which nobody else uses.

use std::net::SocketAddr;
use std::time::Instant;

use super::connect::connect;
use super::request::Request;
use super::upstream_exchange::{Answered, Failure, UpstreamExchange};
use crate::api::{ChaosKind, Decision, Part};
use crate::balancer::{Asks, Backend, Burning, Slot, Touch};
use crate::proxy::connection::Client;
use crate::upstream::response::head_limits;
use crate::upstream::{Carries, Reuse};

/// What a backend's fault does to this request, if it has one that touches it.
#[inline]
pub(super) fn touch(backend: &Backend, request: &Request) -> Option<Touch> {
    backend.chaos.burning().and_then(|burning| drawn(&burning, request))
}

#[cold]
fn drawn(burning: &Burning, request: &Request) -> Option<Touch> {
    burning.touch(Asks::Request, request.head.method(), &request.path().concat(), Instant::now())
}

/// One try with a fault. Whatever comes of it is booked as the backend's.
pub(super) async fn attempt(
    client: &mut Client<'_>,
    decision: &mut Decision,
    backend: &Backend,
    (slot, told): (Option<Slot>, Option<SocketAddr>),
    request: &mut Request,
    touch: Touch,
) -> Result<Answered, Failure> {
    decision.chaos.push(touch.told);
    let carries = Carries::Response { to_head: request.is_head(), limits: head_limits(&client.config.limits) };
    let connection = connect(client, backend, told, Some((&touch.kind, carries))).await?;
    let connected = Some(Instant::now());
    let mut upstream = UpstreamExchange::new(connection, slot, request, Reuse::Never);
    let limit = client.config.timeouts.response;
    let idle = &client.proxy.shared.idle;
    let answered = upstream.answered(client, backend, request);
    let answered = match touch.kind {
        // Nothing that the backend does would change it.
        ChaosKind::Error { .. } | ChaosKind::Hang => answered.await,
        _ => {
            let answered = idle.unless_held_up(backend, limit, answered).await;
            if answered.is_ok() {
                idle.note_answer(backend);
            }
            answered
        }
    };
    request.sent |= upstream.has_sent();
    if let (ChaosKind::Error { .. }, Some(written)) = (&touch.kind, &mut request.written) {
        // Those who watch are shown what reached the backend.
        *written = Part::default();
    }
    let (head, framing) = answered?;
    upstream.link.heed(&head, request.is_head());
    Ok(Answered { head, framing, upstream, connected })
}
