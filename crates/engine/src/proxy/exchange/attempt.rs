//! One try of a request on one backend: over a kept connection or a new one, and why it gave no response.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb_http1::{FieldKind, ResponseHead};

use super::connect::connect;
use super::faulty_attempt;
use super::link::Link;
use super::request::Request;
use super::upstream_exchange::{Answered, Failure, UpstreamExchange};
use crate::api::{Attempt, Decision, Outcome};
use crate::balancer::{Backend, Slot, TRUSTED};
use crate::proxy::connection::{Client, ConnectionLogin};
use crate::upstream::{Connection, Owner, Reuse, Wanted, binds_connection};

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
    // The backend is told of this client at the beginning of a connection, which can then be no other's.
    let told = backend.endpoint.proxy_protocol.map(|_| client.address(request.ip));
    if let Some(touch) = faulty_attempt::touch(backend, request) {
        return Box::pin(faulty_attempt::attempt(client, decision, backend, (slot, told), request, touch)).await;
    }
    let reuse = request.reuse(backend.endpoint.is_local);
    let mut kept = kept_connection(client, backend, request.ip, told, reuse, now);
    if reuse == Reuse::Recent && !backend.early_close.is_trusted() {
        Box::pin(earn_trust(client, backend, &mut kept, now)).await?;
    }
    loop {
        let mut connected = None;
        let connection = if let Some(connection) = kept.take() {
            connection
        } else {
            // Boxed, here and where else the way is long and seldom gone: a client's connection holds the memory of the
            // longest way its requests could go for as long as it lives.
            let connection = Box::pin(connect(client, backend, told, None)).await?;
            connected = Some(Instant::now());
            connection
        };
        let mut upstream = UpstreamExchange::new(connection, slot.take(), request, reuse);
        let idle = &client.proxy.shared.idle;
        let result = if connected.is_some() {
            let limit = client.config.timeouts.response;
            let answered = upstream.answered(client, backend, request);
            let answered = Box::pin(idle.unless_held_up(backend, limit, answered)).await;
            if answered.is_ok() {
                idle.note_answer(backend);
            }
            answered
        } else {
            upstream.answered(client, backend, request).await
        };
        let sent_before = request.sent;
        request.sent |= upstream.has_sent();
        match result {
            Ok((head, framing)) => {
                upstream.link.heed(&head, request.is_head());
                note_login(client, backend, request, &head, &mut upstream.link);
                return Ok(Answered { head, framing, upstream, connected });
            }
            Err(Failure::Backend(outcome @ Outcome::BadAnswer(_)))
                if upstream.link.is_reused() && request.may_be_sent().is_ok() =>
            {
                // It may be the late end of what was answered before: once more, on a fresh connection.
                decision.attempts.push(Attempt::new(&backend.identity, outcome, now.elapsed()));
                slot = upstream.take_place();
            }
            Err(Failure::Backend(Outcome::NoAnswer)) if upstream.ended_without_a_word() => {
                let link = &mut upstream.link;
                let may_be_idle_close = link.is_reused() && now.elapsed() < IDLE_CLOSE_RACE;
                let outcome = match request.may_be_sent() {
                    Ok(()) if may_be_idle_close => Outcome::ClosedIdle,
                    Err(_) if Box::pin(link.had_closed()).await => {
                        request.sent = sent_before;
                        Outcome::ClosedBefore
                    }
                    _ => Outcome::NoAnswer,
                };
                if may_be_idle_close {
                    backend.early_close.note(link.idle_age(now), now);
                }
                if !link.is_reused() || outcome == Outcome::NoAnswer || request.may_be_sent().is_err() {
                    return Err(Failure::Backend(outcome));
                }
                // The close says nothing of the backend: once more, on a fresh connection.
                decision.attempts.push(Attempt::new(&backend.identity, outcome, now.elapsed()));
                slot = upstream.take_place();
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// A connection that is open already: the one this client has logged in on, or an idle one.
fn kept_connection(
    client: &mut Client<'_>,
    backend: &Backend,
    ip: IpAddr,
    told: Option<SocketAddr>,
    reuse: Reuse,
    now: Instant,
) -> Option<Box<Connection>> {
    let idle = client.proxy.idle_of(backend);
    let recent = if reuse == Reuse::Recent { backend.early_close.limit(now) } else { None };
    let mut wanted = Wanted { owner: None, reuse, recent, keep: backend.settings.min_idle as usize };
    let closed = |idle| backend.early_close.note(idle, now);
    if let Some(owner) = client.login.as_ref().and_then(|login| login.owner_at(backend, ip)) {
        // Whatever the request is: on another connection it would be a stranger's.
        (wanted.owner, wanted.reuse) = (Some(owner), Reuse::Any);
        if let Some(connection) = idle.take(backend.number, wanted, now, closed) {
            return Some(connection);
        }
        client.login = None;
    }
    (wanted.owner, wanted.reuse) = (told.map(Owner::Announced), reuse);
    let taken = idle.take(backend.number, wanted, now, closed);
    if let Some(connection) = &taken {
        backend.early_close.note_open(connection.idle_age(now));
    }
    taken
}

/// Waits, where a backend was not seen yet to keep an idle connection open, until this one has been for long enough, or gives
/// it up: a backend that closes each without saying so would take the request from the network and never read it.
async fn earn_trust(
    client: &mut Client<'_>,
    backend: &Backend,
    kept: &mut Option<Box<Connection>>,
    now: Instant,
) -> Result<(), Failure> {
    let Some(connection) = kept.as_mut().filter(|kept| !matches!(kept.owner, Some(Owner::LoggedIn(_)))) else {
        return Ok(());
    };
    let left = TRUSTED.saturating_sub(connection.idle_age(now));
    let closed = tokio::time::timeout(left, connection.closed());
    let closed = client.unless_disconnected(closed).await.map_err(Failure::Client)?;
    let now = Instant::now();
    if closed.is_err() {
        backend.early_close.note_open(connection.idle_age(now));
    } else {
        backend.early_close.note(connection.idle_age(now), now);
        *kept = None;
    }
    Ok(())
}

/// Keeps a connection for its client alone once one logs in on it, or is asked to.
fn note_login(
    client: &mut Client<'_>,
    backend: &Arc<Backend>,
    request: &Request,
    head: &ResponseHead,
    link: &mut Link,
) {
    let is_asked = head.line.status == 401 && head.values(FieldKind::WwwAuthenticate).any(binds_connection);
    if !matches!(link.owner(), Some(Owner::LoggedIn(_))) && (is_asked || request.logs_in()) {
        let login = ConnectionLogin::new(client.proxy, backend, request.ip);
        *link.owner() = Some(login.owner());
        client.login = Some(Box::new(login));
    }
}
