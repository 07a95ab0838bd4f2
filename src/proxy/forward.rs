//! A request's way to a backend: choose, connect, send, and try again where that is safe.

use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use smallvec::SmallVec;

use super::account::Exchange;
use super::answer::Answer;
use super::body::{ResponseBody, UpstreamBody};
use super::client::Client;
use super::handle::own;
use super::headers::{self, Asked};
use super::tunnel::Tunnel;
use crate::balancer::{Attempt, Backend, Choice, CookieAction, Outcome, Rule};
use crate::engine::Ended;
use crate::upstream::{Connection, DialError, Progress, RequestBody, SendError, dial};
use http_body::Body as _;

/// Sends a request to the backend the balancer chooses, or to the next where that one fails.
pub(super) async fn forward(mut exchange: Exchange, request: Request<Incoming>) -> Response<ResponseBody> {
    let client = Arc::clone(&exchange.client);
    let shared = &client.proxy.shared;
    let pool = shared.pool.load_full();
    exchange.decision.strategy = pool.strategy;

    let (mut parts, body) = request.into_parts();
    let accept = parts.headers.get(http::header::ACCEPT).cloned();
    let key = pool.sticky.as_ref().and_then(|sticky| sticky.take(&mut parts.headers));
    let asked = headers::prepare_request(&mut parts, &client);
    let body = RequestBody::new(body, Arc::clone(&client) as Arc<dyn Progress>);
    let mut sending = Sending::new(parts, body);
    let mut tried: SmallVec<[u32; 4]> = SmallVec::new();

    let failure = loop {
        let choice = client.proxy.with_random(|random| pool.choose(key, &tried, random, &mut exchange.decision));
        if tried.is_empty() && shared.notes_candidates() {
            exchange.decision.candidates = pool.candidates(&tried);
        }
        let Ok(choice) = choice else { break None };
        let backend = Arc::clone(&choice.backend);
        exchange.assign(&backend);
        let began = Instant::now();
        let outcome = match attempt(&client, &backend, &mut sending, &asked).await {
            Ok((response, connection)) => {
                exchange.decision.attempts.push(noted(&backend, Outcome::Answered, began));
                return finish(exchange, response, connection, &choice, &asked).await;
            }
            Err(outcome) => outcome,
        };
        exchange.decision.attempts.push(noted(&backend, outcome, began));
        log::debug!("{} {}", backend.name(), outcome.words());
        if outcome != Outcome::ResponseTimeout {
            backend.suspect();
        }
        tried.push(backend.id());
        let again = sending.is_possible() && outcome != Outcome::ResponseTimeout;
        if !again || tried.len() >= shared.config.retry.attempts as usize {
            break Some(outcome);
        }
        // The failure is this backend's; the request goes on.
        backend.count_error();
        exchange.release();
    };

    let mut request_headers = http::HeaderMap::new();
    if let Some(accept) = accept {
        request_headers.insert(http::header::ACCEPT, accept);
    }
    let why = exchange.decision.reason();
    let answer = match failure {
        None if tried.is_empty() => Answer::unavailable(why),
        Some(Outcome::ResponseTimeout | Outcome::ConnectTimeout) => Answer::gateway_timeout(why),
        _ => Answer::bad_gateway(why),
    };
    own(exchange, answer.response(&request_headers))
}

/// The request while it may still have to be sent again.
struct Sending {
    /// The request itself, while no byte of it is written.
    request: Option<Request<RequestBody>>,
    /// Its head, where it may be sent a second time: a safe or idempotent method without a body (RFC 9110 9.2.2).
    spare: Option<Parts>,
    repeatable: bool,
}

impl Sending {
    fn new(parts: Parts, body: RequestBody) -> Self {
        let idempotent =
            matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE);
        let repeatable = idempotent && body.is_end_stream();
        let spare = repeatable.then(|| parts.clone());
        Sending { request: Some(Request::from_parts(parts, body)), spare, repeatable }
    }

    fn is_possible(&self) -> bool {
        self.request.is_some() || self.spare.is_some()
    }

    fn take(&mut self) -> Option<Request<RequestBody>> {
        self.request.take().or_else(|| {
            let parts = self.spare.clone()?;
            Some(Request::from_parts(parts, RequestBody::Empty))
        })
    }
}

