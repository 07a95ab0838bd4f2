//! What becomes of a request: refused, answered here, or forwarded.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use http_body::Body as _;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, Version};

use super::account::Exchange;
use super::answer::Answer;
use super::body::ResponseBody;
use super::client::Client;
use super::clock::Phase;
use super::forward::forward;
use super::{headers, pages, refuse};
use crate::access::Refused;
use crate::balancer::Rule;

pub(super) async fn handle(client: Arc<Client>, request: Request<Incoming>) -> Response<ResponseBody> {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("*", |p| p.as_str());
    client.uploading.store(!request.body().is_end_stream(), Relaxed);
    client.http_1_0.store(request.version() == Version::HTTP_10, Relaxed);
    let mut exchange = Exchange::begin(&client, request.method().as_str(), path, client.undecided());
    let raw = client.next_refusal().map_or(Ok(()), Err);
    if let Err(refusal) = raw.and_then(|()| refuse::check(&request)) {
        exchange.decision.rule = Rule::Refused { why: refusal.why.to_owned() };
        let answer = Answer::refused(refusal.status, refusal.why);
        return own(exchange, answer.response(request.headers()));
    }
    if let Err(refused) = admit(&client, &request) {
        exchange.decision.rule = Rule::Refused { why: refused.why().to_owned() };
        return own(exchange, Answer::not_admitted(&refused, client.admitted.is_err()).response(request.headers()));
    }
    if headers::is_looping(request.headers(), &client.proxy.shared.via) {
        let why = "The request came back here through another proxy: the backends lead to this balancer itself.";
        exchange.decision.rule = Rule::Refused { why: why.to_owned() };
        return own(exchange, Answer::refused(StatusCode::LOOP_DETECTED, why).response(request.headers()));
    }
    if uri.path().starts_with("/_lb/") {
        exchange.decision.rule = Rule::Own;
        let response = pages::answer(&client, &request);
        let streams = matches!(response.body(), ResponseBody::Events(_));
        let response = own(exchange, response);
        if streams {
            // Booked, but not over: it may be silent for as long as it likes.
            client.clock.enter(Phase::Streaming, Instant::now());
        }
        return response;
    }
    forward(exchange, request).await
}

/// Whether the client may come in, by its connection and by this request.
fn admit(client: &Client, request: &Request<Incoming>) -> Result<(), Refused> {
    client.admitted.as_ref().map_err(Refused::clone)?;
    let shared = &client.proxy.shared;
    if !shared.access.looks_at_requests() {
        return Ok(());
    }
    let ip = client.peer.client(request.headers(), &client.config.trusted_proxies);
    shared.access.request(ip, Instant::now())
}

/// Books a request that the balancer answered itself.
pub(super) fn own(mut exchange: Box<Exchange>, response: Response<ResponseBody>) -> Response<ResponseBody> {
    exchange.answered(response.status(), Instant::now());
    exchange.complete(None);
    response
}
