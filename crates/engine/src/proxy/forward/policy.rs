//! A request's way to a backend: choose, try, and try the next where that is safe.

use http::StatusCode;
use smallvec::SmallVec;
use std::time::{Duration, Instant};
use stickylb_http1::FieldKind;

use super::hold::Hold;
use super::queue;
use super::route::route;
use crate::api::{Attempt, CookieAction, Decision, Ended, Fault, Outcome, Part, Rule, StickyKey, Stopped, Strategy};
use crate::balancer::{Backend, Bound, Choice, NoBackend, Pool};
use crate::proxy::connection::{After, Client, Phase, Replay};
use crate::proxy::exchange::{Exchange, Failure, Request, attempt};
use crate::proxy::io::Broken;
use crate::proxy::local_reply::{Answer, send};
use crate::proxy::response::{Source, deliver, take_rest};
use crate::state::{Routing, Shared, Tried};

/// What a try that failed counts for where the strategy goes by the time that answers take.
const FAILED: Duration = Duration::from_secs(1);

/// Sends a request to the backend the balancer chooses, or to the next where that one fails.
pub(crate) async fn forward<'c>(
    client: &mut Client<'c>,
    routing: &Routing,
    exchange: &mut Exchange<'c>,
    request: &mut Request,
    mut began: Instant,
) -> After {
    let (proxy, config) = (client.proxy, client.config);
    let shared = &proxy.shared;
    let (live, route) = route(routing, request);
    exchange.decision().pool.clone_from(&live.label);
    exchange.decision().route = route.cloned();
    let pool = live.current.load();
    let bound = pool.sticky.read(&request.head, request.query(), request.ip);
    if request.head.has(FieldKind::Cookie) {
        request.own_cookies.extend(pool.sticky.cookie_name().cloned());
        for other in routing.others(live) {
            // This one's cookie means nothing to this pool, and is no backend's business.
            request.own_cookies.extend(other.current.load().sticky.cookie_name().cloned());
        }
    }
    let mut tried: SmallVec<[u32; 4]> = SmallVec::new();
    let mut hold = Hold::new(config.hold);
    request.written = exchange.heads.is_some().then(Part::default);
    exchange.decision().replayed = client.replay.as_ref().map(|replay| replay.of);
    let mut choice = choose(client, &pool, &bound, &tried, exchange.decision());
    drop(pool);

    let answer = loop {
        while let Err(no) = choice {
            let pool = live.current.load_full();
            if no == NoBackend::Nobody && client.replay.is_none() && pool.has_another(&tried) {
                // Somebody has come up in this very moment. Whom a person asked for may be gone for good.
                choice = choose(client, &pool, &bound, &tried, exchange.decision());
                continue;
            }
            if !Hold::helps(no, &pool, &tried) || request.may_be_sent().is_err() {
                break;
            }
            let before = Instant::now();
            let pool = match Box::pin(client.while_there(hold.wait(live, &pool))).await {
                Ok(Some(pool)) => pool,
                Ok(None) => break,
                Err(_) => return gone(exchange, request),
            };
            // All over again: who failed before may be back.
            tried.clear();
            began = Instant::now();
            exchange.waited(began - before);
            client.clock.enter(Phase::Waiting, began);
            choice = choose(client, &pool, &bound, &tried, exchange.decision());
        }
        if choice.as_ref().err() == Some(&NoBackend::Full) {
            let before = Instant::now();
            let waiting = queue::wait(proxy, live, &bound, &tried, exchange.decision());
            let Ok(waited) = Box::pin(client.while_there(waiting)).await else { return gone(exchange, request) };
            choice = waited;
            began = Instant::now();
            exchange.waited(began - before);
            client.clock.enter(Phase::Waiting, began);
            if choice.as_ref().is_err_and(|no| *no != NoBackend::Full) {
                // Nobody is up any more whom it could wait for in the queue.
                continue;
            }
        }
        let Choice { backend, place, set_cookie } = match choice {
            Ok(choice) => choice,
            Err(no) => {
                let why = exchange.decision().reason();
                break match no {
                    NoBackend::Full if exchange.decision().rule == Rule::QueueFull => Answer::too_many(why),
                    NoBackend::Full => Answer::no_place(why),
                    NoBackend::Nobody if !exchange.decision().attempts.is_empty() => unanswered(exchange.decision()),
                    NoBackend::Nobody | NoBackend::Kept => Answer::unavailable(why),
                };
            }
        };
        exchange.assign(&backend);
        let result = attempt(client, exchange.decision(), &backend, place, request, began).await;
        if let (Some(heads), Some(written)) = (&mut exchange.heads, &mut request.written) {
            heads.sent = std::mem::take(written);
        }
        let outcome = match result {
            Ok(mut answered) => {
                let status = answered.head.line.status;
                tried.push(backend.id());
                shared.registry.traffic_answered(&backend, status);
                let again = config.retry.statuses.contains(&status)
                    && live.current.load().has_another(&tried)
                    && may_go_on(client, request, exchange.decision(), &tried, 1, true).is_ok();
                if !again {
                    let took = began.elapsed();
                    // RFC 9110 7.8: a backend switches only where it was asked to, and to what it was asked for.
                    let unasked = status == 101 && !request.accepts_switch(&answered.head);
                    let outcome = if unasked { Outcome::BadAnswer(Fault::Switch) } else { Outcome::Answered };
                    exchange.decision().attempts.push(Attempt::new(&backend.identity, outcome, took));
                    exchange.tried(Tried { began, connected: answered.connected, answered: Some(began + took) });
                    if exchange.decision().strategy == Strategy::LeastLatency {
                        backend.counters.ewma.record(took, began + took);
                    }
                    if unasked {
                        break Answer::bad_gateway(exchange.decision().reason());
                    }
                    // A replay moves nobody: the client itself gets no answer of it.
                    let binds = exchange.decision().rule != Rule::Sticky && client.replay.is_none();
                    let set_cookie = set_cookie.filter(|_| binds);
                    if set_cookie.is_some() {
                        book_session(shared, exchange, &backend);
                    }
                    let source = Source { backend: &backend, set_cookie: set_cookie.as_ref() };
                    let delivered = deliver(client, exchange, request, &mut answered, source, began + took).await;
                    if delivered.leaves_a_rest(request) {
                        Box::pin(take_rest(client, request, &mut answered.flight)).await;
                    }
                    return delivered.conclude(client, exchange, request, answered.flight, &backend);
                }
                tried.pop();
                Outcome::Status(status)
            }
            Err(Failure::Backend(outcome)) => outcome,
            Err(Failure::Client(broken)) => {
                let status = match broken {
                    Broken::Gone => return gone(exchange, request),
                    Broken::BadFraming => StatusCode::BAD_REQUEST,
                    Broken::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                    Broken::TooSlow => StatusCode::REQUEST_TIMEOUT,
                };
                // The client's doing, and no backend's.
                exchange.release();
                exchange.decision().rule = Rule::Refused { why: broken.why().into() };
                break Answer::refused(status, broken.why());
            }
        };
        let took = began.elapsed();
        exchange.decision().attempts.push(Attempt::new(&backend.identity, outcome, took));
        if exchange.decision().strategy == Strategy::LeastLatency {
            // No answer is no quick answer.
            backend.counters.ewma.record(took.max(FAILED), began + took);
        }
        tried.push(backend.id());
        // Whether to go on was asked already where the backend did answer, and its answer is given up.
        let answered = matches!(outcome, Outcome::Status(_));
        if !answered && outcome != Outcome::Exhausted {
            shared.registry.traffic_failed(&backend, outcome);
        }
        if outcome == Outcome::ResponseTimeout {
            break Answer::gateway_timeout(exchange.decision().reason());
        }
        if outcome == Outcome::Exhausted {
            exchange.release();
            break Answer::unavailable(exchange.decision().reason());
        }
        // What was never written costs a backend nothing, so that it is another matter than what may have been acted on.
        let retry = &config.retry;
        let wanted = if request.sent { retry.on_no_response } else { retry.on_connect };
        let go_on = if answered { Ok(()) } else { may_go_on(client, request, exchange.decision(), &tried, 0, wanted) };
        if let Err(stopped) = go_on {
            exchange.decision().stopped = Some(stopped);
            break unanswered(exchange.decision());
        }
        // The failure is this backend's; the request goes on, by the states as they are now.
        backend.counters.count_error();
        backend.counters.count_retry();
        exchange.release();
        choice = choose(client, &live.current.load(), &bound, &tried, exchange.decision());
        began = Instant::now();
    };
    let reply = answer.reply(request.wants_page());
    send::reply(client, exchange, Some(request), reply).await
}