/// One backend's try. On failure, `sending` holds what can still be sent elsewhere.
async fn attempt(
    client: &Client,
    backend: &Arc<Backend>,
    sending: &mut Sending,
    asked: &Asked,
) -> Result<(Response<Incoming>, Box<Connection>), Outcome> {
    let config = &client.proxy.shared.config;
    // An idle connection may be closed by the backend at the very moment it is used. What cannot be
    // repeated is therefore sent on a connection of its own.
    let mut reuse = sending.repeatable;
    loop {
        let kept = if reuse { client.proxy.idle.take(backend.id()) } else { None };
        let mut connection = if let Some(connection) = kept {
            connection
        } else {
            let stream = dial(&backend.address, config.timeouts.connect).await.map_err(|error| match error {
                DialError::Refused(_) => Outcome::Refused,
                DialError::Timeout(_) => Outcome::ConnectTimeout,
            })?;
            let connection = Connection::new(stream, &config.limits).await.map_err(|_| Outcome::Refused)?;
            Box::new(connection)
        };
        let Some(mut request) = sending.take() else { return Err(Outcome::NoAnswer) };
        headers::set_host(request.headers_mut(), backend, asked.host.as_ref(), config.host_header);
        match client.in_time(connection.send(request)).await {
            Some(Ok(response)) => return Ok((response, connection)),
            Some(Err(SendError { unsent, error })) => {
                sending.request = unsent;
                if connection.reused && sending.is_possible() {
                    // It was closed while it lay idle, which says nothing of the backend: once more, on a fresh one.
                    reuse = false;
                    continue;
                }
                return Err(if error.is_parse() { Outcome::BadAnswer } else { Outcome::NoAnswer });
            }
            None => {
                connection.abort();
                return Err(Outcome::ResponseTimeout);
            }
        }
    }
}

/// Turns a backend's response into the client's.
async fn finish(
    mut exchange: Exchange,
    response: Response<Incoming>,
    mut connection: Box<Connection>,
    choice: &Choice,
    asked: &Asked,
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
        return own(exchange, Answer::bad_gateway(why).response(&http::HeaderMap::new()));
    }
    if set_cookie.is_some() {
        book_session(&mut exchange, &choice.backend);
    }
    headers::prepare_response(&mut head, &choice.backend, set_cookie, asked.host.as_ref());
    exchange.answered(head.status);

    if switching {
        if let Some((stream, early)) = connection.into_stream().await {
            exchange.client.leave_tunnel(Tunnel::new(stream, early, Arc::clone(&choice.backend)));
        }
        exchange.end(Ended::Complete);
        return Response::from_parts(head, ResponseBody::Empty);
    }
    if incoming.is_end_stream() {
        let rests = std::future::poll_fn(|cx| std::task::Poll::Ready(connection.poll_settled(cx))).await;
        if rests {
            exchange.keep(connection);
        }
        exchange.end(Ended::Complete);
        return Response::from_parts(head, ResponseBody::Empty);
    }
    let body = UpstreamBody::new(incoming, connection, exchange);
    Response::from_parts(head, ResponseBody::Upstream(Box::new(body)))
}

/// Notes that the client gets this backend's cookie, and whose it had.
fn book_session(exchange: &mut Exchange, backend: &Backend) {
    backend.session_given();
    let Some(key) = &exchange.decision.key else {
        exchange.decision.cookie = CookieAction::New;
        return;
    };
    if let Some(before) = exchange.proxy().shared.pool.load().get(key.id) {
        before.session_moved();
    }
    exchange.decision.cookie = CookieAction::Rewritten;
}

fn noted(backend: &Backend, outcome: Outcome, began: Instant) -> Attempt {
    let micros = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
    Attempt { backend: Arc::clone(&backend.identity), outcome, micros }
}
