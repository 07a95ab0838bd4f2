//! A request's way to a backend: choose, try, and try the next where that is safe.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use smallvec::SmallVec;

use super::account::Exchange;
use super::answer::Answer;
use super::client::{After, Client};
use super::clock::Phase;
use super::deliver::deliver;
use super::flight::{Answered, Failure, attempt};
use super::own;
use super::queue;
use super::request::Request;
use super::route::route;
use super::upload::Broken;
use crate::balancer::{Attempt, Backend, Choice, CookieAction, NoBackend, Outcome, Pool, Rule, StickyKey, Stopped};
use crate::config::Strategy;
use crate::engine::{Ended, LivePool, Shared};

/// What a try that failed counts for where the strategy goes by the time that answers take.
const FAILED: Duration = Duration::from_secs(1);

/// Sends a request to the backend the balancer chooses, or to the next where that one fails.
pub(super) async fn forward(
    client: &mut Client,
    mut exchange: Box<Exchange>,
    mut request: Request,
    mut began: Instant,
) -> After {
    let proxy = Arc::clone(&client.proxy);
    let shared = &proxy.shared;
    let config = Arc::clone(&client.config);
    let routing = client.listener.routing.load_full();
    let (live, route) = route(&routing, &request);
    let mut pool = live.in_force.load_full();
    exchange.decision.strategy = pool.strategy;
    exchange.decision.pool.clone_from(&live.label);
    exchange.decision.route = route.cloned();
    let bound = pool.sticky.read(&request.head, request.query(), request.ip);
    request.own_cookies.extend(pool.sticky.cookie_name().cloned());
    for other in routing.others(live) {
        // This one's cookie means nothing to this pool, and is no backend's business.
        request.own_cookies.extend(other.in_force.load().sticky.cookie_name().cloned());
    }
    let mut tried: SmallVec<[u32; 4]> = SmallVec::new();

    let answer = loop {
        let mut choice = proxy.with_random(|random| pool.choose(&bound, &tried, random, &mut exchange.decision));
        if choice.is_err() && tried.is_empty() && !config.hold.is_zero() {
            let Ok(held) = Box::pin(client.while_there(held(live, config.hold))).await else {
                return gone(exchange);
            };
            pool = held;
            began = Instant::now();
            client.clock.enter(Phase::Waiting, began);
            choice = proxy.with_random(|random| pool.choose(&bound, &tried, random, &mut exchange.decision));
        }
        if tried.is_empty() && shared.notes_candidates() {
            exchange.decision.candidates = pool.candidates(&bound, &exchange.decision.rule, &tried);
        }
        if choice.as_ref().err() == Some(&NoBackend::Full) {
            let waiting = queue::wait(&proxy, live, pool, &bound, &tried, &mut exchange.decision);
            let Ok(waited) = Box::pin(client.while_there(waiting)).await else { return gone(exchange) };
            (pool, choice) = waited;
            began = Instant::now();
            client.clock.enter(Phase::Waiting, began);
        }
        let mut choice = match choice {
            Ok(choice) => choice,
            Err(no) => {
                let why = exchange.decision.reason();
                break match no {
                    NoBackend::Full if exchange.decision.rule == Rule::QueueFull => Answer::too_many(why),
                    NoBackend::Full => Answer::no_place(why),
                    NoBackend::Nobody if !tried.is_empty() => Answer::bad_gateway(why),
                    NoBackend::Nobody | NoBackend::Kept => Answer::unavailable(why),
                };
            }
        };
        let backend = Arc::clone(&choice.backend);
        exchange.assign(&backend);
        let outcome = match attempt(client, &backend, choice.place.take(), &mut request, began).await {
            Ok(answered) => {
                let status = answered.head.line.status;
                tried.push(backend.id());
                shared.traffic_answered(&backend, status);
                let again = config.retry.statuses.contains(&status)
                    && pool.has_another(&tried)
                    && may_go_on(client, &request, &tried, true).is_ok();
                if !again {
                    let took = began.elapsed();
                    exchange.decision.attempts.push(noted(&backend, Outcome::Answered, took));
                    if pool.strategy == Strategy::LeastLatency {
                        backend.ewma.record(took, began + took);
                    }
                    return finish(client, exchange, request, answered, &choice).await;
                }
                tried.pop();
                Outcome::Status(status)
            }
            Err(Failure::Backend(outcome)) => outcome,
            Err(Failure::Client(Broken::TooLarge)) => {
                exchange.release();
                let why = "The body is larger than this balancer lets pass.";
                break Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, why);
            }
            Err(Failure::Client(Broken::Gone)) => return gone(exchange),
            Err(Failure::Client(Broken::BadFraming)) => {
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
        let retry = &config.retry;
        let wanted = if request.sent { retry.on_no_response } else { retry.on_connect };
        let go_on = if answered { Ok(()) } else { may_go_on(client, &request, &tried, wanted) };
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
        began = Instant::now();
    };
    let reply = answer.reply(request.wants_page());
    own::reply(client, exchange, Some(&mut request), reply).await
}

/// The client left before there was an answer.
fn gone(mut exchange: Box<Exchange>) -> After {
    exchange.end(Ended::ClientGone, Instant::now());
    After::Close
}

/// Whether a request that was tried on these backends may be tried on another, where the configuration wants it.
fn may_go_on(client: &Client, request: &Request, tried: &[u32], wanted: bool) -> Result<(), Stopped> {
    request.may_be_sent()?;
    if tried.len() >= client.config.retry.attempts as usize {
        return Err(Stopped::Attempts);
    }
    if !wanted {
        return Err(Stopped::Unwanted);
    }
    if request.sent && !client.proxy.shared.spend_retry(client.config.retry.budget_percent) {
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
    client: &mut Client,
    mut exchange: Box<Exchange>,
    mut request: Request,
    answered: Answered,
    choice: &Choice,
) -> After {
    if answered.head.line.status == 101 && !request.upgrades {
        // RFC 9110 15.2.2: a backend switches only where it was asked to.
        if let Some(attempt) = exchange.decision.attempts.last_mut() {
            attempt.outcome = Outcome::BadAnswer;
        }
        drop(answered);
        let reply = Answer::bad_gateway(exchange.decision.reason()).reply(request.wants_page());
        return own::reply(client, exchange, Some(&mut request), reply).await;
    }
    let set_cookie = choice.set_cookie.as_ref().filter(|_| exchange.decision.rule != Rule::Sticky);
    if set_cookie.is_some() {
        book_session(&client.proxy.shared, &mut exchange, &choice.backend);
    }
    let set_cookie = set_cookie.map(http::HeaderValue::as_bytes);
    deliver(client, exchange, request, answered, &choice.backend, set_cookie).await
}

/// Notes that the client gets this backend's cookie, and whose it had.
fn book_session(shared: &Shared, exchange: &mut Exchange, backend: &Backend) {
    backend.session_given();
    let Some(StickyKey::Cookie { id, .. }) = exchange.decision.key else {
        exchange.decision.cookie = CookieAction::New;
        return;
    };
    if let Some((_, before)) = shared.setup().find(id) {
        before.session_moved();
    }
    exchange.decision.cookie = CookieAction::Rewritten;
}

pub(super) fn noted(backend: &Backend, outcome: Outcome, took: Duration) -> Attempt {
    let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
    Attempt { backend: Arc::clone(&backend.identity), outcome, micros }
}