/// The backend that a person asked for, or the one that the balancer chooses.
fn choose(
    client: &Client<'_>,
    pool: &Pool,
    bound: &Bound,
    tried: &[u32],
    decision: &mut Decision,
) -> Result<Choice, NoBackend> {
    match client.replay.as_deref() {
        Some(Replay { to: Some(id), .. }) => pool.choose_asked(*id, decision),
        _ => client.proxy.choose(pool, bound, tried, decision),
    }
}

/// What a client is told where every try failed: by the last one, whose time may have run out.
fn unanswered(decision: &Decision) -> Answer {
    let why = decision.reason();
    match decision.attempts.last().map(|attempt| attempt.outcome) {
        Some(Outcome::ConnectTimeout) => Answer::gateway_timeout(why),
        _ => Answer::bad_gateway(why),
    }
}

/// The client left before there was an answer.
fn gone(exchange: &mut Exchange<'_>, request: &Request) -> After {
    exchange.carried(0, request.upload.data());
    exchange.end(Ended::ClientGone, Instant::now());
    After::Close
}

/// Whether a request that was tried on these backends may be tried on another, where the configuration wants it; `unnoted`
/// tries are not in the decision yet.
fn may_go_on(
    client: &Client<'_>,
    request: &Request,
    decision: &Decision,
    tried: &[u32],
    unnoted: usize,
    wanted: bool,
) -> Result<(), Stopped> {
    request.may_be_sent()?;
    if client.replay.as_ref().is_some_and(|replay| replay.to.is_some()) {
        return Err(Stopped::Asked);
    }
    let asked = decision.attempts.iter().filter(|attempt| attempt.outcome.is_a_try()).count() + unnoted;
    // A request that is held when all are gone is tried on all of them before: those alone count that took it.
    let made = if client.config.hold.is_zero() { tried.len().max(asked) } else { asked };
    if made >= client.config.retry.attempts as usize {
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

/// Notes that the client gets this backend's cookie, and whose it had.
fn book_session(shared: &Shared, exchange: &mut Exchange<'_>, backend: &Backend) {
    backend.counters.session_given();
    let Some(StickyKey::Cookie { id, .. }) = exchange.decision().key else {
        exchange.decision().cookie = CookieAction::New;
        return;
    };
    if let Some((_, before)) = shared.topology.load().find(id) {
        before.counters.session_moved();
    }
    exchange.decision().cookie = CookieAction::Rewritten;
}
