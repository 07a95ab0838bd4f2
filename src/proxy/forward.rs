//! A request's way to a backend: choose, try, and try the next where that is safe.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use http::header::ACCEPT;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use smallvec::SmallVec;

use super::account::Exchange;
use super::answer::Answer;
use super::body::{ResponseBody, UpstreamBody};
use super::client::{Client, Upgraded};
use super::clock::Phase;
use super::handle::own;
use super::headers::{self, Asked};
use super::route::route;
use super::sending::{Failure, Sending, attempt};
use super::tunnel::Tunnel;
use crate::balancer::{Attempt, Backend, Choice, CookieAction, NoBackend, Outcome, Pool, Rule, StickyKey, Stopped};
use crate::config::Strategy;
use crate::engine::{Ended, LivePool};
use crate::upstream::{Connection, Upload};

/// What a try that failed counts for where the strategy goes by the time that answers take.
const FAILED: Duration = Duration::from_secs(1);

/// Sends a request to the backend the balancer chooses, or to the next where that one fails.
pub(super) async fn forward(mut exchange: Box<Exchange>, request: Request<Incoming>) -> Response<ResponseBody> {
    let client = Arc::clone(&exchange.client);
    let shared = &client.proxy.shared;
    let routing = client.listener.routing.load_full();
    let (live, route) = route(&routing, &request);
    let mut pool = live.in_force.load_full();
    exchange.decision.strategy = pool.strategy;
    exchange.decision.pool.clone_from(&live.label);
    exchange.decision.route = route.cloned();

    let (mut parts, body) = request.into_parts();
    // All that the balancer's own answers look at.
    let accept: HeaderMap = parts.headers.get(ACCEPT).map(|accept| (ACCEPT, accept.clone())).into_iter().collect();
    let ip = client.peer.client(&parts.headers, &client.config.trusted_proxies);
    // Before anything is changed in it: a key may be in a field that is.
    let bound = pool.sticky.read(&mut parts, ip);
    for other in routing.others(live) {
        // This one's cookie means nothing to this pool, and is no backend's business.
        other.in_force.load().sticky.take_cookie(&mut parts.headers);
    }
    let asked = headers::prepare_request(&mut parts, &client, ip);
    exchange.ip = ip;
    let mut sending = Sending::new(parts, body, &client);
    let mut tried: SmallVec<[u32; 4]> = SmallVec::new();

    let answer = loop {
        let mut choice = client.proxy.with_random(|random| pool.choose(&bound, &tried, random, &mut exchange.decision));
        if choice.is_err() && tried.is_empty() && !client.config.hold.is_zero() {
            pool = Box::pin(held(live, client.config.hold)).await;
            client.clock.enter(Phase::Waiting, Instant::now());
            choice = client.proxy.with_random(|random| pool.choose(&bound, &tried, random, &mut exchange.decision));
        }
        if tried.is_empty() && shared.notes_candidates() {
            exchange.decision.candidates = pool.candidates(&bound, &exchange.decision.rule, &tried);
        }
        let choice = match choice {
            Ok(choice) => choice,
            Err(no) => {
                let why = exchange.decision.reason();
                break match no {
                    NoBackend::Nobody if !tried.is_empty() => Answer::bad_gateway(why),
                    NoBackend::Nobody | NoBackend::Kept => Answer::unavailable(why),
                };
            }
        };
        let backend = Arc::clone(&choice.backend);
        exchange.assign(&backend);
        let began = Instant::now();
        let outcome = match attempt(&client, &backend, &mut sending, &asked, began).await {
            Ok((response, connection)) => {
                let status = response.status().as_u16();
                tried.push(backend.id());
                shared.traffic_answered(&backend, status);
                let again = client.config.retry.statuses.contains(&status)
                    && pool.has_another(&tried)
                    && may_go_on(&client, &sending, &tried, true).is_ok();
                if !again {
                    let now = Instant::now();
                    exchange.decision.attempts.push(noted(&backend, Outcome::Answered, now - began));
                    if pool.strategy == Strategy::LeastLatency {
                        backend.ewma.record(now - began, now);
                    }
                    exchange.answered(response.status(), now);
                    return finish(exchange, response, connection, &choice, &asked, &accept, sending.upload()).await;
                }
                tried.pop();
                Outcome::Status(status)
            }
            Err(Failure::Backend(outcome)) => outcome,
            Err(Failure::TooLarge) => {
                exchange.release();
                let why = "The body is larger than this balancer lets pass.";
                break Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, why);
            }
            Err(Failure::ClientGone) => {
                exchange.end(Ended::ClientGone);
                break Answer::refused(StatusCode::BAD_REQUEST, "The body broke off.");
            }
            Err(Failure::BadBody) => {
                let why = "The body's framing is no good.";
                exchange.decision.rule = Rule::Refused { why: why.to_owned() };
                break Answer::refused(StatusCode::BAD_REQUEST, why);
            }
        };
        let took = began.elapsed();
        exchange.decision.attempts.push(noted(&backend, outcome, took));
        if pool.strategy == Strategy::LeastLatency {
            // No answer is no quick answer.
            backend.ewma.record(took.max(FAILED), began + took);
        }
        tried.push(backend.id());
        // Whether to go on was asked already where the backend did answer, and its answer is given up.
        let answered = matches!(outcome, Outcome::Status(_));
        if !answered && outcome != Outcome::Exhausted {
            shared.traffic_failed(&backend, outcome);
        }
        if outcome == Outcome::ResponseTimeout {
            break Answer::gateway_timeout(exchange.decision.reason());
        }
        if outcome == Outcome::Exhausted {
            exchange.release();
            break Answer::unavailable(exchange.decision.reason());
        }
        // What was never written costs a backend nothing, so that it is another matter than what may have been acted on.
        let retry = &client.config.retry;
        let wanted = if sending.is_unsent() { retry.on_connect } else { retry.on_no_response };
        let go_on = if answered { Ok(()) } else { may_go_on(&client, &sending, &tried, wanted) };
        if let Err(stopped) = go_on {
            exchange.decision.stopped = Some(stopped);
            let why = exchange.decision.reason();
            break match outcome {
                Outcome::ConnectTimeout => Answer::gateway_timeout(why),
                _ => Answer::bad_gateway(why),
            };
        }
        // The failure is this backend's; the request goes on, by the states as they are now.
        backend.count_error();
        backend.tally.retried();
        exchange.release();
        pool = live.in_force.load_full();
    };
    own(exchange, answer.response(&accept))
}

/// Whether a request that was tried on these backends may be tried on another, where the configuration wants it.
fn may_go_on(client: &Client, sending: &Sending, tried: &[u32], wanted: bool) -> Result<(), Stopped> {
    sending.allowed()?;
    if tried.len() >= client.config.retry.attempts as usize {
        return Err(Stopped::Attempts);
    }
    if !wanted {
        return Err(Stopped::Unwanted);
    }
    if !sending.is_unsent() && !client.proxy.shared.spend_retry(client.config.retry.budget_percent) {
        return Err(Stopped::Budget);
    }
    Ok(())
}

/// Waits until a backend is up, for at most `limit`; gives the pool that is in force then.
pub(super) async fn held(live: &LivePool, limit: Duration) -> Arc<Pool> {
    // Looked at after subscribing, so that no change can fall between the two.
    let mut changes = live.changes.subscribe();
    let mut pool = live.in_force.load_full();
    let waited = tokio::time::timeout(limit, async {
        while !pool.has_another(&[]) && changes.changed().await.is_ok() {
            pool = live.in_force.load_full();
        }
    });
    // In time or not, the choice that follows tells.
    let _ = waited.await;
    live.in_force.load_full()
}

/// Turns a backend's response into the client's.
async fn finish(
    mut exchange: Box<Exchange>,
    response: Response<Incoming>,
    mut connection: Box<Connection>,
    choice: &Choice,
    asked: &Asked,
    accept: &HeaderMap,
    upload: Option<Arc<Upload>>,
) -> Response<ResponseBody> {
    let (mut head, incoming) = response.into_parts();
    let set_cookie = choice.set_cookie.clone().filter(|_| exchange.decision.rule != Rule::Sticky);
    let switching = head.status == StatusCode::SWITCHING_PROTOCOLS;
    if switching && asked.upgrade.is_none() {
        // RFC 9110 15.2.2: a backend switches only where it was asked to.
        if let Some(attempt) = exchange.decision.attempts.last_mut() {
            attempt.outcome = Outcome::BadAnswer;
        }
        let why = exchange.decision.reason();
        return own(exchange, Answer::bad_gateway(why).response(accept));
    }
    if set_cookie.is_some() {
        book_session(&mut exchange, &choice.backend);
    }
    let shared = &exchange.proxy().shared;
    let via = if head.version == Version::HTTP_10 { shared.via_1_0.clone() } else { shared.via.clone() };
    headers::prepare_response(&mut head, &choice.backend, set_cookie, asked.host.as_ref(), via);

    if switching {
        if let Some((stream, early)) = Box::pin(connection.into_stream()).await {
            let websocket = asked.upgrade.as_ref().is_some_and(|p| p.as_bytes().eq_ignore_ascii_case(b"websocket"));
            let tunnel = Tunnel::new(stream, early, Arc::clone(&choice.backend), websocket);
            exchange.client.leave(Upgraded::Tunnel(tunnel));
        }
        exchange.complete(None);
        return Response::from_parts(head, ResponseBody::Empty);
    }
    if incoming.is_end_stream() {
        let rests = std::future::poll_fn(|cx| std::task::Poll::Ready(connection.poll_settled(cx))).await;
        exchange.complete(rests.then_some(connection));
        return Response::from_parts(head, ResponseBody::Empty);
    }
    if exchange.client.uploading.load(Relaxed) {
        connection.drive_apart();
    }
    let body = UpstreamBody::new(incoming, connection, upload, exchange);
    Response::from_parts(head, ResponseBody::Upstream(body))
}

/// Notes that the client gets this backend's cookie, and whose it had.
fn book_session(exchange: &mut Exchange, backend: &Backend) {
    backend.session_given();
    let Some(StickyKey::Cookie { id, .. }) = exchange.decision.key else {
        exchange.decision.cookie = CookieAction::New;
        return;
    };
    if let Some((_, before)) = exchange.proxy().shared.find(id) {
        before.session_moved();
    }
    exchange.decision.cookie = CookieAction::Rewritten;
}

pub(super) fn noted(backend: &Backend, outcome: Outcome, took: Duration) -> Attempt {
    let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
    Attempt { backend: Arc::clone(&backend.identity), outcome, micros }
}
